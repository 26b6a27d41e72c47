"""Of every ticked file one snapshot: what is shown, counted and sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.git_names import is_git
from docstra_tui.context.picks import Pick
from docstra_tui.workspace.changes import GitItems

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.llm.items import ContextItem

LOOKED_AT = 400
"""Files whose state is asked for in one go: a `stat` each, and thousands may be ticked."""


class Snapshots:
    """May be used by several threads. What reads blocks."""

    def __init__(self, root: Path, max_bytes: int, changes: GitItems) -> None:
        self._root = root
        self._changes = changes
        self._max_bytes = max_bytes
        self._files: dict[Pick, Ticked] = {}
        self._allowed: dict[str, int] = {}
        self._looked_up_to = 0
        self._guard = threading.RLock()

    def max_bytes_of(self, path: str) -> int:
        """How much of `path` may be read."""
        return max(self._max_bytes, self._allowed.get(path, 0))

    def allow(self, sizes: dict[str, int]) -> None:
        """Read these files although they are large: bytes by path. They are read anew."""
        with self._guard:
            self._allowed.update({path: size + size // 4 for path, size in sizes.items()})
            self._files = {pick: file for pick, file in self._files.items() if pick.path not in sizes}

    def keep(self, items: Iterable[ContextItem]) -> None:
        """These were read before; whether they are still so is seen when they are looked at."""
        from docstra_tui.context.files.states import Ticked

        with self._guard:
            for item in items:
                if item.path is not None:
                    file = Ticked(item.path, item.start_line, item.end_line, item)
                    self._files[pick_of(file)] = file

    def of(self, picks: Iterable[Pick]) -> tuple[Ticked, ...]:
        """Those of them that were read."""
        with self._guard:
            return tuple(self._files[pick] for pick in picks if pick in self._files)

    def take(self, picks: Sequence[Pick], is_wanted: Callable[[], bool]) -> None:
        """Read what was not read before and forget all others; stops when it is not wanted any more."""
        for _ in self._taken(picks):
            if not is_wanted():
                return
        with self._guard:
            wanted = set(picks)
            self._files = {pick: file for pick, file in self._files.items() if pick in wanted}

    def update(self, picks: Sequence[Pick]) -> tuple[list[Ticked], list[Pick]]:
        """All of these as they are now, and which of them had changed."""
        files = [file for _, file in self._taken(picks)]
        for number, now in self._looked_at(files, is_asked=True):
            files[number] = now
        changed: list[Pick] = []
        for number, file in enumerate(files):
            if file.state.kind == "changed":
                changed.append(picks[number])
                files[number] = file.updated()
        with self._guard:
            self._files.update(zip(picks, files, strict=True))
        return files, changed

    def look(self, picks: Sequence[Pick]) -> bool:
        """See whether the disk still agrees with the next few of these; True when something is different."""
        with self._guard:
            read = [pick for pick in picks if pick in self._files]
            if not read:
                return False
            start = self._looked_up_to % len(read)
            some = read[start : start + LOOKED_AT]
            self._looked_up_to = start + len(some)
            files = [self._files[pick] for pick in some]
        found = self._looked_at(files, is_asked=False)
        with self._guard:
            for number, now in found:
                if self._files.get(some[number]) is files[number]:
                    self._files[some[number]] = now
        return bool(found)

    def _taken(self, picks: Sequence[Pick]) -> Iterator[tuple[Pick, Ticked]]:
        """Each pick with its file, read now if it was not before."""
        from docstra_tui.context.files.states import READ_TOGETHER, not_read

        size = 0
        for pick in picks:
            file = self._files.get(pick)
            has_room = size < READ_TOGETHER
            if file is None or (file.state.kind != "too much") != has_room:
                file = self._read(pick) if has_room else not_read(*pick)
                with self._guard:
                    self._files[pick] = file
            size += len(file.item.content) if file.item is not None else 0
            yield pick, file

    def _read(self, pick: Pick) -> Ticked:
        from docstra_tui.context.files.states import tick

        limit = self.max_bytes_of(pick.path)
        if is_git(pick.path):
            return self._changes.tick(*pick, max_bytes=limit)
        return tick(self._root, *pick, max_bytes=limit)

    def _looked_at(self, files: Sequence[Ticked], *, is_asked: bool) -> list[tuple[int, Ticked]]:
        """Those that are different now, with their place in `files`."""
        from docstra_tui.context.files.states import refresh

        found = []
        for number, file in enumerate(files):
            limit = self.max_bytes_of(file.path)
            if is_git(file.path):
                now = self._changes.look(file, limit, is_asked=is_asked)
                found += [(number, now)] if now != file else []
                continue
            found += [(number, now) for now in refresh([file], self._root, max_bytes=limit)]
        return found


def pick_of(file: Ticked) -> Pick:
    """What was picked."""
    return Pick(file.path, file.start_line, file.end_line)


def picks_of(items: Iterable[ContextItem]) -> list[Pick]:
    """What was picked, of items that are files or lines of files."""
    return [Pick(item.path, item.start_line, item.end_line) for item in items if item.path]
