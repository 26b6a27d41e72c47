"""Completion of `@path` and `/command` while typing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.tree import files_below
from docstra_tui.context.mentions import complete, write_mention
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.commands import commands_of

MENTION = re.compile(r"(?:^|(?<=\s))@(\"[^\"\n]*|[^\s\"]*)$")
STALE_SECONDS = 20.0
"""A list of files older than this is made again, in the background."""


class ProjectFiles:
    """The files of a folder, listed in a thread; an old list serves until the new one is there."""

    def __init__(self, root: Path, ignore: Sequence[str] = ()) -> None:
        self._root = root
        self._ignore = tuple(ignore)
        self._files: tuple[str, ...] = ()
        self._listed_at = 0.0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> tuple[str, ...]:
        """What is known now; only the very first list is waited for, in the completer's own thread."""
        self.refresh(wait=not self._listed_at)
        return self._files

    def refresh(self, *, wait: bool = False) -> None:
        """List again if the list is old; `wait` for it."""
        with self._lock:
            is_running = self._thread is not None and self._thread.is_alive()
            is_old = not self._listed_at or time.monotonic() - self._listed_at > STALE_SECONDS
            if is_old and not is_running:
                self._thread = threading.Thread(target=self._list, name="project-files", daemon=True)
                self._thread.start()
            thread = self._thread
        if wait and thread is not None:
            thread.join()

    def _list(self) -> None:
        self._files = files_below(self._root, "", IgnoreRules(self._root, self._ignore)).files
        self._listed_at = time.monotonic()


class ChatCompleter(Completer):
    """`/` at the beginning completes commands, `@` after white space completes files."""

    def __init__(self, files: Callable[[], Iterable[str]]) -> None:
        self._files = files

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        if before.startswith("/") and not re.search(r"[\s/]", before[1:]):
            for command in commands_of("chat"):
                if command.name.startswith(before[1:]):
                    yield Completion(
                        f"/{command.name} ",
                        start_position=-len(before),
                        display=command.usage,
                        display_meta=command.help,
                    )
            return
        found = MENTION.search(before)
        if found is None:
            return
        for path in complete(found[1], self._files()):
            if sanitize_line(path) != path:
                continue  # a name that cannot be typed cannot be completed
            yield Completion(
                f"{write_mention(path)} ",
                start_position=-(len(found[1]) + 1),
                display=shown_name(path),
            )
