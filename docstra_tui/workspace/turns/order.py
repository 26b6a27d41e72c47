"""The order of the questions that wait: with one taken out, moved, or put where another stood."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstra_tui.session.turn_request import TurnRequest


def numbers(rows: Sequence[TurnRequest]) -> list[int]:
    """Of each its question's; 0 where it has none."""
    return [one.question.id if one.question is not None else 0 for one in rows]


def following(rows: Sequence[TurnRequest], number: int) -> int | None:
    """The one behind it; None where it is the last, or is not there."""
    known = numbers(rows)
    at = known.index(number) + 1 if number in known else len(known)
    return known[at] if at < len(known) else None


def moved(rows: Sequence[TurnRequest], number: int, step: int) -> list[TurnRequest] | None:
    """With one so many places later, or earlier; None where it cannot be."""
    known, order = numbers(rows), list(rows)
    at = known.index(number) if number in known else -1
    if at < 0 or not 0 <= at + step < len(order):
        return None
    order.insert(at + step, order.pop(at))
    return order


def last_before(rows: Sequence[TurnRequest], number: int | None) -> list[TurnRequest] | None:
    """With the last one in front of another; None where that is not there."""
    known = numbers(rows)
    if number is None or number not in known:
        return None
    return moved(rows, known[-1], known.index(number) - len(known) + 1)


def split(rows: Sequence[TurnRequest], number: int) -> tuple[list[TurnRequest], deque[TurnRequest]]:
    """That one, and the others."""
    known = list(zip(rows, numbers(rows), strict=True))
    return [one for one, its in known if its == number], deque(one for one, its in known if its != number)
