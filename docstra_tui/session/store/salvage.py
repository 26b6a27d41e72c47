"""What is left of a damaged file of sessions, put into a new one: every row that can still be read.

A row is known by what it holds, not by where it stood: the table of contents may be what is damaged.
What is missing of a row is empty in the new file, and a text that lost its end closes with a byte that is
no UTF-8, by which whoever reads it knows (`rows`).
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.session.turns import title_of

if TYPE_CHECKING:
    from docstra_tui.session.store.pages import Row, Value

CUT = b"\xff"
"""Closes a text that lost its end."""

TURN_MARK = re.compile(rb"\x00\x25[\x01-\x09]")
"""How the types of a turn's row begin: its number (kept as the rowid), twelve characters of a session's id,
the time it was asked."""

DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Salvaged:
    """How much was found."""

    sessions: int
    turns: int


@dataclass(frozen=True)
class Shape:
    """A table of ours: how to know its rows, and what each column holds."""

    table: str
    columns: tuple[tuple[str, str, str], ...]
    """Name, declared type and default, in order."""
    fits: Callable[[Row], bool]


def salvage(damaged: Path, connection: sqlite3.Connection) -> Salvaged:
    """Put every row of the file at `damaged` that can be read into the new database, in one transaction.

    Raises `OSError`, `sqlite3.Error` for the new one; whatever is wrong with the old one costs rows.
    """
    from docstra_tui.session.store.pages import Pages  # no start needs it: only a damaged file is read so

    pages = Pages(damaged.read_bytes())
    shapes = [_shape(connection, table, fits) for table, fits in FITTING.items()]
    turns = next(shape for shape in shapes if shape.table == "turns")
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("PRAGMA defer_foreign_keys = ON")  # a turn may come before its session
        for row in pages.rows():
            shape = next((one for one in shapes if one.fits(row)), None)
            if shape is not None:
                _insert(connection, shape, row)
        for row in pages.rows_like(TURN_MARK, SHORTEST_TURN):
            if turns.fits(row):
                _insert(connection, turns, row)
        connection.execute("DELETE FROM items WHERE turn_id NOT IN (SELECT id FROM turns)")
        adopt_orphans(connection)
        connection.execute(
            "DELETE FROM sessions WHERE draft = '' AND id NOT IN (SELECT session_id FROM turns) "
            "AND id NOT IN (SELECT session_id FROM waiting)"
        )
        found = connection.execute("SELECT count(*), (SELECT count(*) FROM turns) FROM sessions").fetchone()
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return Salvaged(*found)


def adopt_orphans(connection: sqlite3.Connection) -> None:
    """Give turns and waiting questions whose session is gone one of their own, named after the first."""
    groups: dict[Value, list[tuple[str, int, Value, Value, Value]]] = {}
    for table, number, session_id, *what in connection.execute(
        "SELECT 'turns', id, session_id, asked, question, model FROM turns "
        "WHERE session_id NOT IN (SELECT id FROM sessions) UNION ALL "
        "SELECT 'waiting', id, session_id, accepted, question, '' FROM waiting "
        "WHERE session_id NOT IN (SELECT id FROM sessions) ORDER BY 4, 2"
    ).fetchall():
        groups.setdefault(session_id, []).append((table, number, *what))
    for session_id, asked in groups.items():
        (_, _, first, question, model), (_, _, last, _, _) = asked[0], asked[-1]
        # One that is no text any more cannot be compared with anything: it gets another.
        named = session_id if isinstance(session_id, str) else secrets.token_hex(6)
        connection.execute(
            "INSERT INTO sessions (id, root, model, title, draft, created, updated) "
            "VALUES (?, x'', ?, ?, '', ?, ?)",
            (named, model, title_of(_shown(question)), first, last),
        )
        if named != session_id:
            for table, number, *_ in asked:
                connection.execute(f"UPDATE {table} SET session_id = ? WHERE id = ?", (named, number))


def _shown(text: Value) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


# How rows are known

SHORTEST_TURN = 17
"""Columns of a turn in the oldest shape."""


def _is_turn(row: Row) -> bool:
    values = row.values
    return (
        row.rowid is not None
        and len(values) >= SHORTEST_TURN
        and values[0] is None
        and isinstance(values[1], str)
        and isinstance(values[2], int | float)
        and isinstance(values[3], str | bytes)
    )


def _is_session(row: Row) -> bool:
    values = row.values
    return (
        row.rowid is not None
        and 7 <= len(values) < SHORTEST_TURN
        and isinstance(values[0], str)
        and isinstance(values[1], bytes)
        and isinstance(values[5], int | float)
    )


def _is_waiting(row: Row) -> bool:
    values = row.values
    return (
        row.rowid is not None
        and len(values) == 5
        and values[0] is None
        and isinstance(values[1], str)
        and isinstance(values[2], int | float)
        and isinstance(values[3], str | bytes)
    )


def _is_item(row: Row) -> bool:
    # The primary key comes first, in any table without rowids: it is our order too.
    values = row.values
    return (
        row.rowid is None
        and len(values) >= 8
        and all(isinstance(value, int) for value in values[:3])
        and _is_digest(values[7])
    )


def _is_content(row: Row) -> bool:
    values = row.values
    return (
        row.rowid is None
        and len(values) == 2
        and _is_digest(values[0])
        and isinstance(values[1], str | bytes)
    )


def _is_digest(value: Value) -> bool:
    return isinstance(value, str) and DIGEST.match(value) is not None


FITTING: dict[str, Callable[[Row], bool]] = {
    "turns": _is_turn,
    "sessions": _is_session,
    "waiting": _is_waiting,
    "items": _is_item,
    "contents": _is_content,
}


# Into the new file


def _shape(connection: sqlite3.Connection, table: str, fits: Callable[[Row], bool]) -> Shape:
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    columns = tuple((str(row[1]), str(row[2]), str(row[4] or "")) for row in rows)
    return Shape(table, columns, fits)


def _insert(connection: sqlite3.Connection, shape: Shape, row: Row) -> None:
    """Add a row that is not there yet; what its columns may not hold becomes what they may."""
    columns = shape.columns[: len(row.values)]
    values = list(_fitting(shape, row))
    names = ", ".join(name for name, _, _ in columns)
    marks = ", ".join("?" * len(columns))
    try:
        connection.execute(f"INSERT OR IGNORE INTO {shape.table} ({names}) VALUES ({marks})", values)
    except (sqlite3.IntegrityError, OverflowError):
        pass  # beyond what any of our rows can say


def _fitting(shape: Shape, row: Row) -> Iterator[Value]:
    """A row's values as its columns may hold them."""
    last_text = max((i for i, value in enumerate(row.values) if isinstance(value, str | bytes)), default=-1)
    for number, ((name, kind, default), value) in enumerate(zip(shape.columns, row.values, strict=False)):
        if name == "id" and kind == "INTEGER":
            yield row.rowid
        elif isinstance(value, HELD_BY[kind]):
            is_end = row.is_cut and number == last_text
            yield value.encode() + CUT if is_end and isinstance(value, str) else value
        else:
            instead: dict[str, Value] = {"TEXT": default.strip("'"), "BLOB": b""}
            yield None if name in MAY_BE_NULL else instead.get(kind, 0)


HELD_BY: dict[str, tuple[type, ...]] = {
    "TEXT": (str, bytes),
    "BLOB": (bytes,),
    "REAL": (int, float),
    "INTEGER": (int, float),
}

FIGURES = ("prompt_tokens", "completion_tokens", "reused_tokens", "ttft_s", "tokens_per_s")
MAY_BE_NULL = frozenset(("error", "finish_reason", *FIGURES, "path", "start_line", "end_line"))
