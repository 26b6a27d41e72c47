"""Which table of ours a row belongs to, by what it holds: for rows that no table of contents leads to."""

from __future__ import annotations

import re
from collections.abc import Callable

from docstra_tui.session.store.pages import Row
from docstra_tui.session.store.values import Value

DIGEST = re.compile(r"[0-9a-f]{64}\Z")

SHORTEST_TURN = 17
"""Columns of a turn in the oldest shape."""

TURN_WITH_THINKING = 21
"""Columns of a turn whose answer holds nothing that was thought."""


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
