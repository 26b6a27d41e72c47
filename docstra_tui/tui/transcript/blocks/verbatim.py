"""Verbatim lines at a width: how high each is, and the lines themselves when they are looked at."""

from __future__ import annotations

from bisect import bisect_right

from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Verbatim
from docstra_tui.tui.transcript.blocks.lines import (
    Bits,
    Line,
    Place,
    about,
    break_text,
    chop,
    cut_bits,
    width_of,
)
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

CONTINUED = "↪ "
KEPT = 200
"""Drawn lines kept for the next look."""


class DrawnVerbatim:
    """A `Verbatim` leaf at a width."""

    def __init__(self, leaf: Verbatim, width: int) -> None:
        self._leaf = leaf
        self._indent = width_of(leaf.rest)
        self._room = max(4, width - self._indent)
        self._ends: list[int] = []
        """Lines up to the end of each whole source line."""
        self._drawn: dict[int, tuple[Bits, list[Line]]] = {}
        self._headers = _wrapped(leaf.info, max(1, self._room - 1)) if leaf.is_code and leaf.info else []
        self.header = len(self._headers)
        self.update()

    @property
    def source_lines(self) -> SourceLines:
        """What is drawn."""
        return self._leaf.lines

    def update(self) -> None:
        """Take in the lines that came."""
        lines = self._leaf.lines.lines
        del self._ends[len(lines) :]
        total = self._ends[-1] if self._ends else 0
        for index in range(len(self._ends), len(lines)):
            total += self._rows(lines[index])
            self._ends.append(total)

    @property
    def height(self) -> int:
        partial = self._leaf.lines.partial
        whole = self._ends[-1] if self._ends else 0
        height = self.header + whole + (self._rows(partial) if partial is not None else 0)
        return max(1, height)

    def line(self, row: int) -> Line:
        """The line at `row`."""
        if row < self.header:
            return self._header(row)
        row -= self.header
        index = bisect_right(self._ends, row)
        first = self._ends[index - 1] if index else 0
        if index >= len(self._leaf.lines):
            return self._line((), 0, first=index == 0)
        drawn = self._draw(index)
        return drawn[min(row - first, len(drawn) - 1)]

    def place(self, row: int) -> Place:
        """The source line, and the row of it; -1 for what stands above the first."""
        if row < self.header:
            return -1, row
        index = bisect_right(self._ends, row - self.header)
        return index, row - self.header - (self._ends[index - 1] if index else 0)

    def row_of(self, place: Place) -> int:
        """The row of a place now."""
        if len(place) != 2:
            return about(place)
        index, row = place[0], max(0, place[1])
        if index < 0:
            return min(row, max(0, self.header - 1))
        first = self.header + (self._ends[min(index, len(self._ends)) - 1] if index and self._ends else 0)
        return min(
            first + row, self.header + self._ends[index] - 1 if index < len(self._ends) else first + row
        )

    @property
    def _text_room(self) -> int:
        return max(2, self._room - 2) if self._leaf.is_code else self._room

    def _rows(self, text: str) -> int:
        room = self._text_room
        if len(text) <= room and (text.isascii() or cell_len(text) <= room):
            return 1
        return len(self._ranges(text))

    def _ranges(self, text: str) -> list[tuple[int, int, str]]:
        room = self._text_room
        if not self._leaf.is_code:
            return break_text(text, room)
        if len(text) <= room and (text.isascii() or cell_len(text) <= room):
            return [(0, len(text), "\n")]
        head = next(chop(text, room))[1]
        left = max(1, room - len(CONTINUED))
        rest = [(head + a, head + b, "") for a, b in chop(text[head:], left)] if head < len(text) else []
        return [(0, head, "\n"), *rest]

    def _draw(self, index: int) -> list[Line]:
        bits = self._leaf.lines.bits(index)
        kept = self._drawn.get(index)
        if kept is not None and kept[0] == bits:  # of a line that is too long for one, every row asks
            return kept[1]
        ranges = self._ranges(self._leaf.lines.text(index))
        parts = cut_bits(bits, [(a, b) for a, b, _ in ranges]) if bits else [()]
        lines = [
            self._line(part, number, joint, first=index == 0)
            for number, (part, (_, _, joint)) in enumerate(zip(parts, ranges, strict=False))
        ]
        if len(self._drawn) > KEPT:
            self._drawn.clear()
        self._drawn[index] = (bits, lines)
        return lines

    def _line(self, bits: Bits, number: int, joint: str = "\n", *, first: bool) -> Line:
        leaf = self._leaf
        prefix = leaf.first if first and number == 0 and not self.header else leaf.rest
        if not leaf.is_code:
            return Line((*prefix, *bits), self._indent, joint)
        lead = " " + (CONTINUED if number else "")
        used = len(lead) + width_of(bits)
        fill = " " * max(0, self._room - used)
        edge = (lead, look.FENCE | look.MUTED)
        return Line((*prefix, edge, *bits, (fill, look.FENCE)), self._indent + len(lead), joint)

    def _header(self, row: int) -> Line:
        info = self._headers[row]
        fill = " " * max(0, self._room - cell_len(info) - 1)
        bits = ((" ", look.FENCE), (info, look.FENCE | look.MUTED), (fill, look.FENCE))
        prefix = self._leaf.rest if row else self._leaf.first
        return Line((*prefix, *bits), self._indent + self._room)


def _wrapped(text: str, width: int) -> list[str]:
    return [text[start:end] for start, end, _ in break_text(text, width)]
