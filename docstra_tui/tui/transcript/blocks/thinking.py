"""A model's thinking: folded into one line, or shown below it."""

from __future__ import annotations

from collections.abc import Iterator

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Block, Verbatim
from docstra_tui.tui.transcript.blocks.lines import Line, Place, about
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.blocks.verbatim import DrawnVerbatim


class DrawnThinking:
    """A thinking block at a width."""

    def __init__(self, block: Block, width: int, *, is_folded: bool) -> None:
        self.block = block
        self._is_folded = is_folded
        leaf = block.leaves[0]
        assert isinstance(leaf, Verbatim)
        self._lines = leaf.lines
        bar = (("│ ", look.RULE),)
        inner = Verbatim(bar, bar, lines=leaf.lines, is_code=False, look=look.MUTED)
        self._drawn = None if is_folded else DrawnVerbatim(inner, width)
        self._words = 0
        self._counted = 0
        self.update()

    def update(self) -> None:
        """Take in what was added."""
        lines = self._lines.lines
        self._words += sum(len(line.split()) for line in lines[self._counted :])
        self._counted = len(lines)
        if self._drawn is not None:
            self._drawn.update()
        self.height = 1 + (self._drawn.height if self._drawn is not None else 0)

    def line(self, row: int) -> Line:
        """The line at `row`; the first is the summary."""
        if row and self._drawn is not None:
            return self._drawn.line(row - 1)
        words = self._words + len((self._lines.partial or "").split())
        mark = "▸" if self._is_folded else "▾"
        verb = "Thinking…" if self.block.is_open else "Thought ·"
        count = f"{words:,} word{'' if words == 1 else 's'}"
        return Line(((f"{mark} ", look.LISTMARK), (f"{verb} {count}", look.MUTED)), 2)

    def place(self, row: int) -> Place:
        """The row; what is in it stays the same."""
        return (row,)

    def row_of(self, place: Place) -> int:
        """The row of a place now."""
        return min(about(place), self.height - 1)

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """Nothing to colour."""
        return iter(())
