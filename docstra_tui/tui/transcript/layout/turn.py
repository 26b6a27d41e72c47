"""One turn: its question, its answer as it grows, how it ended; and its lines at a width.

A turn that was never looked at knows only about how high it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from docstra_tui.text import sanitize_text
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Block, Verbatim
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about, wrap_bits
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.blocks.verbatim import DrawnVerbatim
from docstra_tui.tui.transcript.layout.answer_chunks import AnswerChunks, estimate
from docstra_tui.tui.transcript.layout.ending import TurnEnding, ending_lines


def ingest(text: str) -> str:
    """`text` made safe to show; tabs stay until it is drawn, so that copied code keeps them."""
    if "\t" not in text:
        return sanitize_text(text)
    return "\t".join(sanitize_text(part) for part in text.split("\t"))


class Turn:
    """Rows are counted from its first one, the empty line above the question."""

    __slots__ = (
        "_answer",
        "_chunks",
        "_estimate",
        "_exact",
        "_foot",
        "_head",
        "_held",
        "_is_behind",
        "_is_safe",
        "_question",
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
        self._chunks: AnswerChunks | None = None
        self._foot: list[Line] = []
        self._is_behind = False

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
        if safe:
            self._add(safe)
            self.waiting = ""

    def _add(self, safe: str) -> None:
        self._answer += safe
        if self._chunks is not None:
            self._chunks.feed(safe)

    def end(self, ending: TurnEnding) -> None:
        """Nothing comes any more."""
        if self._held:
            held, self._held = self._held, ""
            self._add(ingest(held))
        self.ending = ending
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
            self._estimate = (width, about)
        return self._estimate[1]

    def is_laid(self, width: int) -> bool:
        """True when its parts are known at `width`."""
        return self._width == width

    @property
    def weight(self) -> int:
        """About how many lines are kept."""
        return 0 if self._chunks is None else self._chunks.weight

    def forget(self) -> None:
        """Drop everything that can be made again from the text; the height stays known."""
        if not self.is_streaming:
            self._width, self._head, self._chunks = 0, None, None

    # Layout

    def lay(self, width: int, first: int, end: int, seconds: float) -> bool:
        """Make rows `first` to `end` right; False when there was not time for all of it."""
        stop = time.perf_counter() + seconds
        chunks = self._begun(width)
        done = chunks.lay(first - self.body_row, end - self.body_row, stop)
        self._measure(chunks)
        return done

    @property
    def is_behind(self) -> bool:
        """True while something that was appended has not been read."""
        return self._is_behind

    def grow(self, width: int, seconds: float = 60.0) -> int:
        """Take in what was appended, for about `seconds`; the first row that may have changed."""
        is_new = self._width != width
        chunks = self._begun(width)
        row, is_read = chunks.grow(seconds)
        self._is_behind = not is_read
        self._foot = self._draw_foot(width)
        self._measure(chunks)
        return 0 if is_new else self.body_row + row

    def show_raw(self, is_raw: bool) -> None:
        """Show the answer as it was written, or as Markdown."""
        if is_raw != self.is_raw:
            self.is_raw = is_raw
            self.redo()

    def redo(self) -> None:
        """Lay everything out again: folding or the raw view changed."""
        self._exact = None
        self._width, self._head, self._chunks = 0, None, None

    def _begun(self, width: int) -> AnswerChunks:
        """The answer's lines at `width`, made where there are none."""
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = AnswerChunks(
                self.answer, is_growing=self.is_streaming, is_raw=self.is_raw, is_folded=self.is_folded
            )
        if self._width != width:
            self._width = width
            self._head = self._draw_head(width)
            self._foot = self._draw_foot(width)
            chunks.set_width(width)
            self._measure(chunks)
        return chunks

    def _measure(self, chunks: AnswerChunks) -> None:
        self._exact = (self._width, self.body_row + chunks.height + len(self._foot))

    def _draw_head(self, width: int) -> DrawnVerbatim:
        lines = SourceLines(look=look.QUESTION)
        for line in self.question.strip("\n").split("\n"):
            lines.add(line)
        lines.end()
        bar = (("▌ ", look.BAR),)
        return DrawnVerbatim(Verbatim(bar, bar, lines=lines, is_code=False, look=look.QUESTION), width)

    def _draw_foot(self, width: int) -> list[Line]:
        if self.waiting:
            words = ((ingest(self.waiting), look.MUTED),)
            return [Line(part, 0, joint) for part, joint in wrap_bits(words, width)]
        if self.ending is None:
            return []
        lines = ending_lines(self.files, self.ending, width)
        has_answer = bool(self._answer.strip())
        return [BLANK, *lines] if lines and has_answer else lines

    # Lines

    @property
    def body_row(self) -> int:
        """Where the answer begins."""
        return 2 + (self._head.height if self._head is not None else 1)

    @property
    def finished_row(self) -> int:
        """Where the lines begin that may still change while the answer grows."""
        return self.body_row + (0 if self._chunks is None else self._chunks.finished_height)

    def line(self, row: int) -> Line:
        """The line at `row`; empty where it is not known yet."""
        chunks, head = self._chunks, self._head
        if chunks is None or head is None or row < 1:
            return BLANK
        if row < head.height + 2:
            return head.line(row - 1) if row <= head.height else BLANK
        row -= head.height + 2
        below = row - chunks.height
        if below < 0:
            return chunks.line(row)
        return self._foot[below] if below < len(self._foot) else BLANK

    def block_at(self, row: int) -> Block | None:
        """The block of the answer at `row`, where it is laid out."""
        if self._chunks is None or row < self.body_row:
            return None
        return self._chunks.block_at(row - self.body_row)

    def is_exact_at(self, row: int) -> bool:
        """True when the line at `row` is known at this width."""
        if self._chunks is None or self._head is None:
            return False
        return row < self.body_row or self._chunks.is_exact_at(row - self.body_row)

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        if self._chunks is not None:
            yield from self._chunks.code(first - self.body_row, end - self.body_row)

    def blocks(self, width: int) -> list[tuple[Block, int, int]]:
        """Every block with its rows; lays out the whole turn."""
        self.lay(width, 0, 1 << 30, float("inf"))
        top = self.body_row
        return [(block, top + first, top + end) for block, first, end in self._begun(width).blocks()]

    # Places

    def place(self, row: int) -> Place:
        """Where `row` is: in the question, in which block of which chunk and where there, or below."""
        if self._chunks is None or row < self.body_row:
            return -1, row
        return self._chunks.place(row - self.body_row)

    def row_of(self, place: Place) -> int:
        """The row of a place now; about that, where it is not laid out."""
        if not place or place[0] < 0:
            return about(place[1:])
        return self.body_row + (0 if self._chunks is None else self._chunks.row_of(place))
