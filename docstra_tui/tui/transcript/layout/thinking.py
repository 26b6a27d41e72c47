"""What a model thought before its answer: folded into one line above it, or shown below that line."""

from __future__ import annotations

from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Verbatim
from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place, about
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.blocks.verbatim import DrawnVerbatim
from docstra_tui.tui.transcript.layout.ending import TurnEnding
from docstra_tui.tui.transcript.layout.incoming import ingest, whole_part
from docstra_tui.workspace.thoughts import Thoughts

BAR = (("│ ", look.RULE),)


class Thinking:
    """Rows are counted from the line that sums it up; the last one is empty."""

    __slots__ = (
        "_before",
        "_blanks",
        "_counted",
        "_drawn",
        "_figures",
        "_held",
        "_is_blank",
        "_is_safe",
        "_lines",
        "_taken",
        "_text",
        "_width",
        "height",
    )

    def __init__(self, text: str = "") -> None:
        self._text = text
        self._is_safe = False
        self._held = ""
        """What is held back of the last piece."""
        self._figures = Thoughts()
        self.height = 0
        self._is_blank = not text or text.isspace()
        self._counted = 0
        """How many characters are in the figures."""
        self._width = 0
        self._lines: SourceLines | None = None
        """What is shown of it; None while it is folded."""
        self._taken = self._blanks = 0
        """How many characters are in the lines, and how many empty lines at the end are not shown yet."""
        self._drawn: DrawnVerbatim | None = None
        self._before: tuple[object, ...] = ()
        """What there was at the last layout."""

    @classmethod
    def saved(cls, text: str, ending: TurnEnding) -> Thinking:
        """That of an earlier turn."""
        thinking = cls(text)
        thinking.end(ending)
        return thinking

    @classmethod
    def reframed(cls, before: Thinking | None, answer: str) -> Thinking:
        """All that came as the answer was thought, behind what came as such."""
        thinking = cls(answer if before is None else before.text + answer)
        thinking._figures = Thoughts() if before is None else before._figures.again()
        thinking._figures.is_open = True
        return thinking

    @property
    def text(self) -> str:
        """Safe to show but for tabs."""
        if not self._is_safe:
            self._text, self._is_safe = ingest(self._text), True
        return self._text

    @property
    def is_open(self) -> bool:
        """True while more is coming."""
        return self._figures.is_open

    def add(self, piece: str) -> None:
        """More of it, as it comes."""
        safe, self._held = whole_part(self._held, piece)
        self._put(safe)
        self._figures.watch()

    def _put(self, safe: str) -> None:
        self._text = self.text + safe
        self._is_blank = self._is_blank and not safe.strip()

    def tick(self) -> bool:
        """Time goes by; True when that changes what is shown."""
        return self._figures.tick()

    def close(self) -> None:
        """The answer begins."""
        if self._held:
            self._put(ingest(self._held))
            self._held = ""
        self._figures.close()

    def end(self, ending: TurnEnding) -> None:
        """The turn is over, and somebody may have counted."""
        self.close()
        figures = self._figures
        figures.tokens = ending.thinking_tokens
        figures.seconds = figures.seconds if ending.thinking_s is None else ending.thinking_s

    def forget(self) -> None:
        """Drop what can be made again from the text."""
        self._lines = self._drawn = None
        self._width, self._before = 0, ()

    # Layout

    def lay(self, width: int, *, is_folded: bool) -> bool:
        """Draw what came, at a width; True when that changes any line."""
        figures = self._figures
        seconds = int(figures.seconds or 0) if figures.is_open else figures.seconds
        now = (len(self.text), figures.is_open, seconds, figures.tokens, width, is_folded)
        if now == self._before:
            return False
        self._before = now
        figures.count(self.text[self._counted :])
        self._counted = len(self.text)
        if is_folded or width != self._width:
            self._lines = self._drawn = None
            self._width = width
        if not is_folded:
            self._draw()
        shown = self._drawn.height if self._drawn is not None else 0
        self.height = 0 if self._is_blank else 2 + shown
        return True

    def _draw(self) -> None:
        if self._lines is None:
            self._lines, self._taken, self._blanks = SourceLines(look=look.MUTED), 0, 0
            leaf = Verbatim(BAR, BAR, lines=self._lines, is_code=False, look=look.MUTED)
            self._drawn = DrawnVerbatim(leaf, self._width)
        lines, text = self._lines, self.text
        while (stop := text.find("\n", self._taken)) >= 0:
            self._show_blanks(text[self._taken : stop])
            if text[self._taken : stop].strip():
                lines.add(text[self._taken : stop])
            elif lines.lines:
                self._blanks += 1
            self._taken = stop + 1
        rest = text[self._taken :]
        self._show_blanks(rest)
        lines.grow(rest if rest.strip() else None)
        assert self._drawn is not None
        self._drawn.update()

    def _show_blanks(self, following: str) -> None:
        """Those in front of a line that is not empty: there are none at the end."""
        if following.strip() and self._lines is not None:
            for _ in range(self._blanks):
                self._lines.add("")
            self._blanks = 0

    # Lines

    def line(self, row: int) -> Line:
        """The line at `row`."""
        if not row:
            return self._summary()
        return BLANK if row >= self.height - 1 or self._drawn is None else self._drawn.line(row - 1)

    def _summary(self) -> Line:
        mark = "▸ " if self._drawn is None else "▾ "
        head, much = self._figures.words
        words = f"{head} · {much}"
        if cell_len(words) + 2 > self._width:
            words = head
        return Line(((mark, look.LISTMARK), (words, look.MUTED)), 2)

    # Places

    def place(self, row: int) -> Place:
        """The row; what is in it stays the same."""
        return (row,)

    def row_of(self, place: Place) -> int:
        """The row of a place now."""
        return min(about(place), max(0, self.height - 1))
