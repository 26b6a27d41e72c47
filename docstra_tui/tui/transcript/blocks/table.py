"""Tables within a width: columns as wide as they need, narrower where there is no room."""

from __future__ import annotations

from bisect import bisect_right

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Table
from docstra_tui.tui.transcript.blocks.lines import Bits, Line, Place, about, width_of, wrap_bits

SEPARATOR = " │ "
NARROWEST = 4
KEPT = 100


class DrawnTable:
    """A `Table` leaf at a width. Rows that come may widen columns; then all are measured again."""

    def __init__(self, leaf: Table, width: int) -> None:
        self._leaf = leaf
        self._indent = width_of(leaf.rest)
        self._room = max(1, width - self._indent)
        self._natural = [_widest(cell) for cell in leaf.head]
        """What the columns need for the head and the whole rows."""
        self._counted = 0
        self._widths: list[int] = []
        self._measured: list[tuple[Bits, ...]] = []
        self._ends: list[int] = []
        self._drawn: dict[int, list[Line]] = {}
        self._has_rows = False
        self.update()

    @property
    def height(self) -> int:
        return self._ends[-1] if self._ends else self._head_height

    @property
    def is_stacked(self) -> bool:
        """True when there are too many columns to stand side by side."""
        count = len(self._leaf.head)
        return count * NARROWEST + (count - 1) * len(SEPARATOR) > self._room

    def update(self) -> None:
        """Take in the rows that came; the last ones may have changed."""
        rows = self._leaf.rows
        whole = len(rows) - self._leaf.is_partial
        same = len(self._measured)
        while same and (same > len(rows) or self._measured[same - 1] is not rows[same - 1]):
            same -= 1
        self._natural = _widened(self._natural, rows[self._counted : whole])
        self._counted = whole
        # A row that is being written widens them too, but not for good: half a `**word**` is longer.
        widths = self._share(_widened(self._natural, rows[whole:]))
        if widths != self._widths or bool(rows) is not self._has_rows:
            self._widths, same, self._has_rows = widths, 0, bool(rows)
            self._head = self._draw_head()
            self._head_height = len(self._head)
            self._drawn.clear()
        for index in [index for index in self._drawn if index >= same]:
            del self._drawn[index]
        del self._ends[same:]
        total = self._ends[-1] if self._ends else self._head_height
        for row in rows[same:]:
            total += self._row_height(row)
            self._ends.append(total)
        self._measured = list(rows)

    def line(self, row: int) -> Line:
        """The line at `row`."""
        if row < self._head_height:
            return self._head[row]
        index = bisect_right(self._ends, row)
        if index >= len(self._leaf.rows):
            return Line(self._leaf.rest, self._indent)
        first = self._ends[index - 1] if index else self._head_height
        drawn = self._drawn.get(index)
        if drawn is None:
            if len(self._drawn) > KEPT:
                self._drawn.clear()
            drawn = self._drawn[index] = self._draw_row(self._leaf.rows[index], index == 0)
        return drawn[min(row - first, len(drawn) - 1)]

    def place(self, row: int) -> Place:
        """The table's row, and the row of the screen in it; -1 for the columns' names."""
        if row < self._head_height:
            return -1, row
        index = bisect_right(self._ends, row)
        return index, row - (self._ends[index - 1] if index else self._head_height)

    def row_of(self, place: Place) -> int:
        """The row of a place now."""
        if len(place) != 2:
            return about(place)
        index, row = place[0], max(0, place[1])
        if index < 0 or not self._ends:
            return min(row, max(0, self._head_height - 1))
        index = min(index, len(self._ends) - 1)
        first = self._ends[index - 1] if index else self._head_height
        return min(first + row, self._ends[index] - 1)

    def _share(self, needed: list[int]) -> list[int]:
        """Column widths: what is needed where there is room, else an even share of what is left."""
        widths = [max(1, width) for width in needed]
        room = self._room - (len(widths) - 1) * len(SEPARATOR)
        if sum(widths) <= room or self.is_stacked:
            return widths
        shared: dict[int, int] = {}
        left, open_columns = room, sorted(range(len(widths)), key=widths.__getitem__)
        while open_columns:
            fair = left // len(open_columns)
            column = open_columns.pop(0)
            shared[column] = min(widths[column], max(NARROWEST, fair))
            left -= shared[column]
        return [shared[column] for column in range(len(widths))]

    def _row_height(self, row: tuple[Bits, ...]) -> int:
        if self.is_stacked:
            return len(self._draw_stacked(row, False))
        height = 1
        for cell, width in zip(row, self._widths, strict=False):
            if _widest(cell) > width or _has_feed(cell):
                height = max(height, len(wrap_bits(cell, width)))
        return height

    def _draw_head(self) -> list[Line]:
        if self.is_stacked:
            return [] if self._leaf.rows else self._draw_names()
        head = self._draw_cells(self._leaf.head, is_first=True)
        rule = "─┼─".join("─" * width for width in self._widths)
        return [*head, Line((*self._leaf.rest, (rule, look.RULE)), self._indent + len(rule))]

    def _draw_names(self) -> list[Line]:
        """The columns' names of a table that has nothing else yet and no room to have them in a row."""
        names: list[tuple[str, int]] = []
        for number, name in enumerate(self._leaf.head):
            names += [(SEPARATOR, look.RULE), *name] if number else name
        return [Line((*self._leaf.rest, *bits), self._indent) for bits, _ in wrap_bits(names, self._room)]

    def _draw_row(self, row: tuple[Bits, ...], is_first: bool) -> list[Line]:
        if self.is_stacked:
            return self._draw_stacked(row, is_first)
        return self._draw_cells(row)

    def _draw_cells(self, cells: tuple[Bits, ...], *, is_first: bool = False) -> list[Line]:
        columns = [
            [bits for bits, _ in wrap_bits(cell, width)]
            for cell, width in zip(cells, self._widths, strict=False)
        ]
        lines = []
        for number in range(max((len(column) for column in columns), default=1)):
            prefix = self._leaf.first if is_first and not number else self._leaf.rest
            bits: list[tuple[str, int]] = list(prefix)
            for column, parts in enumerate(columns):
                if column:
                    bits.append((SEPARATOR, look.RULE))
                part = parts[number] if number < len(parts) else ()
                bits += _align(part, self._widths[column], self._leaf.alignments[column])
            lines.append(Line(tuple(bits), self._indent))
        return lines

    def _draw_stacked(self, row: tuple[Bits, ...], is_first: bool) -> list[Line]:
        """One cell under the other, each with its column's name."""
        lines: list[Line] = []
        for name, cell in zip(self._leaf.head, row, strict=False):
            for bits, joint in wrap_bits((*name, (": ", look.MUTED), *cell), self._room):
                prefix = self._leaf.first if is_first and not lines else self._leaf.rest
                lines.append(Line((*prefix, *bits), self._indent, joint))
        rule = "─" * min(self._room, 12)
        return [*lines, Line((*self._leaf.rest, (rule, look.RULE)), self._indent + len(rule))]


def _align(bits: Bits, width: int, alignment: str) -> Bits:
    space = max(0, width - width_of(bits))
    if not space:
        return bits
    left = {"right": space, "center": space // 2}.get(alignment, 0)
    before = ((" " * left, look.PLAIN),) if left else ()
    after = ((" " * (space - left), look.PLAIN),) if space - left else ()
    return (*before, *bits, *after)


def _widened(widths: list[int], rows: list[tuple[Bits, ...]]) -> list[int]:
    widest = list(widths)
    for row in rows:
        for column, cell in enumerate(row[: len(widest)]):
            widest[column] = max(widest[column], _widest(cell))
    return widest


def _has_feed(bits: Bits) -> bool:
    return any("\n" in text for text, _ in bits)


def _widest(bits: Bits) -> int:
    return width_of(bits)
