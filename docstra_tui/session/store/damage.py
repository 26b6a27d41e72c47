"""What a failing disk makes of a file and of its values, and how it is noticed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from docstra_tui.session.store.shape import TABLES, columns
from docstra_tui.sqlite_codes import result_code

LATEST = 32_503_680_000.0
"""The year 3000: a later time is damage."""


class DamagedFile(sqlite3.DatabaseError):
    """The file was read through and something is wrong with it."""


def is_damage(error: sqlite3.Error) -> bool:
    """True when the file itself is broken, so that trying again cannot help."""
    return isinstance(error, DamagedFile) or result_code(error) in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


def check(connection: sqlite3.Connection) -> None:
    """Read the file through; a damaged index is made again. Raises `DamagedFile`."""
    found = _problems(connection)
    if found and all("index" in problem for problem in found):
        connection.execute("REINDEX")
        found = _problems(connection)
    if found:
        raise DamagedFile(found[0])


def check_tables(connection: sqlite3.Connection) -> None:
    """Raises `DamagedFile` where a table is not as we make it: a flipped bit may rename a column."""
    with closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(TABLES)
        names = [str(row[0]) for row in ours.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if columns(ours, name) != columns(connection, name):
                raise DamagedFile(f"the table {name} has other columns")


def _problems(connection: sqlite3.Connection) -> list[str]:
    rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    return [row for row in rows if row != "ok"]


def readable(raw: bytes) -> str | bytes:
    """Text as it is stored; its bytes where a damaged disk made them something else than text."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def moment(value: object) -> float:
    """A stored time (seconds since 1970); 0 where a damaged disk made it something else."""
    is_time = isinstance(value, int | float) and 0 < value < LATEST
    return float(value) if is_time else 0.0  # type: ignore[arg-type]
