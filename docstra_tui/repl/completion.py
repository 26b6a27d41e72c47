"""Completion of `@path` and `/command` while typing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.mentions import fragment_parts, write_mention
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.command_offers import More, offered
from docstra_tui.workspace.files.finder import Finder

MENTION = re.compile(r"(?:^|(?<=\s))@(\"[^\"\n]*|[^\s\"]*)$")
SHOWN = 50
"""Files that are offered at once."""

FIRST_SECONDS = 5.0
"""How long the first list of a folder's files is waited for."""


class ProjectFiles:
    """The files of the folder that the chat is about, by a few of their letters."""

    def __init__(
        self,
        root: Callable[[], Path],
        ignore: Sequence[str] = (),
        of_git: Callable[[str], tuple[str, ...]] = lambda query: (),
    ) -> None:
        """`of_git`: what may be meant of what git says."""
        self._root = root
        self._of_git = of_git
        self._ignore = tuple(ignore)
        self._finder: Finder | None = None
        self._of: Path | None = None

    def begin(self) -> Finder:
        """List them in the background, unless that was done a short time ago."""
        root = self._root()
        if self._finder is None or self._of != root:
            self.close()
            self._finder = Finder(
                root, lambda found: None, lambda act: act(), with_folders=True, more=self._of_git
            )
            self._of = root
        self._finder.begin(lambda: IgnoreRules(root, self._ignore), show_hidden=False)
        return self._finder

    def __call__(self, query: str) -> tuple[str, ...]:
        """The likeliest first. For the completer's own thread: only the very first list is waited for."""
        return self.begin().find_now(query, FIRST_SECONDS).paths[:SHOWN]

    def close(self) -> None:
        """Stop listing."""
        if self._finder is not None:
            self._finder.close()


class ChatCompleter(Completer):
    """`/` at the beginning completes commands, `@` after white space completes files."""

    def __init__(self, find: Callable[[str], Iterable[str]], more: More = lambda before: ()) -> None:
        """`find` gives the files that a query may mean, the likeliest first; `more` are lines of a command
        with names of what is there."""
        self._find = find
        self._more = more

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        for row in offered(before, "chat", self._more):
            yield Completion(
                row.line,
                start_position=-len(before),
                display=sanitize_line(row.shown),
                display_meta=sanitize_line(row.help),
            )
        found = MENTION.search(before)
        if found is None:
            return
        query, lines = fragment_parts(found[1])
        for path in self._find(query):
            if sanitize_line(path) != path:
                continue  # a name that cannot be typed cannot be completed
            yield Completion(
                f"{write_mention(path)}{lines.rstrip('-')} ",
                start_position=-(len(found[1]) + 1),
                display=shown_name(path),
            )
