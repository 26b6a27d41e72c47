"""The file of an index, opened by the one process that writes it; a broken or foreign one is made anew.

The journal is `DELETE`: with a write-ahead log SQLite before 3.51.3 can lose data, and there is none on
network homes.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TypeVar

from docstra_tui.context.search.index import shape
from docstra_tui.errors import UnsafePath
from docstra_tui.paths import open_private, private_folder
from docstra_tui.sqlite_codes import ELSEWHERE, result_code, undamaged

ENDINGS = ("", "-journal", "-wal", "-shm")

BUSY_SECONDS = 10.0

SETTINGS = (
    "journal_mode = DELETE",
    "synchronous = NORMAL",
    "secure_delete = ON",
    "temp_store = MEMORY",
    "cache_size = -24000",
    # Who reads is kept out from when more than that is changed: what changes much is put at the end.
    "cache_spill = -24000",
)

T = TypeVar("T")


def is_elsewhere(error: sqlite3.Error) -> bool:
    """True when the file is not to blame."""
    return result_code(error) in ELSEWHERE


def written(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do it with the file at `path`; once more, with a new one, where that one is broken.

    Raises `sqlite3.Error`, `OSError`, `UnsafePath`.
    """
    try:
        with undamaged():
            return _with(path, work)
    except sqlite3.Error as error:
        if is_elsewhere(error):
            raise
    remove(path)
    return _with(path, work)


def remove(path: Path) -> None:
    """The file, and all that SQLite has beside it. Raises `OSError`."""
    for ending in ENDINGS:
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{ending}")


def _with(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    connection = _open(path)
    try:
        return work(connection)
    finally:
        connection.close()


def _open(path: Path) -> sqlite3.Connection:
    private_folder(path.parent)
    with suppress(FileExistsError):
        os.close(open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
        raise UnsafePath(f"{path} is no file of yours.", "Move it away and start again.")
    if status.st_mode & 0o077:
        os.chmod(path, 0o600)
    with ExitStack() as undo:
        connection = undo.enter_context(
            closing(
                sqlite3.connect(
                    f"{path.absolute().as_uri()}?mode=rw",
                    uri=True,
                    timeout=BUSY_SECONDS,
                    isolation_level=None,
                )
            )
        )
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        shape.make(connection)
        undo.pop_all()
    return connection
