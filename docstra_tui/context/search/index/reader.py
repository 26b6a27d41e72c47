"""A project's index, to be asked: a connection that reads; what it may be asked for is the shape's."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from docstra_tui.context.search.index import shape
from docstra_tui.errors import NoIndex
from docstra_tui.sqlite_codes import decoded

BUSY_SECONDS = 5.0
NONE_YET = "There is no index of this project yet."


class IndexReader:
    """For one thread. Fetch all of an answer at once: who builds waits meanwhile. Where the index was made
    anew, that one is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self.connection  # noqa: B018

    @property
    def connection(self) -> sqlite3.Connection:
        """Raises `NoIndex` where there is none."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
            if self._connection is None or self._place != (status.st_dev, status.st_ino):
                self.close()
                self._connection = self._open()
                self._place = status.st_dev, status.st_ino
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise NoIndex(NONE_YET) from error
        return self._connection

    @property
    def is_complete(self) -> bool:
        """False while files are missing in it, or stand there as they were before."""
        return self.state("complete") == "1"

    def state(self, key: str) -> str:
        """What the builder remembers; empty where it does not. Raises `NoIndex`."""
        try:
            with decoded():
                return shape.state(self.connection, key)
        except sqlite3.Error as error:
            raise NoIndex(f"The index of this project cannot be read: {error}.") from error

    def count(self) -> int:
        """Files whose text is in it. Raises `NoIndex`."""
        return sum(count for why, count in self._counted() if not why)

    def left_out(self) -> dict[str, int]:
        """Files whose text is not in it: why, and how many. Raises `NoIndex`."""
        said: list[tuple[object, object]] = [*self._counted()]
        with suppress(ValueError, AttributeError):
            said += json.loads(self.state("left_out") or "{}").items()
        counts: Counter[str] = Counter()
        for why, count in said:
            if why and isinstance(why, str) and isinstance(count, int):  # else it is damaged
                counts[why] += count
        return dict(counts.most_common())

    def _counted(self) -> list[tuple[str, int]]:
        try:
            with decoded():
                return self.connection.execute("SELECT left_out, count(*) FROM files GROUP BY 1").fetchall()
        except sqlite3.Error as error:
            raise NoIndex(f"The index of this project cannot be read: {error}.") from error

    def close(self) -> None:
        """Let the file go; harmless when it is not open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        # rw: what a builder that was killed had begun is undone by whoever comes first.
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        connection.execute("PRAGMA query_only = ON")
        with suppress(sqlite3.Error, UnicodeDecodeError):  # whoever asks hears what is wrong with the file
            if shape.version(connection) != shape.VERSION:  # of another program, or just begun
                connection.close()
                raise NoIndex(NONE_YET)
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
