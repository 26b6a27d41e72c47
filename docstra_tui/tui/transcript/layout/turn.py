"""One turn: its question, its answer as it grows, how it ended; and its lines at a width.

A turn that was never looked at knows only about how high it is.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_text
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Block, Verbatim
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about, wrap_bits
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.blocks.verbatim import DrawnVerbatim
from docstra_tui.tui.transcript.layout.chunk import Chunk
from docstra_tui.tui.transcript.layout.ending import TurnEnding, ending_lines

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.blocks.growing import Growing

RAW_CHUNK, RAW_CHARACTERS = 200, 5_000
"""Lines, and about how many characters, of a chunk in the raw view."""
READ_SECONDS = 0.005
"""How long an answer that grows is read before what was read is laid out."""


def ingest(text: str) -> str:
    """`text` made safe to show; tabs stay until it is drawn, so that copied code keeps them."""
    if "\t" not in text:
        return sanitize_text(text)
    return "\t".join(sanitize_text(part) for part in text.split("\t"))


def estimate(text: str, width: int) -> int:
    """About how many lines `text` takes."""
    return text.count("\n") + 1 + len(text) // max(8, width)


class Turn:
    """Rows are counted from its first one, the empty line above the question."""

    __slots__ = (
        "_answer",
        "_chunks",
        "_ends",
        "_estimate",
        "_exact",
        "_foot",
        "_growing",
        "_head",
        "_heights",
        "_held",
        "_is_behind",
        "_is_read",
        "_is_safe",
        "_question",
        "_rest",
        "_taken",
        "_width",
        "ending",
        "files",
        "is_folded",
        "is_raw",
        "is_streaming",
        "waiting",
    )  # ten thousand of them are walked by the garbage collector

    def __init__(
        self,
        question: str,
        files: Sequence[str] = (),
        answer: str | None = None,
        ending: TurnEnding | None = None,
    ) -> None:
        self._question = question
        self.files = tuple(files)
        self._answer = answer or ""
        self._is_safe = answer is None
        """The answer has been made safe."""
        self._held = ""
        """A carriage return at the end of a piece: the line feed may be the first of the next."""
        self.ending = ending
        self.waiting = ""
        self.is_streaming = answer is None
        self.is_folded = True
        self.is_raw = False
        self._width = 0
        self._estimate: tuple[int, int] | None = None
        self._exact: tuple[int, int] | None = None
        self._head: DrawnVerbatim | None = None
        self._foot: list[Line] = []
        self._growing: Growing | None = None
        self._taken = 0
        self._is_read = False
        self._is_behind = False
        self._rest = 0
        self._chunks: list[Chunk] = []
        self._heights: list[int] = []
        self._ends: list[int] = []

    # Text

    @property
    def question(self) -> str:
        """What was asked; safe to show but for tabs."""
        return ingest(self._question)

    @property
    def answer(self) -> str:
        """What came, as it was written; safe to show but for tabs."""
        if not self._is_safe:
            self._answer, self._is_safe = ingest(self._answer), True
        return self._answer

    def append(self, piece: str) -> None:
        """More of the answer."""
        text = self._held + piece
        self._held = "\r" if text.endswith("\r") else ""
        safe = ingest(text.removesuffix("\r") if self._held else text)
        self._answer += safe
        if safe:
            self._parser().feed(safe)
            self.waiting = ""

    def end(self, ending: TurnEnding) -> None:
        """Nothing comes any more."""
        if self._held:
            held, self._held = self._held, ""
            self._answer += ingest(held)
            self._parser().feed(ingest(held))
        self.ending = ending
        self.is_streaming = False
        self.waiting = ""
        self._exact = None

    def _parser(self) -> Growing:
        if self._growing is None:
            from docstra_tui.tui.transcript.blocks.growing import Growing

            self._growing = Growing()
        return self._growing

    # Height

    def height(self, width: int) -> int:
        """Lines at `width`: exact where it is laid out, else about."""
        if self._exact is not None and self._exact[0] == width:
            return self._exact[1]
        if self._estimate is None or self._estimate[0] != width:
            about = 5 + estimate(self._question, width - 2) + estimate(self._answer, width)
            self._estimate = (width, about)
        return self._estimate[1]

    def is_laid(self, width: int) -> bool:
        """True when its parts are known at `width`."""
        return self._width == width

    @property
    def weight(self) -> int:
        """About how many lines are kept."""
        return sum(height for height, chunk in zip(self._heights, self._chunks, strict=True) if chunk.blocks)

    def forget(self) -> None:
        """Drop everything that can be made again from the text; the height stays known."""
        if self.is_streaming or not self._width:
            return
        self._width = 0
        self._head = None
        self._growing, self._taken, self._is_read = None, 0, False
        self._chunks, self._heights, self._ends = [], [], []

    # Layout

    def lay(self, width: int, first: int, end: int, seconds: float) -> bool:
        """Make rows `first` to `end` right; False when there was not time for all of it."""
        stop = time.perf_counter() + seconds
        if self._width != width:
            self._begin(width)
        done = self._read(stop)
        self._take()
        while True:
            chunk = self._next_unlaid(width, first, end)
            if chunk is None:
                break
            self._chunks[chunk].lay(width, self.is_folded)
            self._heights[chunk] = self._chunks[chunk].height
            self._measure()
            if time.perf_counter() > stop:
                return False
        return done

    @property
    def is_behind(self) -> bool:
        """True while something that was appended has not been read."""
        return self._is_behind

    def grow(self, width: int, seconds: float = 60.0) -> int:
        """Take in what was appended, for about `seconds`; the first row that may have changed."""
        is_new = self._width != width
        if is_new:
            self._begin(width)
        before = len(self._chunks) - 1
        finished = self._chunks[before].finished_height
        row = self._chunk_top(before) + finished
        if self.is_raw:
            row = self._chunk_top(before)
        now = time.perf_counter()
        stop, first = now + seconds, before
        while True:
            # A little is read, then laid out, and so on: reading is quick, and what it brings may not be.
            is_read = self._read(min(stop, now + READ_SECONDS))
            self._take()
            for index in range(first, len(self._chunks)):
                self._chunks[index].lay(width, self.is_folded)
                self._heights[index] = self._chunks[index].height
            first, now = len(self._chunks) - 1, time.perf_counter()
            if is_read or now >= stop:
                break
        self._is_behind = not is_read
        self._foot = self._draw_foot(width)
        self._measure()
        return 0 if is_new else row

    def show_raw(self, is_raw: bool) -> None:
        """Show the answer as it was written, or as Markdown."""
        if is_raw != self.is_raw:
            self.is_raw = is_raw
            self.redo()

    def redo(self) -> None:
        """Lay everything out again: folding or the raw view changed."""
        self._exact = None
        if not self._width and not self.is_streaming:
            return
        self._width = 0
        self._head = None
        self._growing, self._taken, self._is_read = None, 0, False
        self._chunks, self._heights, self._ends = [], [], []
        if self.is_streaming:
            self._parser().feed(self.answer)

    def _begin(self, width: int) -> None:
        self._width = width
        if not self._chunks:
            self._new_chunk()
        lines = SourceLines(look=look.QUESTION)
        for line in self.question.strip("\n").split("\n"):
            lines.add(line)
        lines.end()
        bar = (("▌ ", look.BAR),)
        leaf = Verbatim(bar, bar, lines=lines, is_code=False, look=look.QUESTION)
        self._head = DrawnVerbatim(leaf, width)
        self._foot = self._draw_foot(width)
        for index, chunk in enumerate(self._chunks):
            if chunk.blocks or chunk.tail:
                self._heights[index] = self._guess(chunk, width)
        self._measure()

    def _guess(self, chunk: Chunk, width: int) -> int:
        blocks = (*chunk.blocks, *chunk.tail)
        return estimate(self.answer[blocks[0].start : blocks[-1].end], width) + len(blocks)

    def _draw_foot(self, width: int) -> list[Line]:
        if self.waiting:
            words = ((ingest(self.waiting), look.MUTED),)
            return [Line(part, 0, joint) for part, joint in wrap_bits(words, width)]
        if self.ending is None:
            return []
        lines = ending_lines(self.files, self.ending, width)
        has_answer = bool(self._answer.strip())
        return [BLANK, *lines] if lines and has_answer else lines

    def _read(self, stop: float) -> bool:
        """Parse what is there, until `stop`; True when all of it is."""
        if self._is_read:
            return True
        if self.is_raw:
            self._read_raw()
            return True
        parser = self._parser()
        if not self.is_streaming and not parser.text:
            parser.feed(self.answer)
        while parser.advance(ended=not self.is_streaming, steps=1):
            if time.perf_counter() > stop:
                return False
        self._is_read = not self.is_streaming
        return True

    def _read_raw(self) -> None:
        """The answer as it was written, without looking for Markdown in it."""
        text, at = self.answer, 0
        if self._chunks[-1].blocks:
            at = self._chunks[-1].blocks[0].start
        del self._chunks[-1], self._heights[-1]
        while True:
            end = _raw_end(text, at)
            self._new_chunk()
            self._chunks[-1].add(_raw_block(text[at:end], at, end))
            self._heights[-1] = estimate(text[at:end], self._width)
            at = end
            if at >= len(text):
                break
        self._is_read = not self.is_streaming

    def _take(self) -> None:
        """Move finished blocks into chunks; the tail belongs to the last chunk."""
        parser = self._growing
        if parser is None or self.is_raw:
            self._measure()
            return
        for block in parser.blocks[self._taken :]:
            if self._chunks[-1].is_full:
                self._seal()
            self._chunks[-1].add(block)
        fresh = len(parser.blocks) > self._taken
        self._taken = len(parser.blocks)
        self._chunks[-1].tail = list(parser.tail)
        if fresh or parser.tail:
            last = self._chunks[-1]
            if not last.is_laid(self._width):
                self._heights[-1] = self._guess(last, self._width)
            elif not self.is_streaming:
                last.lay(self._width, self.is_folded)
                self._heights[-1] = last.height
        self._rest = 0
        if not self._is_read and not self.is_streaming:
            ends = [chunk.blocks[-1].end for chunk in self._chunks if chunk.blocks]
            self._rest = estimate(parser.text[ends[-1] if ends else 0 :], self._width)
        self._measure()

    def _seal(self) -> None:
        last = self._chunks[-1]
        last.tail = []
        if last.is_laid(self._width):
            last.lay(self._width, self.is_folded)
            self._heights[-1] = last.height
        else:
            self._heights[-1] = self._guess(last, self._width)
        self._new_chunk()

    def _new_chunk(self) -> None:
        self._chunks.append(Chunk())
        self._heights.append(0)
        self._rest = 0

    def _next_unlaid(self, width: int, first: int, end: int) -> int | None:
        """A chunk in rows `first` to `end` whose lines are not known, if there is one."""
        top = self._head_height
        for index, (chunk, height) in enumerate(zip(self._chunks, self._heights, strict=True)):
            if top < end and top + height >= first and not chunk.is_laid(width):
                return index
            top += height
        return None

    def _measure(self) -> None:
        total = self._head_height
        self._ends = []
        for height in self._heights:
            total += height
            self._ends.append(total)
        self._exact = (self._width, total + self._rest + len(self._foot))

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        for index, chunk in enumerate(self._chunks if self._width else ()):
            top = self._chunk_top(index)
            if top < end and self._ends[index] > first and chunk.is_laid(self._width):
                yield from chunk.code(first - top, end - top)

    # Lines

    @property
    def _head_height(self) -> int:
        return 2 + (self._head.height if self._head is not None else 1)

    @property
    def body_row(self) -> int:
        """Where the answer begins."""
        return self._head_height

    def _chunk_top(self, index: int) -> int:
        return self._ends[index - 1] if index else self._head_height

    def line(self, row: int) -> Line:
        """The line at `row`; empty where it is not known yet."""
        if self._head is None or row < 1:
            return BLANK
        if row < self._head_height:
            return self._head.line(row - 1) if row < self._head_height - 1 else BLANK
        index = bisect_right(self._ends, row)
        if index < len(self._chunks):
            chunk = self._chunks[index]
            return chunk.line(row - self._chunk_top(index)) if chunk.is_laid(self._width) else BLANK
        row -= self._ends[-1] + self._rest
        return self._foot[row] if 0 <= row < len(self._foot) else BLANK

    def block_at(self, row: int) -> Block | None:
        """The block of the answer at `row`, where it is laid out."""
        index = bisect_right(self._ends, row)
        if row < self._head_height or index >= len(self._chunks):
            return None
        chunk = self._chunks[index]
        return chunk.block_at(row - self._chunk_top(index)) if chunk.is_laid(self._width) else None

    def is_exact_at(self, row: int) -> bool:
        """True when the line at `row` is known at this width."""
        if self._head is None or not self._width:
            return False
        if row < self._head_height:
            return True
        index = bisect_right(self._ends, row)
        if index < len(self._chunks):
            return self._chunks[index].is_laid(self._width)
        return not self._rest

    def place(self, row: int) -> Place:
        """Where `row` is: in the question, in which block of which chunk and where there, or below."""
        if row < self._head_height:
            return -1, row
        index = bisect_right(self._ends, row)
        row -= self._chunk_top(index)
        if index < len(self._chunks) and self._chunks[index].is_laid(self._width):
            return index, *self._chunks[index].place(row)
        return index, -1, row

    def row_of(self, place: Place) -> int:
        """The row of a place now; about that, where it is not laid out."""
        if not place or place[0] < 0:
            return about(place[1:])
        part, inner = min(place[0], len(self._ends)), place[1:]
        top = self._chunk_top(part)
        if not inner or inner[0] < 0:
            return top + about(inner[1:])
        if part < len(self._chunks) and self._chunks[part].is_laid(self._width):
            return top + self._chunks[part].row_of(inner)
        return top

    def blocks(self, width: int) -> list[tuple[Block, int, int]]:
        """Every block with its rows; lays out the whole turn."""
        self.lay(width, 0, 1 << 30, float("inf"))
        return [
            (block, top + first, top + end)
            for index, chunk in enumerate(self._chunks)
            for top in [self._chunk_top(index)]
            for block, first, end in chunk.rows()
        ]


def _raw_block(text: str, start: int, end: int) -> Block:
    lines = SourceLines()
    for line in text.removesuffix("\n").split("\n"):
        lines.add(line)
    lines.end()
    return Block(start, end, "raw", [Verbatim(lines=lines, is_code=False)], gap=False)


def _raw_end(text: str, at: int) -> int:
    """Where a chunk of the raw view ends that begins at `at`: after whole lines, but for a very long one."""
    limit = at + RAW_CHARACTERS
    end = len(text) if limit >= len(text) else text.rfind("\n", at, limit) + 1 or limit
    after = at
    for _ in range(RAW_CHUNK):
        after = text.find("\n", after, end) + 1
        if not after:
            return end
    return after
