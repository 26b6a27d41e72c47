"""The index of saved sessions: a file of its own, which can be made again from them at any time.

So nothing is salvaged of a broken one, and whatever is wrong with it never touches what was said. What is
taken out of it is gone from the file when that returns: SQLite before 3.42 only marks words of an index as
deleted, so all of it is merged then.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from docstra_tui.errors import DocstraError
from docstra_tui.paths import private_folder
from docstra_tui.session.search.texts import TurnText
from docstra_tui.session.search.words import Wanted, words_of
from docstra_tui.session.store.aside import JOURNALS
from docstra_tui.session.store.damage import readable
from docstra_tui.session.store.database import prepare
from docstra_tui.session.store.transaction import transaction
from docstra_tui.sqlite_codes import ELSEWHERE, result_code

VERSION = 1
"""Of the tables below; another one is made anew."""

TABLES = (
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, updated REAL NOT NULL)",
    "CREATE TABLE turns (doc INTEGER PRIMARY KEY, turn INTEGER NOT NULL UNIQUE, size INTEGER NOT NULL)",
    "CREATE TABLE state (unmerged INTEGER NOT NULL)",
    "INSERT INTO state VALUES (0)",
    # What is put in has been taken apart already: ASCII's separators part it as it came.
    "CREATE VIRTUAL TABLE words USING fts5 (question, answer, files, tokenize = ascii)",
    f"PRAGMA user_version = {VERSION}",
)

WEIGHTS = "4.0, 1.0, 2.0"
"""Of a word in a question, an answer, a file's name."""

BUSY_SECONDS = 5.0

NO_FTS5 = "the SQLite of this Python has no full-text search"


class NoIndex(Exception):
    """There is no index to be had now; the words say why."""


class BrokenIndex(Exception):
    """There was a broken one, and there is none any more."""


class Index:
    """Methods may be called from any thread, and raise `NoIndex` and `BrokenIndex`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._place: tuple[int, int] | None = None

    def known(self) -> dict[int, int]:
        """The turns that it has, each with its size when it was read."""
        with self._used() as connection:
            return dict(connection.execute("SELECT turn, size FROM turns"))

    def sessions(self) -> dict[str, float]:
        """When each session was changed last, as far as the index knows."""
        with self._used() as connection:
            return dict(connection.execute("SELECT id, updated FROM sessions"))

    def find(self, wanted: Wanted, most: int) -> list[int]:
        """The turns with all of it, the best first; at most so many."""
        with self._used() as connection:
            rows = connection.execute(
                "SELECT turn FROM words JOIN turns ON doc = words.rowid WHERE words MATCH ? "
                f"ORDER BY bm25(words, {WEIGHTS}), doc DESC LIMIT ?",
                (wanted.expression, most),
            )
            return [turn for (turn,) in rows]

    def put(self, texts: Iterable[TurnText]) -> None:
        """Have these in it, as they are."""
        with self._used() as connection, transaction(connection):
            for text in texts:
                row = connection.execute(
                    "SELECT doc, size FROM turns WHERE turn = ?", (text.turn,)
                ).fetchone()
                if row is not None and row[1] == text.size:
                    continue
                if row is not None:
                    _take_out(connection, text.turn)
                put = connection.execute(
                    "INSERT INTO turns (turn, size) VALUES (?, ?)", (text.turn, text.size)
                )
                parts = (" ".join(words_of(part)) for part in text.parts)
                connection.execute(
                    "INSERT INTO words (rowid, question, answer, files) VALUES (?, ?, ?, ?)",
                    (put.lastrowid, *parts),
                )

    def remember(self, sessions: Mapping[str, float]) -> None:
        """All turns of these sessions are in it, as they were when the sessions had changed last."""
        with self._used() as connection, transaction(connection):
            connection.execute("DELETE FROM sessions")
            connection.executemany("INSERT INTO sessions (id, updated) VALUES (?, ?)", sessions.items())

    def take_out(self, turns: Iterable[int]) -> None:
        """Their words are gone from the file when this returns."""
        with self._used() as connection:
            with transaction(connection):
                for turn in turns:
                    _take_out(connection, turn)
            if connection.execute("SELECT unmerged FROM state").fetchone() != (
                0,
            ):  # also of a program that died
                with transaction(connection):
                    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
                    connection.execute("UPDATE state SET unmerged = 0")

    def check(self) -> None:
        """Read it through."""
        with self._used() as connection:
            [found] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")

    def close(self) -> None:
        """Let the file go. Harmless when it is not open."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    @contextmanager
    def _used(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._open()
            except sqlite3.Error as error:
                if "no such module" in str(error):
                    self.close()
                    raise NoIndex(NO_FTS5) from error
                if result_code(error) in ELSEWHERE:
                    self.close()
                    raise NoIndex(str(error)) from error
                self._drop()
                raise BrokenIndex(str(error)) from error
            except UnicodeDecodeError as error:  # SQLite quotes what is damaged in its own message
                self._drop()
                raise BrokenIndex("a table's description is no text") from error
            except (OSError, DocstraError) as error:
                self.close()
                raise NoIndex(str(error)) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._is_current():
            return self._connection
        self.close()
        private_folder(self.path.parent)
        self._place = prepare(self.path)
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,  # under our lock
        )
        self._connection = connection
        connection.text_factory = readable
        for setting in (
            "journal_mode = DELETE",
            "synchronous = NORMAL",
            "secure_delete = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {setting}")
        _make(connection)
        return connection

    def _is_current(self) -> bool:
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._place

    def _drop(self) -> None:
        """Away with it. Raises `NoIndex` where it stays."""
        self.close()
        for ending in ("", *JOURNALS):
            try:
                os.unlink(f"{self.path}{ending}")
            except FileNotFoundError:
                pass
            except OSError as error:
                raise NoIndex(f"{self.path} is broken and cannot be removed: {error.strerror}") from error


def _make(connection: sqlite3.Connection) -> None:
    if _version(connection) == VERSION:
        return
    with transaction(connection):
        version = _version(connection)  # another program may have made it while we waited
        if version == 0:
            for statement in TABLES:
                connection.execute(statement)
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError(f"its shape is {version}, not {VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _take_out(connection: sqlite3.Connection, turn: int) -> None:
    row = connection.execute("SELECT doc FROM turns WHERE turn = ?", (turn,)).fetchone()
    if row is not None:
        connection.execute("DELETE FROM words WHERE rowid = ?", row)
        connection.execute("DELETE FROM turns WHERE doc = ?", row)
        connection.execute("UPDATE state SET unmerged = 1")
