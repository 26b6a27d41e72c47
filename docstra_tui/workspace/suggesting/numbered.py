"""Picking from a numbered list by what is typed: `1 3-5`."""

from __future__ import annotations

import re

from docstra_tui.errors import UsageError

_NUMBERS = re.compile(r"\s*\d{1,6}(?:\s*-\s*\d{1,6})?(?:[\s,]+\d{1,6}(?:\s*-\s*\d{1,6})?)*[\s,]*")


def numbers_in(text: str) -> tuple[tuple[int, int], ...] | None:
    """The numbers and ranges of a text that has nothing else; None for any other."""
    if _NUMBERS.fullmatch(text) is None:
        return None
    found = re.findall(r"(\d+)(?:\s*-\s*(\d+))?", text)
    return tuple((int(first), int(last or first)) for first, last in found)


def picked(text: str, count: int) -> tuple[int, ...] | None:
    """The places (from 0) in a list of `count` rows that a text names, each once; None where it is no list
    of numbers. Raises `UsageError` for a number that no row has."""
    ranges = numbers_in(text)
    if ranges is None:
        return None
    if not count:
        raise UsageError("Nothing is listed yet.")
    for first, last in ranges:
        if not 1 <= first <= last <= count:
            wrong = f"{first}-{last}" if first != last else f"{first}"
            raise UsageError(f"The list has no {wrong}.", f"Its rows are 1 to {count}.")
    return tuple(dict.fromkeys(n - 1 for first, last in ranges for n in range(first, last + 1)))
