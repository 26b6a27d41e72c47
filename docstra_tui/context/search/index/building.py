"""Bringing an index up to what the project's files are now: only what changed is read."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from docstra_tui.context.files.reader import MAX_BYTES
from docstra_tui.context.search.index import shape
from docstra_tui.context.search.index.extracted import Extracted, Wanted, name_only, nothing
from docstra_tui.context.search.index.listing import BINARY, UNREADABLE, Stamp, listed, verdict
from docstra_tui.errors import UnreadableFile

SECONDS = 1.0
LONGEST_SECONDS = 4.0
FILES = 600
"""What one transaction takes at most: who asks meanwhile gets an answer out of those before it. Later ones
are longer: what is written in small pieces has to be merged more often."""

RECENT_NS = 2_000_000_000
"""A file that changed so shortly before may change once more and have the same time of change."""

STALE_SHARE = 0.1
"""Of the files: when more were taken out, what is left of them is merged away."""

UNSETTLED = -1
"""In the place of the time of change: read it again the next time."""

Read = Callable[[Sequence[Wanted]], Iterable[tuple[Wanted, Extracted]]]


@dataclass(frozen=True)
class Progress:
    """How much of a project an index has."""

    done: int
    """Files that are in it as they are now."""
    total: int
    """0 while they are listed."""


class Stopped(Exception):
    """Somebody wants no more of it; what there is stays."""


class Building:
    """One refresh of one index."""

    def __init__(
        self,
        root: Path,
        read: Read,
        *,
        ignore: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
        told: Callable[[Progress], None] = lambda progress: None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._root = root
        self._read = read
        self._ignore = ignore
        self._max_bytes = max_bytes
        self._told = told
        self._is_stopped = is_stopped
        self._done = self._total = 0
        self._stale = 0
        """Files that were taken out since all was merged."""

    def run(self, connection: sqlite3.Connection) -> None:
        """Raises `sqlite3.Error`, `OSError`, `UnreadableFile`, `Stopped`."""
        began = time.time_ns()
        now = listed(self._root, self._ignore)
        if now.problem:
            raise UnreadableFile(now.problem)
        known = {
            path: (file, (size, mtime, inode))
            for file, path, size, mtime, inode in connection.execute(
                "SELECT id, path, size, mtime, inode FROM files"
            )
        }
        gone = [file for path, (file, _) in known.items() if path not in now.files]
        changed = [path for path, stamp in now.files.items() if path not in known or known[path][1] != stamp]
        del known
        self._total, self._done = len(now.files), len(now.files) - len(changed)
        left_out = json.dumps(now.left_out)
        was = shape.state(connection, "complete"), shape.state(connection, "left_out")
        if not gone and not changed and was == ("1", left_out):
            self._told(Progress(self._total, self._total))
            return
        with shape.transaction(connection):
            shape.remember(connection, complete=0, left_out=left_out)
            self._tell(connection)
            for file in gone:
                shape.take_out(connection, file)
        self._stale = shape.number(connection, "stale") + len(gone)
        self._put(connection, changed, now.files, began)
        with shape.transaction(connection):
            self._tell(connection)
            shape.remember(connection, complete=1, updated=int(time.time()))
        if self._stale > len(now.files) * STALE_SHARE:
            self._tidy(connection)
            self._stale = 0
        with shape.transaction(connection):
            shape.remember(connection, stale=self._stale)

    @staticmethod
    def _tidy(connection: sqlite3.Connection) -> None:
        from docstra_tui.context.search import postings

        postings.tidy(connection)

    def _put(
        self, connection: sqlite3.Connection, changed: list[str], stamps: dict[str, Stamp], began: int
    ) -> None:
        by_name: list[tuple[Wanted, Extracted]] = []
        to_read: list[Wanted] = []
        for path in changed:
            size = stamps[path][0]
            reason = verdict(path, size, self._max_bytes)
            wanted = Wanted(path, self._max_bytes)
            if reason:
                by_name.append((wanted, nothing(reason) if reason == BINARY else name_only(path, reason)))
            else:
                to_read.append(wanted)
        for found in (by_name, self._read(to_read) if to_read else ()):
            self._put_all(connection, iter(found), stamps, began)

    def _put_all(
        self,
        connection: sqlite3.Connection,
        found: Iterable[tuple[Wanted, Extracted]],
        stamps: dict[str, Stamp],
        began: int,
    ) -> None:
        coming = iter(found)
        start = time.monotonic()
        for first in coming:
            # numpy's: not for who only hears of the progress, and while others read already
            from docstra_tui.context.search import postings

            now = time.monotonic()
            until = now + min(LONGEST_SECONDS, max(SECONDS, (now - start) / 4))
            put: list[tuple[int, str, Extracted]] = []
            with shape.transaction(connection):
                for wanted, rows in chain([first], islice(coming, FILES - 1)):
                    size, mtime, inode = stamps[wanted.path]
                    if rows.left_out == UNREADABLE or mtime > began - RECENT_NS:
                        mtime = UNSETTLED
                    file, was_known = shape.put(connection, wanted.path, (size, mtime, inode), rows)
                    put.append((file, wanted.path, rows))
                    self._stale += was_known
                    self._done += 1
                    if time.monotonic() > until or self._is_stopped():
                        break
                shape.put_all(connection, put)
                postings.put(connection, [(file, found.kind, found.words) for file, _, found in put])
                self._tell(connection)
            postings.merge(connection)
            self._told(Progress(self._done, self._total))
            if self._is_stopped():
                raise Stopped

    def _tell(self, connection: sqlite3.Connection) -> None:
        shape.remember(connection, done=self._done, total=self._total)
