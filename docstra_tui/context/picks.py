"""What a person picked from the tree: a file, or lines of it. Knows nothing about how it is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Pick(NamedTuple):
    """One thing to send. A tuple: a folder may bring ten thousand of them, at one key."""

    path: str
    """Relative to the root, `/` between parts."""
    start_line: int | None = None
    """From 1; None for the whole file."""
    end_line: int | None = None
    """Included."""

    @property
    def label(self) -> str:
        """`src/a.py`, `src/a.py:10-40`: the same as the context item's."""
        return self.path if self.start_line is None else f"{self.path}:{self.start_line}-{self.end_line}"

    @property
    def place(self) -> tuple[tuple[tuple[int, str, str], ...], int, int]:
        """A sort key: the order of the tree, then of the lines."""
        return tree_order(self.path), self.start_line or 0, self.end_line or 0


def tree_order(path: str) -> tuple[tuple[int, str, str], ...]:
    """A sort key: folders before files on every level, names without regard to case."""
    parts = path.split("/")
    last = len(parts) - 1
    return tuple((int(i == last), part.casefold(), part) for i, part in enumerate(parts))


def without_lines(ranges: Iterable[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The parts of the lines `start` to `end` that are in none of `ranges`, in their order."""
    parts: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if first > start:
            parts.append((start, min(end, first - 1)))
        start = max(start, last + 1)
        if start > end:
            return parts
    return [*parts, (start, end)]


def with_lines(ranges: Iterable[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of lines with one more; those that overlap or touch become one, in their order."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted([*ranges, (start, end)]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
