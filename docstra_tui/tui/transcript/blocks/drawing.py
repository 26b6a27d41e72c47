"""Blocks at a width: their heights, and their lines when they are looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Protocol

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Block, Leaf, Rule, Table, Text, Verbatim
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about, width_of, wrap_bits
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.blocks.table import DrawnTable
from docstra_tui.tui.transcript.blocks.verbatim import DrawnVerbatim

WIDEST_TEXT = 110
"""Cells of a line of prose; longer ones are hard to read. Code and tables take the whole width."""


class Drawn(Protocol):
    """Something at a width."""

    @property
    def height(self) -> int:
        """How many lines it has."""

    def line(self, row: int) -> Line:
        """One of them."""

    def place(self, row: int) -> Place:
        """A row as a part of the thing, and a row in that."""

    def row_of(self, place: Place) -> int:
        """The row of a place now; about that for a place that another kind of thing made."""


class DrawnLines:
    """Lines that are all there."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    @property
    def height(self) -> int:
        return len(self._lines)

    def line(self, row: int) -> Line:
        return self._lines[row]

    def place(self, row: int) -> Place:
        return (row,)

    def row_of(self, place: Place) -> int:
        # Not cut at the last line: what was below it may be the beginning of the next thing now.
        return about(place)


def draw_leaf(leaf: Leaf, width: int) -> Drawn:
    """A leaf at a width."""
    if isinstance(leaf, Verbatim):
        return DrawnVerbatim(leaf, width)
    if isinstance(leaf, Table):
        return DrawnTable(leaf, width)
    indent = width_of(leaf.rest)
    if isinstance(leaf, Rule):
        rule = "─" * max(1, min(width, WIDEST_TEXT) - indent)
        return DrawnLines([Line((*leaf.first, (rule, look.RULE)), indent + len(rule))])
    assert isinstance(leaf, Text)
    lines = []
    for number, (bits, joint) in enumerate(wrap_bits(leaf.bits, max(4, min(width, WIDEST_TEXT) - indent))):
        prefix = leaf.rest if number else leaf.first
        is_marked = any(style & look.LISTMARK for _, style in prefix)
        lines.append(Line((*prefix, *bits), 0 if is_marked else indent, joint))
    return DrawnLines(lines)


class DrawnBlock:
    """A block at a width, with the empty line above it."""

    def __init__(self, block: Block, width: int) -> None:
        self.block = block
        self._parts: list[Drawn] = []
        if block.gap:
            self._parts.append(DrawnLines([BLANK]))
        for leaf in block.leaves:
            if leaf.gap is not None:
                self._parts.append(DrawnLines([Line(leaf.gap, width_of(leaf.gap))]))
            self._parts.append(draw_leaf(leaf, width))
        self._measure()

    def update(self) -> None:
        """Take in what was added to an open block."""
        for part in self._parts:
            if isinstance(part, DrawnVerbatim | DrawnTable):
                part.update()
        self._measure()

    def line(self, row: int) -> Line:
        """The line at `row`."""
        index = bisect_right(self._ends, row)
        return self._parts[index].line(row - (self._ends[index - 1] if index else 0))

    def place(self, row: int) -> Place:
        """`row` as one of its parts, and what that makes of it."""
        index = min(bisect_right(self._ends, row), len(self._parts) - 1)
        return index, *self._parts[index].place(row - (self._ends[index - 1] if index else 0))

    def row_of(self, place: Place) -> int:
        """The row of a place now."""
        if len(place) < 2:
            return min(about(place), max(0, self.height - 1))
        index = max(0, min(place[0], len(self._parts) - 1))
        return (self._ends[index - 1] if index else 0) + self._parts[index].row_of(place[1:])

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        for part, top in zip(self._parts, [0, *self._ends], strict=False):
            if isinstance(part, DrawnVerbatim) and top < end and top + part.height > first:
                yield part.source_lines

    def _measure(self) -> None:
        self._ends: list[int] = []
        total = 0
        for part in self._parts:
            total += part.height
            self._ends.append(total)
        self.height = total
