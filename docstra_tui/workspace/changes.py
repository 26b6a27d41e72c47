"""What git says of a project, as context: read like a file, looked at again, and listed for whoever ticks.

One process reads the repository for all of it; see `context/git`. Blocks; any thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.git_names import COMMIT, DIFF, STAGED, is_git
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.context.git.reader import Changes, Difference, GitReader
    from docstra_tui.llm.items import ContextItem

DETAIL = "git"
"""The `detail` of an item that is none of a file's text."""

LEAST_SECONDS = 4.0
"""Between two looks whether a diff is still so, where nobody asks."""
SHARE = 20
"""Of its time that a repository is looked at, at most: a twentieth."""

_NOTHING = {DIFF: "Nothing is changed that is not staged.", STAGED: "Nothing is staged."}
_OFFERED = (DIFF, STAGED, f"{COMMIT}HEAD")

NAMES_SECONDS = 30.0
"""Names of commits are asked for again after that."""
NAMES_WAIT = 0.2
"""Somebody is typing, and files are to be offered too."""


class GitItems:
    """What one project's repository says."""

    def __init__(self, root: Path, ignore: Sequence[str] = ()) -> None:
        self._root = root
        self._ignore = tuple(ignore)
        self._reader: GitReader | None = None
        self._next_look: dict[str, float] = {}
        self._notes: tuple[str, ...] = ()
        self._said: set[str] = set()
        self._names: tuple[float, tuple[str, ...]] = (0.0, ())

    def changes(self) -> Changes:
        """Which files differ from the last commit. Raises `UnreadableFile`."""
        changes = self._git.changes()
        self._notes = changes.notes
        return changes

    def unsaid(self) -> tuple[str, ...]:
        """What of the repository is not followed or not known, not yet safe to show; each is given once."""
        new = tuple(note for note in self._notes if note not in self._said)
        self._said.update(new)
        return new

    def item(self, path: str, max_bytes: int) -> ContextItem:
        """What `@diff`, `@staged` or `@commit:…` stands for now. Raises `UnreadableFile`, also where nothing
        differs."""
        return _item(path, self._some(path, max_bytes))

    def left_out(self, path: str, max_bytes: int) -> tuple[str, ...]:
        """What of it is not sent, ready to show once it is made safe. Raises as `item`."""
        return tuple(f"Of {path}, {words}" for words in self._some(path, max_bytes).left_out)

    def tick(
        self, path: str, start_line: int | None = None, end_line: int | None = None, *, max_bytes: int
    ) -> Ticked:
        """As `context.files.states.tick`: what is wrong is the state. Never raises."""
        from docstra_tui.context.files.states import Ticked

        return self._looked_at(Ticked(path, start_line, end_line), max_bytes)

    def look(self, file: Ticked, max_bytes: int, *, is_asked: bool) -> Ticked:
        """As it is now; unless that `is_asked`, only once in a while. A commit stays what it is."""
        now = time.monotonic()
        if not is_asked and now < self._next_look.get(file.path, 0.0):
            return file
        looked_at = self._looked_at(file, max_bytes)
        took = time.monotonic() - now
        self._next_look[file.path] = time.monotonic() + max(LEAST_SECONDS, SHARE * took)
        return looked_at

    def names(self, query: str) -> tuple[str, ...]:
        """What may be meant behind an `@`, of what there is: for completing it."""
        if not query.startswith(COMMIT[1:]):
            found = [path for path in _OFFERED if query and path.startswith(f"@{query}")]
            return tuple(found) if found and self._known_names() else ()
        begun = query[len(COMMIT) - 1 :]
        return tuple(COMMIT + name for name in self._known_names() if name.startswith(begun))

    def close(self) -> None:
        """End the process; any thread, never blocks."""
        if self._reader is not None:
            self._reader.close()

    @property
    def _git(self) -> GitReader:
        from docstra_tui.context.git.reader import GitReader

        if self._reader is None:
            self._reader = GitReader(self._root, self._ignore)
        return self._reader

    def _known_names(self) -> tuple[str, ...]:
        """Empty where there is no repository; while that is being looked at, as before."""
        from docstra_tui.context.git.errors import Busy

        when, names = self._names
        if not when or time.monotonic() - when > NAMES_SECONDS:
            try:
                names = self._git.names(wait=NAMES_WAIT)
            except Busy:  # so there is a repository
                return names or ("HEAD",)
            except UnreadableFile:
                names = ()
            self._names = (time.monotonic(), names)
        return names

    def _read(self, path: str, max_bytes: int) -> Difference:
        if path == DIFF:
            return self._git.diff(max_bytes)
        if path == STAGED:
            return self._git.staged(max_bytes)
        if is_git(path):
            return self._git.commit(path.removeprefix(COMMIT), max_bytes)
        raise UnreadableFile(f"{shown_name(path)} is nothing of git's.")

    def _some(self, path: str, max_bytes: int) -> Difference:
        difference = self._read(path, max_bytes)
        if not difference.files and path in _NOTHING:
            raise UnreadableFile(" ".join((_NOTHING[path], *difference.left_out)))
        return difference

    def _looked_at(self, file: Ticked, max_bytes: int) -> Ticked:
        from docstra_tui.context.files.states import FileState

        try:
            item = _lines(_item(file.path, self._read(file.path, max_bytes)), file.start_line, file.end_line)
        except UnreadableFile as error:
            return replace(file, state=FileState("unreadable", error.message), newer=None)
        return file.with_content(item)


def _item(path: str, difference: Difference) -> ContextItem:
    from docstra_tui.llm.items import ContextItem

    return ContextItem(difference.text, path, "diff", detail=DETAIL)


def _lines(item: ContextItem, start: int | None, end: int | None) -> ContextItem:
    """Some lines of it. Raises `UnreadableFile` where there are none such any more."""
    from docstra_tui.context.fitting.ranges import cut_lines, line_span

    if start is None:
        return item
    first, last = line_span(item)
    if start > last:
        raise UnreadableFile(f"{shown_name(item.path or '')} has {last} lines, so there is no line {start}.")
    return cut_lines(item, max(first, start), min(last, end if end is not None else last))
