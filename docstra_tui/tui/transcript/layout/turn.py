"""One turn: its question, its answer as it grows, how it ended; and its lines at a width.

A turn that was never looked at knows only about how high it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from docstra_tui.session.going_on import begun
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.drawing import DrawnBlock
from docstra_tui.tui.transcript.blocks.leaves import Block, Verbatim
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.blocks.verbatim import DrawnVerbatim
from docstra_tui.tui.transcript.layout.answer_chunks import AnswerChunks, estimate
from docstra_tui.tui.transcript.layout.cited import CitationMark, Cited
from docstra_tui.tui.transcript.layout.ending import TurnEnding, ending_lines, waiting_lines
from docstra_tui.tui.transcript.layout.incoming import ingest
from docstra_tui.tui.transcript.layout.thinking import Thinking
from docstra_tui.tui.transcript.layout.turn_text import TurnText


class Turn(TurnText):
    """Rows are counted from its first one, the empty line above the question."""

    __slots__ = (
        "_chunks",
        "_estimate",
        "_exact",
        "_foot",
        "_head",
        "_is_behind",
        "_width",
        "is_folded",
        "is_raw",
    )

    def __init__(
        self,
        question: str,
        files: Sequence[str] = (),
        answer: str | None = None,
        ending: TurnEnding | None = None,
        thinking: str = "",
    ) -> None:
        super().__init__(question, files, answer, ending, thinking)
        self.is_folded = True
        self.is_raw = False
        self._width = 0
        self._estimate: tuple[int, int] | None = None
        self._exact: tuple[int, int] | None = None
        self._head: DrawnVerbatim | None = None
        self._chunks: AnswerChunks | None = None
        self._foot: list[Line] = []
        self._is_behind = False

    # Text

    def reframe(self) -> None:
        """All of the answer so far was thought."""
        self._thinking = Thinking.reframed(self._thinking, self.answer + self._held)
        self._answer = self._held = ""
        self.redo()

    def _add(self, safe: str) -> None:
        super()._add(safe)
        if self._chunks is not None:
            self._chunks.feed(safe)

    def end(self, ending: TurnEnding) -> None:
        """Nothing comes any more."""
        if self._held:
            held, self._held = self._held, ""
            self._add(ingest(held))
        self.ending = ending
        if self._thinking is not None:
            self._thinking.end(ending)
        self.is_streaming = False
        if self._chunks is not None:
            self._chunks.is_growing = False
        self.waiting = ""
        self._exact = None

    # Height

    def height(self, width: int) -> int:
        """Lines at `width`: exact where it is laid out, else about."""
        if self._exact is not None and self._exact[0] == width:
            return self._exact[1]
        if self._estimate is None or self._estimate[0] != width:
            about = 5 + estimate(self._question, width - 2) + estimate(self._answer, width)
            about += 2 * (self._thinking is not None)
            self._estimate = (width, about)
        return self._estimate[1]

    def is_laid(self, width: int) -> bool:
        """True when its parts are known at `width`."""
        return self._width == width

    @property
    def weight(self) -> int:
        """About how many lines are kept."""
        return 0 if self._chunks is None else self._chunks.weight + self.answer_row

    def forget(self) -> None:
        """Drop everything that can be made again from the text; the height stays known."""
        if not self.is_streaming:
            self._width, self._head, self._chunks = 0, None, None
            if self._thinking is not None:
                self._thinking.forget()

    # Layout

    def lay(self, width: int, first: int, end: int, seconds: float) -> bool:
        """Make rows `first` to `end` right; False when there was not time for all of it."""
        stop = time.perf_counter() + seconds
        chunks = self._begun(width)
        done = chunks.lay(first - self.answer_row, end - self.answer_row, stop)
        self._measure(chunks)
        return done

    @property
    def is_behind(self) -> bool:
        """True while something that was appended has not been read."""
        return self._is_behind

    def grow(self, width: int, seconds: float = 60.0) -> int:
        """Take in what was appended, for about `seconds`; the first row that may have changed."""
        is_new = self._width != width
        was_thought = self._lay_thinking(width)
        chunks = self._begun(width)
        row, is_read = chunks.grow(seconds)
        self._is_behind = not is_read
        self._foot = self._draw_foot(width)
        self._measure(chunks)
        if is_new:
            return 0
        return self.body_row if was_thought else self.answer_row + row

    def show_raw(self, is_raw: bool) -> None:
        """Show the answer as it was written, or as Markdown."""
        if is_raw != self.is_raw:
            self.is_raw = is_raw
            self.redo()

    def fold(self, *, is_folded: bool) -> None:
        """Show what was thought in one line, or all of it; the answer stays laid out."""
        self.is_folded = is_folded
        self._exact = self._estimate = None
        if self._chunks is not None:
            self._measure(self._begun(self._width))

    def redo(self) -> None:
        """Lay everything out again: what is shown, or how, is another."""
        self._exact = self._estimate = None
        self._width, self._head, self._chunks = 0, None, None

    def _begun(self, width: int) -> AnswerChunks:
        """The answer's lines at `width`, made where there are none."""
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = AnswerChunks(
                self.answer, is_growing=self.is_streaming, is_raw=self.is_raw
            )
        self._lay_thinking(width)
        if self._width != width:
            self._width = width
            self._head = _drawn_question(self.question, width)
            self._foot = self._draw_foot(width)
            chunks.set_width(width)
            self._measure(chunks)
        return chunks

    def _lay_thinking(self, width: int) -> bool:
        """True where it is drawn otherwise than before."""
        is_folded = self.is_folded and not self.is_raw
        return self._thinking is not None and self._thinking.lay(width, is_folded=is_folded)

    def _measure(self, chunks: AnswerChunks) -> None:
        self._exact = (self._width, self.answer_row + chunks.height + len(self._foot))

    def _draw_foot(self, width: int) -> list[Line]:
        if self.waiting:
            return waiting_lines(self.waiting, width)
        lines = ending_lines(self.files, self.ending, width) if self.ending is not None else []
        if self.cited is not None and self.is_looked_up:
            lines += self.cited.tally_lines(width)
        return [BLANK, *lines] if lines and self._answer.strip() else lines

    # Lines

    @property
    def body_row(self) -> int:
        """Where what was thought begins, else the answer."""
        return 2 + (self._head.height if self._head is not None else 1)

    @property
    def answer_row(self) -> int:
        """Where the answer begins."""
        return self.body_row + (0 if self._thinking is None else self._thinking.height)

    @property
    def finished_row(self) -> int:
        """Where the lines begin that may still change while the answer grows."""
        if self._thinking is not None and self._thinking.is_open:
            return self.body_row
        return self.answer_row + (0 if self._chunks is None else self._chunks.finished_height)

    def line(self, row: int) -> Line:
        """The line at `row`; empty where it is not known yet."""
        chunks, head = self._chunks, self._head
        if chunks is None or head is None or row < 1:
            return BLANK
        if row < head.height + 2:
            return head.line(row - 1) if row <= head.height else self.beside
        if row < self.answer_row and self._thinking is not None:
            return self._thinking.line(row - self.body_row)
        row -= self.answer_row
        below = row - chunks.height
        if below < 0:
            return chunks.line(row)
        return self._foot[below] if below < len(self._foot) else BLANK

    def block_at(self, row: int) -> Block | None:
        """The block of the answer at `row`, where it is laid out."""
        found = self._drawn_at(row)
        return None if found is None else found[0].block

    def _drawn_at(self, row: int) -> tuple[DrawnBlock, int] | None:
        """That block as it is drawn, and the row in it."""
        if self._chunks is None or row < self.answer_row:
            return None
        return self._chunks.drawn_at(row - self.answer_row)

    # Citations

    def cite(self, cited: Cited) -> None:
        """What the answer says was looked up; said below it once that is whole."""
        self.cited, self.is_looked_up = cited, not self.is_streaming
        if self._chunks is not None and not self.is_streaming:
            self._foot = self._draw_foot(self._width)
            self._measure(self._chunks)

    def marks_at(self, row: int) -> Sequence[CitationMark]:
        """The citations in a row of the answer; none where it may still change."""
        if self.cited is None or (self.is_streaming and row >= self.finished_row):
            return ()
        found = self._drawn_at(row)
        return () if found is None else self.cited.marks(found[0], self.answer).get(found[1], ())

    def citation_rows(self, index: int, width: int) -> tuple[int, int]:
        """The rows of a citation and the one after the last; lays out the whole turn."""
        assert self.cited is not None
        first, end, at = self.answer_row, self.answer_row + 1, self.cited.starts[index]
        for block, top, bottom in self.blocks(width):
            if block.start > at:
                break
            first, end = top, bottom
        rows = [row for row in range(first, end) if any(mark.number == index for mark in self.marks_at(row))]
        return (rows[0], rows[-1] + 1) if rows else (first, min(first + 1, end))

    def is_exact_at(self, row: int) -> bool:
        """True when the line at `row` is known at this width."""
        if self._chunks is None or self._head is None:
            return False
        return row < self.answer_row or self._chunks.is_exact_at(row - self.answer_row)

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        if self._chunks is not None:
            yield from self._chunks.code(first - self.answer_row, end - self.answer_row)

    def blocks(self, width: int) -> list[tuple[Block, int, int]]:
        """Every block of the answer with its rows; lays out the whole turn."""
        self.lay(width, 0, 1 << 30, float("inf"))
        top = self.answer_row
        return [(block, top + first, top + end) for block, first, end in self._begun(width).blocks()]

    # Places

    def place(self, row: int) -> Place:
        """Where `row` is: in the question, in what was thought, in which block of which chunk and where
        there, or below."""
        if self._chunks is None or row < self.body_row:
            return -1, row
        if self._thinking is not None and row < self.answer_row:
            return -2, *self._thinking.place(row - self.body_row)
        return self._chunks.place(row - self.answer_row)

    def row_of(self, place: Place) -> int:
        """The row of a place now; about that, where it is not laid out."""
        if place[:1] == (-2,) and self._thinking is not None:
            return self.body_row + self._thinking.row_of(place[1:])
        if not place or place[0] < 0:
            return about(place[1:])
        return self.answer_row + (0 if self._chunks is None else self._chunks.row_of(place))


def again(turn: Turn) -> Turn:
    """The same turn while its answer is written: more of it may come."""
    other = Turn(turn.question, turn.files)
    other.turn_id, other.beside = turn.turn_id, turn.beside
    other.is_folded = turn.is_folded
    if turn.thinking:
        other.think(begun(turn.thinking))
    other.append(begun(turn.answer))
    return other


def _drawn_question(question: str, width: int) -> DrawnVerbatim:
    lines = SourceLines(look=look.QUESTION)
    for line in question.strip("\n").split("\n"):
        lines.add(line)
    lines.end()
    bar = (("▌ ", look.BAR),)
    return DrawnVerbatim(Verbatim(bar, bar, lines=lines, is_code=False, look=look.QUESTION), width)
