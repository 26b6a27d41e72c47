"""The index of one project, for whoever has the project open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docstra_tui.context.search.index import shape
from docstra_tui.context.search.index.building import Progress, bring_up
from docstra_tui.context.search.index.place import FILE, folder_of
from docstra_tui.context.search.index.reader import BUSY_SECONDS, IndexReader
from docstra_tui.paths import open_private, private_folder

Priority = Literal["ordinary", "low"]


@dataclass(frozen=True)
class IndexStatus:
    """What there is of an index."""

    files: int = 0
    """That are in it."""
    is_complete: bool = False
    is_building: bool = False
    progress: Progress | None = None
    """Of the building that is under way."""
    problem: str = ""
    """Why there is none, ready to show; empty when nothing is wrong."""


class ProjectIndex:
    """Methods may be called from any thread."""

    def __init__(self, root: Path, ignore: Sequence[str] = ()) -> None:
        self.root = root
        self._ignore = tuple(ignore)
        self._path = folder_of(root) / FILE

    def status(self) -> IndexStatus:
        """How it stands. Quick, and never raises."""
        try:
            with self.reader() as reader:
                files = reader.connection.execute("SELECT count(*) FROM files").fetchone()[0]
                return IndexStatus(files, reader.is_complete)
        except sqlite3.Error:
            return IndexStatus()

    def refresh(
        self,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        priority: Priority = "ordinary",
    ) -> None:
        """Bring it up to what the files are now, and wait for that."""
        private_folder(self._path.parent)
        from os import O_CREAT, O_RDWR, close

        close(open_private(self._path, O_RDWR | O_CREAT))
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            if shape.version_of(connection) != shape.VERSION:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    shape.make(connection)
            bring_up(self.root, connection, self._ignore, on_progress)
        finally:
            connection.close()

    def start(self, on_change: Callable[[], None] = lambda: None) -> None:
        """Keep it up to date in the background, from now on; `on_change` hears of it, in another thread."""

    def stop(self) -> None:
        """No more of that, soon."""

    def reader(self) -> IndexReader:
        """To ask it, in the thread that calls. Raises `sqlite3.Error` where there is none."""
        return IndexReader(self._path)
