"""Some blocks of an answer in a row, drawn together: small enough to be laid out in one go."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from docstra_tui.tui.transcript.blocks.drawing import DrawnBlock
from docstra_tui.tui.transcript.blocks.leaves import Block
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

FULL = 4_000
"""Characters of answer after which a chunk takes no more blocks."""


class Chunk:
    """Finished blocks, and in the last chunk of an answer that grows its tail."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.tail: list[Block] = []
        self._size = 0
        self._width = 0
        self._drawn: list[DrawnBlock] = []
        self._tail_drawn: list[DrawnBlock] = []
        self._ends: list[int] = []

    @property
    def is_full(self) -> bool:
        """True when the next block belongs to another chunk."""
        return self._size >= FULL

    def add(self, block: Block) -> None:
        """A finished block."""
        self.blocks.append(block)
        self._size += max(1, block.end - block.start)

    # Layout

    def is_laid(self, width: int) -> bool:
        """True when its lines are those for `width`."""
        return self._width == width

    def lay(self, width: int) -> None:
        """Draw what is not drawn yet; blocks that are finished and drawn stay as they are."""
        if self._width != width:
            self._width = width
            self._drawn, self._tail_drawn, self._ends = [], [], []
        known = {id(drawn.block): drawn for drawn in self._tail_drawn}
        for block in self.blocks[len(self._drawn) :]:
            drawn = self._draw(block, known)
            self._drawn.append(drawn)
            self._ends.append((self._ends[-1] if self._ends else 0) + drawn.height)
        self._tail_drawn = [self._draw(block, known) for block in self.tail]

    def _draw(self, block: Block, known: dict[int, DrawnBlock]) -> DrawnBlock:
        drawn = known.get(id(block))
        if drawn is None:
            return DrawnBlock(block, self._width)
        drawn.update()
        return drawn

    @property
    def finished_height(self) -> int:
        """Lines that cannot change any more."""
        return self._ends[-1] if self._ends else 0

    @property
    def height(self) -> int:
        return self.finished_height + sum(drawn.height for drawn in self._tail_drawn)

    def line(self, row: int) -> Line:
        """The line at `row`."""
        found = self.drawn_at(row)
        return BLANK if found is None else found[0].line(found[1])

    def place(self, row: int) -> Place:
        """The block at `row`, and what that makes of it."""
        top = 0
        for index, drawn in enumerate((*self._drawn, *self._tail_drawn)):
            if row < top + drawn.height:
                return index, *drawn.place(row - top)
            top += drawn.height
        return len(self._drawn) + len(self._tail_drawn), row - top

    def row_of(self, place: Place) -> int:
        """The row of a place now."""
        every = (*self._drawn, *self._tail_drawn)
        index = max(0, place[0]) if place else 0
        top = sum(drawn.height for drawn in every[:index])
        if index >= len(every):
            return top + about(place[1:])
        return top + every[index].row_of(place[1:])

    def rows(self) -> list[tuple[Block, int, int]]:
        """Every block with its first row (without the empty line above) and the row after it."""
        result, top = [], 0
        for drawn in (*self._drawn, *self._tail_drawn):
            gap = 1 if drawn.block.gap else 0
            result.append((drawn.block, top + gap, top + drawn.height))
            top += drawn.height
        return result

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        top = 0
        for drawn in (*self._drawn, *self._tail_drawn):
            if top < end and top + drawn.height > first:
                yield from drawn.code(first - top, end - top)
            top += drawn.height

    def drawn_at(self, row: int) -> tuple[DrawnBlock, int] | None:
        """The block at `row` as it is drawn, and the row in it."""
        index = bisect_right(self._ends, row)
        if index < len(self._drawn):
            return self._drawn[index], row - (self._ends[index - 1] if index else 0)
        row -= self.finished_height
        for drawn in self._tail_drawn:
            if row < drawn.height:
                return drawn, row
            row -= drawn.height
        return None
