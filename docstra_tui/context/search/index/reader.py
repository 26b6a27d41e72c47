"""A project's index, to be asked: a connection that reads, and what it may be asked for is the shape's."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

BUSY_SECONDS = 5.0


class IndexReader:
    """For one thread. Fetch all of an answer at once: who builds waits meanwhile."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        self.connection.execute("PRAGMA query_only = ON")

    @property
    def is_complete(self) -> bool:
        """False while files are missing in it, or stand there as they were before."""
        return self.state("complete") == "1"

    def state(self, key: str) -> str:
        row = self.connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row is not None else ""

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
