"""All files of a project, for finding one by name: the tree's filter and the completion of `@`.

Filled in a worker thread, can be searched meanwhile, and stopped. Lists names only: no file is opened,
no link is followed. While it works it steps aside often, so that a screen in another thread stays alive.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from docstra_tui.context.files.confined import open_folder
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.git_names import is_git
from docstra_tui.context.names.fuzzy import BLOCK, Block, candidates, first_paths, letters_of, rank
from docstra_tui.errors import UnreadableFile

LIMIT = 300_000
"""Paths that are kept: a home folder may hold millions."""

WORK = 0.004
REST = 0.001
"""Seconds of listing, and of letting others run after it. Without the rest a thread that wants the
interpreter back waits out the whole switch interval, each time it asks."""

_FIRST = 256
"""Paths in the first block, so that there is something to find at once."""


class FileIndex:
    """The paths below a folder that can be picked. `fill` once in a worker, `filter` from any thread."""

    def __init__(
        self,
        root: Path,
        rules: IgnoreRules,
        *,
        show_hidden: bool = False,
        with_folders: bool = False,
        limit: int = LIMIT,
    ) -> None:
        self.root = root
        self.is_complete = False
        """True once everything was listed."""
        self.has_more = False
        """True when there are more than `limit`."""
        self.error = ""
        """Why the root itself could not be listed, ready to show; empty when it could."""
        self._rules = rules
        self._show_hidden = show_hidden
        self._with_folders = with_folders
        self._limit = limit
        self._blocks: tuple[Block, ...] = ()
        self._stop = threading.Event()
        self._last: tuple[str, tuple[Block, ...], list[str]] | None = None
        """A query, where it was looked for, and every path that matches: a longer query is among them."""

    def __len__(self) -> int:
        return sum(len(block.paths) for block in self._blocks)

    @property
    def paths(self) -> Iterator[str]:
        """What was found so far; a folder ends with `/`. In no order that means anything."""
        return (path for block in self._blocks for path in block.paths)

    def stop(self) -> None:
        """Give up filling, soon. Any thread."""
        self._stop.set()

    def fill(self, on_progress: Callable[[int], None] | None = None) -> bool:
        """List everything; True when it came to its end, False when it was stopped. Never raises.

        Blocks: for a worker. `on_progress` gets the number of paths so far, in this thread, each time
        there are more to search in.
        """
        pace = _Pace()
        waiting: list[str] = []
        size = _FIRST
        for path, _ in self._walk(pace):
            waiting.append(path)
            if len(waiting) >= size:
                self._add(waiting)
                waiting, size = [], BLOCK
                if on_progress is not None:
                    on_progress(len(self))
        if waiting:
            self._add(waiting)
        if self._stop.is_set():
            return False
        self._put_short_first(pace)
        self.is_complete = not self._stop.is_set()
        if self.is_complete and on_progress is not None:
            on_progress(len(self))
        return self.is_complete

    def statuses(self) -> Iterator[tuple[str, os.stat_result]]:
        """Each file and its status, as they are found, keeping nothing and stepping aside for nobody: for a
        process of its own. Files that are gone meanwhile are left out."""
        for path, row in self._walk(_Pace(math.inf)):
            try:
                yield path, row.stat(follow_symlinks=False)
            except OSError:
                continue

    def filter(self, query: str, limit: int = 200) -> list[str]:
        """The paths that `query` may mean, the likeliest first; see `fuzzy`."""
        wanted, blocks, last = letters_of(query), self._blocks, self._last
        if not wanted:
            return first_paths(blocks, limit)
        if last is not None and last[1] is blocks and wanted.startswith(last[0]):
            found = [path for path in last[2] if _holds(path, wanted)]
            is_all = True
        else:
            found, is_all = candidates(wanted, blocks)
        if is_all:
            self._last = (wanted, blocks, found)
        return rank(wanted, found, limit)

    def _add(self, paths: Sequence[str]) -> None:
        self._blocks = (*self._blocks, Block(paths))

    def _put_short_first(self, pace: _Pace) -> None:
        """Sorted by length, in buckets: one sort of everything would hold up every other thread."""
        buckets: dict[int, list[str]] = {}
        for path in self.paths:
            buckets.setdefault(len(path), []).append(path)
            pace.step()
        ordered: list[str] = []
        for length in sorted(buckets):
            ordered += buckets[length]
        blocks: list[Block] = []
        for start in range(0, len(ordered), BLOCK):
            if self._stop.is_set():
                return
            blocks.append(Block(ordered[start : start + BLOCK]))
            pace.step()
        self._blocks = tuple(blocks)

    def _walk(self, pace: _Pace) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Folders nearest to the root first, so that what is stopped or cut short has the likeliest."""
        count = 0
        level = [""]
        while level:
            deeper: list[str] = []
            for folder in level:
                for path, is_folder, row in self._rows(folder, pace):
                    if self._stop.is_set():
                        return
                    if is_folder:
                        deeper.append(path)
                    if is_folder and not self._with_folders:
                        continue
                    if count == self._limit:
                        self.has_more = True
                        return
                    count += 1
                    yield path + "/" if is_folder else path, row
            level = deeper

    def _rows(self, folder: str, pace: _Pace) -> Iterator[tuple[str, bool, os.DirEntry[str]]]:
        """Regular files and folders in one folder; one that cannot be read has none."""
        prefix = f"{folder}/" if folder else ""
        try:
            fd = open_folder(self.root, folder)
        except (OSError, UnreadableFile) as error:
            self._failed(folder, error)
            return
        try:
            with os.scandir(fd) as found:
                for row in found:
                    pace.step()
                    name = row.name
                    if name.startswith(".") and not self._show_hidden:
                        continue
                    is_folder = row.is_dir(follow_symlinks=False)
                    if not is_folder and not row.is_file(follow_symlinks=False):
                        continue
                    path = prefix + name
                    if not prefix and is_git(name):
                        continue
                    if not self._rules.is_ignored(path, is_folder):
                        yield path, is_folder, row
        except OSError as error:
            self._failed(folder, error)
        finally:
            os.close(fd)

    def _failed(self, folder: str, error: OSError | UnreadableFile) -> None:
        if not folder:
            self.error = error.message if isinstance(error, UnreadableFile) else error.strerror or str(error)


class _Pace:
    """Work for a while, then let others run."""

    def __init__(self, work: float = WORK) -> None:
        self._work = work
        self._until = time.monotonic() + work

    def step(self) -> None:
        """Called between two small pieces of work."""
        if time.monotonic() >= self._until:
            time.sleep(REST)
            self._until = time.monotonic() + self._work


def _holds(path: str, wanted: str) -> bool:
    """True when the letters are all there in order."""
    text, at = "/" + path.lower().replace("\n", " "), 0
    for letter in wanted:
        at = text.find(letter, at) + 1
        if at == 0:
            return False
    return True
