"""What SQLite's result codes mean for a file of ours: whether it is the one to blame."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

ELSEWHERE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOLFS,
    }
)
"""What is wrong with the disk or another program; with anything else the file is wrong."""


def result_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 when the error has none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


@contextmanager
def decoded() -> Iterator[None]:
    """SQLite may say what is wrong with a file in bytes of that file, of which Python makes no text: raises
    `sqlite3.DatabaseError` then."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("its tables are damaged") from error


@contextmanager
def undamaged() -> Iterator[None]:
    """Damage that SQLite does not see may be anywhere, a text where a number was: what nobody can work with
    is said as damage. Raises `sqlite3.DatabaseError` then."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise sqlite3.DatabaseError("its tables are damaged") from error
