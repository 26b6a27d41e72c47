"""What is left of a damaged file of sessions, put into a new one: every row that can still be read.

A row is known by what it holds, not by where it stood: the table of contents may be what is damaged.
What is missing of a row is empty in the new file, and a text that lost its end closes with a byte that is
no UTF-8, by which whoever reads it knows (`values`).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.session.store.old_thinking import take_thinking_out
from docstra_tui.session.store.orphans import adopt_orphans
from docstra_tui.session.store.pages import Pages, Row
from docstra_tui.session.store.row_kinds import FITTING, SHORTEST_TURN, TURN_WITH_THINKING
from docstra_tui.session.store.transaction import transaction
from docstra_tui.session.store.values import Value

CUT = b"\xff"
"""Closes a text that lost its end."""

TURN_MARK = re.compile(rb"\x00\x25[\x01-\x09]")
"""How the types of a turn's row begin: its number (kept as the rowid), twelve characters of a session's id,
the time it was asked."""


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
    pages = Pages(damaged.read_bytes())
    shapes = [_shape(connection, table, fits) for table, fits in FITTING.items()]
    turns = next(shape for shape in shapes if shape.table == "turns")
    old: set[int] = set()
    with transaction(connection):
        connection.execute("PRAGMA defer_foreign_keys = ON")  # a turn may come before its session
        for row in pages.rows():
            shape = next((one for one in shapes if one.fits(row)), None)
            if shape is not None and _insert(connection, shape, row) and shape is turns:
                old |= _in_old_shape(row)
        for row in pages.rows_like(TURN_MARK, SHORTEST_TURN):
            if turns.fits(row) and _insert(connection, turns, row):
                old |= _in_old_shape(row)
        take_thinking_out(connection, old)
        connection.execute("DELETE FROM items WHERE turn_id NOT IN (SELECT id FROM turns)")
        adopt_orphans(connection)
        connection.execute(
            "DELETE FROM sessions WHERE draft = '' AND id NOT IN (SELECT session_id FROM turns) "
            "AND id NOT IN (SELECT session_id FROM waiting)"
        )
        found = connection.execute("SELECT count(*), (SELECT count(*) FROM turns) FROM sessions").fetchone()
    return Salvaged(*found)


def _shape(connection: sqlite3.Connection, table: str, fits: Callable[[Row], bool]) -> Shape:
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    columns = tuple((str(row[1]), str(row[2]), str(row[4] or "")) for row in rows)
    return Shape(table, columns, fits)


def _in_old_shape(row: Row) -> set[int]:
    """The number of a turn that was written when thinking was a part of its answer."""
    return set() if row.rowid is None or len(row.values) >= TURN_WITH_THINKING else {row.rowid}


def _insert(connection: sqlite3.Connection, shape: Shape, row: Row) -> bool:
    """Add a row that is not there yet; what its columns may not hold becomes what they may. True when it was
    added."""
    columns = shape.columns[: len(row.values)]
    values = list(_fitting(shape, row))
    names = ", ".join(name for name, _, _ in columns)
    marks = ", ".join("?" * len(columns))
    try:
        added = connection.execute(f"INSERT OR IGNORE INTO {shape.table} ({names}) VALUES ({marks})", values)
    except (sqlite3.IntegrityError, OverflowError):
        return False  # beyond what any of our rows can say
    return added.rowcount == 1


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
            whole = int(default) if kind == "INTEGER" and default else 0
            instead: dict[str, Value] = {"TEXT": default.strip("'"), "BLOB": b""}
            yield None if name in MAY_BE_NULL else instead.get(kind, whole)


HELD_BY: dict[str, tuple[type, ...]] = {
    "TEXT": (str, bytes),
    "BLOB": (bytes,),
    "REAL": (int, float),
    "INTEGER": (int, float),
}

FIGURES = ("prompt_tokens", "completion_tokens", "reused_tokens", "thinking_tokens")
TIMES = ("ttft_s", "tokens_per_s", "thinking_s")
MAY_BE_NULL = frozenset(
    ("error", "finish_reason", *FIGURES, *TIMES, "path", "start_line", "end_line", "settings")
)
