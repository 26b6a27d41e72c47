"""The tables of a project's index.

A region's row is its file's id times 4096 and its number in the file. `regions` keeps no texts: what it was
given is in `texts`, packed, because that is what SQLite wants to hear again when something is taken out.
"""

from __future__ import annotations

import sqlite3
import zlib
from typing import Any

import msgspec

from docstra_tui.context.search.facts import FileFacts

VERSION = 1
"""Of the tables below, and of what is put into them: of another one the file is made anew."""

SHIFT = 12
"""Bits of a region's number in its file."""

TABLES = (
    # left_out: why only the name is known, empty where the text is; size, mtime, inode: as they were then
    "CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, "
    "mtime INTEGER NOT NULL, inode INTEGER NOT NULL, language TEXT NOT NULL, kind TEXT NOT NULL, "
    "lines INTEGER NOT NULL, left_out TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE regions USING fts5 "
    "(path, names, comments, body, content = '', tokenize = 'unicode61')",
    "CREATE TABLE region_lines (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, end INTEGER NOT NULL)",
    "CREATE TABLE definitions (name TEXT NOT NULL, file INTEGER NOT NULL, kind TEXT NOT NULL, "
    "line INTEGER NOT NULL, end INTEGER NOT NULL)",
    "CREATE INDEX definitions_called ON definitions (name)",
    "CREATE INDEX definitions_of ON definitions (file)",
    "CREATE TABLE uses (file INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, "
    "PRIMARY KEY (file, name)) WITHOUT ROWID",
    "CREATE INDEX uses_called ON uses (name)",
    "CREATE TABLE imports (file INTEGER NOT NULL, module TEXT NOT NULL, "
    "PRIMARY KEY (file, module)) WITHOUT ROWID",
    "CREATE INDEX imports_called ON imports (module)",
    "CREATE TABLE texts (file INTEGER PRIMARY KEY, packed BLOB NOT NULL)",
    "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)

Row = tuple[str, str, str, str]


def pack(rows: list[Row]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(rows), 1)


def unpack(packed: bytes) -> list[Any]:
    rows: list[Any] = msgspec.msgpack.decode(zlib.decompress(packed))
    return rows


def make(connection: sqlite3.Connection) -> None:
    """In an empty file. Inside a transaction."""
    for statement in TABLES:
        connection.execute(statement)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def put(
    connection: sqlite3.Connection,
    facts: FileFacts,
    path_words: str,
    stamp: tuple[int, int, int],
    lines: int,
    left_out: str,
) -> None:
    """Have this file in it; one of this path is not there. Inside a transaction."""
    file = connection.execute(
        "INSERT INTO files (path, size, mtime, inode, language, kind, lines, left_out) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (facts.path, *stamp, facts.language, facts.kind, lines, left_out),
    ).lastrowid
    assert file is not None
    first = file << SHIFT
    regions = facts.regions[: 1 << SHIFT]
    rows = [
        ("" if number else path_words, region.names, region.comments, region.body)
        for number, region in enumerate(regions)
    ]
    connection.executemany(
        "INSERT INTO regions (rowid, path, names, comments, body) VALUES (?, ?, ?, ?, ?)",
        [(first + number, *row) for number, row in enumerate(rows)],
    )
    connection.executemany(
        "INSERT INTO region_lines (id, start, end) VALUES (?, ?, ?)",
        [(first + number, region.start, region.end) for number, region in enumerate(regions)],
    )
    connection.execute("INSERT INTO texts (file, packed) VALUES (?, ?)", (file, pack(rows)))
    connection.executemany(
        "INSERT INTO definitions (name, file, kind, line, end) VALUES (?, ?, ?, ?, ?)",
        [(one.name, file, one.kind, one.line, one.end) for one in facts.definitions],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO uses (file, name, count) VALUES (?, ?, ?)",
        [(file, name, count) for name, count in facts.uses],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO imports (file, module) VALUES (?, ?)",
        [(file, module) for module in facts.imports],
    )


def take_out(connection: sqlite3.Connection, file: int) -> None:
    """No row of this file is left, in any table. Inside a transaction."""
    found = connection.execute("SELECT packed FROM texts WHERE file = ?", (file,)).fetchone()
    first = file << SHIFT
    connection.executemany(
        "INSERT INTO regions (regions, rowid, path, names, comments, body) VALUES ('delete', ?, ?, ?, ?, ?)",
        [(first + number, *row) for number, row in enumerate(unpack(found[0]) if found is not None else ())],
    )
    connection.execute("DELETE FROM region_lines WHERE id BETWEEN ? AND ?", (first, first + (1 << SHIFT) - 1))
    for table in ("definitions", "uses", "imports", "texts"):
        connection.execute(f"DELETE FROM {table} WHERE file = ?", (file,))
    connection.execute("DELETE FROM files WHERE id = ?", (file,))
