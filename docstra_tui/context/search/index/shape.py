"""The tables of a project's index.

A region's row is its file's id times 4096 and its number in the file. No text is kept: words are numbers.
"""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import __version__
from docstra_tui.context.search.facts import SHIFT
from docstra_tui.context.search.filenames import names_of

if TYPE_CHECKING:
    from docstra_tui.context.search.index.extracted import Extracted

VERSION = 5
"""Of the tables below, and of what is put into them: of another one the file is made anew."""

TABLES = (
    # left_out: why only the name is known, empty where the text is; size, mtime, inode: as they were then
    "CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, "
    "size INTEGER NOT NULL, mtime INTEGER NOT NULL, inode INTEGER NOT NULL, language TEXT NOT NULL, "
    "kind TEXT NOT NULL, lines INTEGER NOT NULL, left_out TEXT NOT NULL)",
    "CREATE TABLE region_lines (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, end INTEGER NOT NULL)",
    # name: by what people call a file, in one word of small letters
    "CREATE TABLE named (file INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (file, name)) WITHOUT ROWID",
    "CREATE INDEX named_so ON named (name)",
    # called: how others write it, `sleep` of `Retry.sleep`
    "CREATE TABLE definitions (name TEXT NOT NULL, called TEXT NOT NULL, file INTEGER NOT NULL, "
    "kind TEXT NOT NULL, line INTEGER NOT NULL, end INTEGER NOT NULL)",
    # who defines what others may use; is_member: in a class only
    "CREATE TABLE defined (called TEXT NOT NULL, file INTEGER NOT NULL, is_member INTEGER NOT NULL, "
    "PRIMARY KEY (called, file)) WITHOUT ROWID",
    "CREATE INDEX definitions_of ON definitions (file)",
    "CREATE TABLE uses (file INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, "
    "PRIMARY KEY (file, name)) WITHOUT ROWID",
    "CREATE INDEX uses_called ON uses (name)",
    "CREATE TABLE imports (file INTEGER NOT NULL, module TEXT NOT NULL, "
    "PRIMARY KEY (file, module)) WITHOUT ROWID",
    # level: how often it was made of others; regions, lengths, kinds: of each region its id, how many words
    # it has, and what its file is for
    "CREATE TABLE parts (id INTEGER PRIMARY KEY AUTOINCREMENT, level INTEGER NOT NULL, "
    "regions BLOB NOT NULL, lengths BLOB NOT NULL, kinds BLOB NOT NULL)",
    "CREATE TABLE postings (id INTEGER PRIMARY KEY, packed BLOB NOT NULL)",
    "CREATE TABLE gone (file INTEGER PRIMARY KEY)",
    "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)

PACKAGES = ("search", "outline", "search/index")
"""What decides how a file is taken apart and put in: after a change of any of it nothing old is of use."""


@functools.cache
def made_by() -> str:
    """Of this program, as it is."""
    above = Path(__file__).parents[2]
    digest = hashlib.sha256(f"{__version__} {VERSION}".encode())
    with suppress(OSError):  # packed without its sources: the version has to do
        for package in PACKAGES:
            for path in sorted((above / package).glob("*.py")):
                digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is done in it is there as a whole, or not at all. Raises `sqlite3.Error`."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def make(connection: sqlite3.Connection) -> None:
    """Have the tables in an empty file. Raises `sqlite3.DatabaseError` where there are others in it."""
    if version(connection) != VERSION:
        with transaction(connection):
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in TABLES:
                    connection.execute(statement)
                remember(connection, made_by=made_by())
    if version(connection) != VERSION or state(connection, "made_by") != made_by():
        raise sqlite3.DatabaseError("it was made by another docstra-tui")


def state(connection: sqlite3.Connection, key: str) -> str:
    """What was remembered; empty when nothing was."""
    row = connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row is not None else ""


def number(connection: sqlite3.Connection, key: str) -> int:
    """0 where no number is remembered."""
    with suppress(ValueError):
        return int(state(connection, key))
    return 0


def remember(connection: sqlite3.Connection, **values: object) -> None:
    """Inside a transaction."""
    connection.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?)", [(key, str(value)) for key, value in values.items()]
    )


def version(connection: sqlite3.Connection) -> int:
    """Of the tables; 0 while there are none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def put(
    connection: sqlite3.Connection, path: str, stamp: tuple[int, int, int], found: Extracted
) -> tuple[int, bool]:
    """Have this file in it, in place of what was known of it: its number, and whether that was something.
    What it says is not found before it is in a part and `put_all`. Inside a transaction."""
    known = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    if known is not None:
        take_out(connection, known[0])
    file = connection.execute(
        "INSERT INTO files (path, size, mtime, inode, language, kind, lines, left_out) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (path, *stamp, found.language, found.kind, found.lines, found.left_out),
    ).lastrowid
    assert file is not None
    return file, known is not None


def put_all(connection: sqlite3.Connection, files: Iterable[tuple[int, str, Extracted]]) -> None:
    """Have all that is in these files, by their ids and paths: of many at once, and in the order of the
    tables, of which else each page would be written again and again. Inside a transaction."""
    lines: list[tuple[int, int, int]] = []
    definitions, imports, named, uses, defined = [], [], [], [], []
    for file, path, found in files:
        lines += [(number, *place) for number, place in enumerate(found.places, file << SHIFT)]
        definitions += [(file, _called(one[0], one[1]), *one) for one in found.definitions]
        imports += [(file, module) for module in found.imports]
        named += [(name, file) for name in names_of(path) if found.places]
        uses += [(name, file, count) for name, count in found.uses]
        if found.kind not in ("docs", "config"):
            defined += [(called, file, is_member) for called, is_member in _defined(found).items()]
    put = connection.executemany
    put("INSERT INTO region_lines (id, start, end) VALUES (?, ?, ?)", lines)
    put(
        "INSERT INTO definitions (file, called, name, kind, line, end) VALUES (?, ?, ?, ?, ?, ?)", definitions
    )
    put("INSERT OR IGNORE INTO imports (file, module) VALUES (?, ?)", imports)
    put("INSERT INTO named (name, file) VALUES (?, ?)", sorted(named))
    put("INSERT OR IGNORE INTO uses (name, file, count) VALUES (?, ?, ?)", sorted(uses))
    put("INSERT INTO defined (called, file, is_member) VALUES (?, ?, ?)", sorted(defined))


def _defined(found: Extracted) -> dict[str, bool]:
    """Names as others write them, and whether each is that of a member only."""
    called: dict[str, bool] = {}
    for name, kind, *_ in found.definitions:
        if kind not in ("heading", "key"):
            last = name.rpartition(".")[2]
            called[last] = called.get(last, True) and last != name
    return called


def _called(name: str, kind: str) -> str:
    return name if kind in ("heading", "key") else name.rpartition(".")[2]


def take_out(connection: sqlite3.Connection, file: int) -> None:
    """No row of this file is left, in any table. Inside a transaction."""
    first = file << SHIFT
    connection.execute("DELETE FROM region_lines WHERE id BETWEEN ? AND ?", (first, first + (1 << SHIFT) - 1))
    connection.executemany(
        "DELETE FROM defined WHERE called = ? AND file = ?",
        connection.execute(
            "SELECT DISTINCT called, file FROM definitions WHERE file = ?", (file,)
        ).fetchall(),
    )
    connection.execute("INSERT OR IGNORE INTO gone (file) VALUES (?)", (file,))
    for table in ("named", "definitions", "uses", "imports"):
        connection.execute(f"DELETE FROM {table} WHERE file = ?", (file,))
    connection.execute("DELETE FROM files WHERE id = ?", (file,))
