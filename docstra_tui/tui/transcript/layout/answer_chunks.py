"""The lines of one answer: its blocks in chunks, and where each chunk begins.

Rows are counted from the first line of the answer. A chunk that was never looked at has about its height.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from docstra_tui.tui.transcript.blocks.drawing import DrawnBlock
from docstra_tui.tui.transcript.blocks.leaves import Block
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.layout import raw_parts
from docstra_tui.tui.transcript.layout.chunk import Chunk

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.blocks.growing import Growing

READ_SECONDS = 0.005
"""How long an answer that grows is read before what was read is laid out."""


def estimate(text: str, width: int) -> int:
    """About how many lines `text` takes."""
    return text.count("\n") + 1 + len(text) // max(8, width)


class AnswerChunks:
    """An answer at one width, as Markdown or as it was written."""

    __slots__ = (
        "_chunks",
        "_ends",
        "_growing",
        "_heights",
        "_is_raw",
        "_is_read",
        "_rest",
        "_taken",
        "_width",
        "is_growing",
        "text",
    )

    def __init__(self, text: str, *, is_growing: bool, is_raw: bool) -> None:
        self.text = text
        """All that came, safe to show but for tabs."""
        self.is_growing = is_growing
        """More may come."""
        self._is_raw = is_raw
        self._width = 0
        self._growing: Growing | None = None
        self._taken = 0
        """How many of the finished blocks are in chunks."""
        self._is_read = False
        self._rest = 0
        """About how many lines are not read yet."""
        self._chunks: list[Chunk] = []
        self._heights: list[int] = []
        self._ends: list[int] = []
        if is_growing and not is_raw:
            self._parser().feed(text)

    def feed(self, text: str) -> None:
        """More of the answer; it is read with the next layout."""
        self.text += text
        if not self._is_raw:
            self._parser().feed(text)

    def _parser(self) -> Growing:
        if self._growing is None:
            from docstra_tui.tui.transcript.blocks.growing import Growing

            self._growing = Growing()
        return self._growing

    # Layout

    def set_width(self, width: int) -> None:
        """Another width: what was read stays, its lines are drawn when they are looked at."""
        self._width = width
        if not self._chunks:
            self._new_chunk()
        for index, chunk in enumerate(self._chunks):
            if chunk.blocks or chunk.tail:
                self._heights[index] = self._guess(chunk)
        self._measure()

    def lay(self, first: int, end: int, stop: float) -> bool:
        """Make rows `first` to `end` right, until `stop`; False when there was not time for all of it."""
        done = self._read(stop)
        self._take()
        while (index := self._next_unlaid(first, end)) is not None:
            self._lay_chunk(index)
            self._measure()
            if time.perf_counter() > stop:
                return False
        return done

    def grow(self, seconds: float) -> tuple[int, bool]:
        """Take in what was fed, for about `seconds`: the first row that may have changed, and whether
        everything was read."""
        row = self.finished_height
        now = time.perf_counter()
        stop, first = now + seconds, len(self._chunks) - 1
        while True:
            # A little is read, then laid out, and so on: reading is quick, and what it brings may not be.
            is_read = self._read(min(stop, now + READ_SECONDS))
            self._take()
            for index in range(first, len(self._chunks)):
                self._lay_chunk(index)
            first, now = len(self._chunks) - 1, time.perf_counter()
            if is_read or now >= stop:
                break
        self._measure()
        return row, is_read

    def _lay_chunk(self, index: int) -> None:
        chunk = self._chunks[index]
        chunk.lay(self._width)
        self._heights[index] = chunk.height

    def _guess(self, chunk: Chunk) -> int:
        blocks = (*chunk.blocks, *chunk.tail)
        return estimate(self.text[blocks[0].start : blocks[-1].end], self._width) + len(blocks)

    def _next_unlaid(self, first: int, end: int) -> int | None:
        """A chunk in rows `first` to `end` whose lines are not known, if there is one."""
        top = 0
        for index, (chunk, height) in enumerate(zip(self._chunks, self._heights, strict=True)):
            if top < end and top + height >= first and not chunk.is_laid(self._width):
                return index
            top += height
        return None

    # Reading

    def _read(self, stop: float) -> bool:
        """Parse what is there, until `stop`; True when all of it is."""
        if self._is_read:
            return True
        if self._is_raw:
            self._read_raw()
            return True
        parser = self._parser()
        if not self.is_growing and not parser.text:
            parser.feed(self.text)
        while parser.advance(ended=not self.is_growing, steps=1):
            if time.perf_counter() > stop:
                return False
        self._is_read = not self.is_growing
        return True

    def _read_raw(self) -> None:
        """The answer as it was written, without looking for Markdown in it."""
        at = self._chunks[-1].blocks[0].start if self._chunks[-1].blocks else 0
        del self._chunks[-1], self._heights[-1]
        for block in raw_parts.blocks(self.text, at):
            self._new_chunk()
            self._chunks[-1].add(block)
            self._heights[-1] = estimate(self.text[block.start : block.end], self._width)
        self._is_read = not self.is_growing

    def _take(self) -> None:
        """Move finished blocks into chunks; the tail belongs to the last chunk."""
        parser = self._growing
        if parser is None or self._is_raw:
            self._measure()
            return
        for block in parser.blocks[self._taken :]:
            if self._chunks[-1].is_full:
                self._seal()
            self._chunks[-1].add(block)
        fresh = len(parser.blocks) > self._taken
        self._taken = len(parser.blocks)
        last = self._chunks[-1]
        last.tail = list(parser.tail)
        if fresh or parser.tail:
            if not last.is_laid(self._width):
                self._heights[-1] = self._guess(last)
            elif not self.is_growing:
                self._lay_chunk(-1)
        self._rest = 0
        if not self._is_read and not self.is_growing:
            ends = [chunk.blocks[-1].end for chunk in self._chunks if chunk.blocks]
            self._rest = estimate(parser.text[ends[-1] if ends else 0 :], self._width)
        self._measure()

    def _seal(self) -> None:
        last = self._chunks[-1]
        last.tail = []
        if last.is_laid(self._width):
            self._lay_chunk(-1)
        else:
            self._heights[-1] = self._guess(last)
        self._new_chunk()

    def _new_chunk(self) -> None:
        self._chunks.append(Chunk())
        self._heights.append(0)
        self._rest = 0

    # Heights

    def _measure(self) -> None:
        total = 0
        self._ends = []
        for height in self._heights:
            total += height
            self._ends.append(total)

    @property
    def height(self) -> int:
        """Lines, about where not all of it is laid out."""
        return (self._ends[-1] if self._ends else 0) + self._rest

    @property
    def finished_height(self) -> int:
        """Lines of an answer that grows which cannot change any more."""
        last = len(self._chunks) - 1
        return self._top(last) + (0 if self._is_raw else self._chunks[last].finished_height)

    @property
    def weight(self) -> int:
        """About how many lines are kept."""
        return sum(height for height, chunk in zip(self._heights, self._chunks, strict=True) if chunk.blocks)

    def _top(self, index: int) -> int:
        return self._ends[index - 1] if index else 0

    # Lines

    def _at(self, row: int) -> tuple[Chunk, int] | None:
        """The chunk at `row` and the row in it, where its lines are known."""
        index = bisect_right(self._ends, row)
        if index < len(self._chunks) and self._chunks[index].is_laid(self._width):
            return self._chunks[index], row - self._top(index)
        return None

    def line(self, row: int) -> Line:
        """The line at `row`; empty where it is not known yet."""
        found = self._at(row)
        return BLANK if found is None else found[0].line(found[1])

    def drawn_at(self, row: int) -> tuple[DrawnBlock, int] | None:
        """The block at `row` as it is drawn, and the row in it, where it is laid out."""
        found = self._at(row)
        return None if found is None else found[0].drawn_at(found[1])

    def is_exact_at(self, row: int) -> bool:
        """True when the line at `row`, in the answer or below it, is known at this width."""
        index = bisect_right(self._ends, row)
        return self._chunks[index].is_laid(self._width) if index < len(self._chunks) else not self._rest

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        for index, chunk in enumerate(self._chunks):
            top = self._top(index)
            if top < end and self._ends[index] > first and chunk.is_laid(self._width):
                yield from chunk.code(first - top, end - top)

    def blocks(self) -> list[tuple[Block, int, int]]:
        """Every block of what is laid out, with its rows."""
        return [
            (block, top + first, top + end)
            for index, chunk in enumerate(self._chunks)
            for top in [self._top(index)]
            for block, first, end in chunk.rows()
        ]

    # Places

    def place(self, row: int) -> Place:
        """Where `row` is: in which block of which chunk and where there, or below all of them."""
        index = bisect_right(self._ends, row)
        row -= self._top(index)
        if index < len(self._chunks) and self._chunks[index].is_laid(self._width):
            return index, *self._chunks[index].place(row)
        return index, -1, row

    def row_of(self, place: Place) -> int:
        """The row of a place now; about that, where it is not laid out."""
        part, inner = min(place[0], len(self._ends)), place[1:]
        top = self._top(part)
        if not inner or inner[0] < 0:
            return top + about(inner[1:])
        if part < len(self._chunks) and self._chunks[part].is_laid(self._width):
            return top + self._chunks[part].row_of(inner)
        return top
