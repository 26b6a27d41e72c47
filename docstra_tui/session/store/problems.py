"""Why what is said is not on the disk, in words for behind `NOT SAVED`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from docstra_tui.errors import DocstraError, StoreError
from docstra_tui.sqlite_codes import result_code

KEPT = "What is said is kept, and saved when that is mended."


def describe(error: Exception, path: Path) -> str:
    """What is wrong with the file at `path`, or with its folder or disk."""
    if isinstance(error, StoreError):
        return error.message
    if isinstance(error, DocstraError):
        return str(error)
    code = result_code(error) if isinstance(error, sqlite3.Error) else 0
    if code == sqlite3.SQLITE_FULL:
        return f"The disk with {path.parent} is full. {KEPT}"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written. {KEPT}"
    if is_busy(error):
        return f"Another program keeps {path} locked. {KEPT}"
    what = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"{path}: {what}. {KEPT}"


def silence(path: Path) -> str:
    """A disk that does not answer."""
    return f"The disk with {path} does not answer. {KEPT}"


def is_busy(error: Exception) -> bool:
    """True when another program holds the file, and may let it go."""
    return isinstance(error, sqlite3.Error) and result_code(error) in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
