"""All turns of a conversation in a row: where each begins, which are laid out, which are forgotten.

Rows are counted from the top of the first turn. Turns that were never looked at have about their height;
when one is laid out, everything below it moves, and `Anchor` says by how much.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from docstra_tui.tui.transcript.blocks.lines import BLANK, Line, Place
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.layout.ending import TurnEnding
from docstra_tui.tui.transcript.layout.heights import Heights
from docstra_tui.tui.transcript.layout.turn import Turn, again

KEPT_LINES = 8_000
"""Laid-out lines that are kept; turns looked at longest ago are forgotten first."""

NEAR = 60
"""Rows in which a line is looked for that is not where it was."""


@dataclass(frozen=True)
class Anchor:
    """A line of the conversation, and the row of the screen it stands in."""

    turn: int
    place: Place
    screen_row: int
    text: str
    """What the line says, without the spaces around it."""


class Document:
    """The turns at one width."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.width = 80
        self._heights = Heights()
        self._laid: OrderedDict[int, None] = OrderedDict()

    def load(self, turns: Iterable[Turn]) -> None:
        """These turns instead of those before."""
        self.turns = list(turns)
        self._measure_all()

    def add(self, turn: Turn) -> None:
        """One more at the end."""
        self.turns.append(turn)
        self._heights.append(turn.height(self.width))

    @property
    def can_go_on(self) -> bool:
        """True where the last answer says so."""
        ending = self.turns[-1].ending if self.turns else None
        return ending is not None and ending.goes_on

    def close_last(self) -> None:
        """Another follows it: its answer cannot go on."""
        last = self.turns[-1]
        last.ending = replace(last.ending or TurnEnding(), goes_on=False)
        last.redo()

    def open_last(self) -> Turn:
        """Its answer goes on; the turn that is written to from now on."""
        self.turns[-1] = again(self.turns[-1])
        self.measure(len(self.turns) - 1)
        return self.turns[-1]

    def prepend(self, turns: Iterable[Turn]) -> None:
        """Earlier turns, above the first."""
        self.turns[:0] = list(turns)
        self._measure_all()

    def drop_first(self, count: int) -> None:
        """The first `count` are gone."""
        del self.turns[:count]
        self._measure_all()

    def set_width(self, width: int) -> None:
        """Another width; what is on the screen is laid out again when it is looked at."""
        if width != self.width:
            self.width = width
            self._measure_all()

    def redo(self) -> None:
        """Folding or the raw view changed for many turns."""
        self._measure_all()

    def _measure_all(self) -> None:
        width = self.width
        self._heights = Heights(turn.height(width) for turn in self.turns)
        self._laid = OrderedDict((i, None) for i, turn in enumerate(self.turns) if turn.is_laid(width))

    # Places

    @property
    def height(self) -> int:
        """Lines of all turns."""
        return self._heights.top(len(self._heights))

    def top(self, index: int) -> int:
        """The row where a turn begins."""
        return self._heights.top(index)

    def find(self, y: int) -> tuple[int, int]:
        """The turn at a row, and the row in it; (-1, 0) where there is no turn."""
        return self._heights.find(y) if self.turns else (-1, 0)

    def line(self, y: int) -> Line:
        """The line at a row."""
        index, row = self.find(y)
        return BLANK if index < 0 else self.turns[index].line(row)

    # Layout

    def lay(self, first: int, end: int, seconds: float) -> tuple[bool, bool]:
        """Lay out rows `first` to `end`, for about `seconds`: whether heights changed, whether it is done."""
        changed, done = False, True
        stop = time.perf_counter() + seconds
        index, row = self.find(max(0, first))
        if index < 0:
            return False, True
        y = max(0, first) - row
        while index < len(self.turns) and y < end:
            turn = self.turns[index]
            done = turn.lay(self.width, first - y, end - y, stop - time.perf_counter()) and done
            changed = self.measure(index) or changed
            self._touch(index)
            y += self._heights[index]
            index += 1
        self._forget()
        return changed, done

    def grow(self, seconds: float = 60.0) -> int:
        """Take in what the last turn was given, for about `seconds`; the first row that may have changed."""
        index = len(self.turns) - 1
        row = self.turns[index].grow(self.width, seconds)
        self.measure(index)
        self._touch(index)
        return self.top(index) + row

    def measure(self, index: int) -> bool:
        """Ask a turn for its height again; True when it is another."""
        height = self.turns[index].height(self.width)
        if height == self._heights[index]:
            return False
        self._heights.set(index, height)
        return True

    def code(self, first: int, end: int) -> Iterator[SourceLines]:
        """The code in rows `first` to `end`."""
        index, row = self.find(max(0, first))
        y = max(0, first) - row
        while 0 <= index < len(self.turns) and y < end:
            yield from self.turns[index].code(first - y, end - y)
            y += self._heights[index]
            index += 1

    def anchor(self, first: int, height: int) -> Anchor | None:
        """The first line on the screen whose place is known for sure."""
        for screen_row in range(height):
            index, row = self.find(first + screen_row)
            if index < 0:
                return None
            turn = self.turns[index]
            if turn.is_laid(self.width) and turn.is_exact_at(row):
                return Anchor(index, turn.place(row), screen_row, turn.line(row).text.strip())
        return None

    def rough_anchor(self, first: int) -> tuple[int, float] | None:
        """The turn at the top of the screen and how much of it is above."""
        index, row = self.find(first)
        return None if index < 0 else (index, row / max(1, self._heights[index]))

    def top_of(self, anchor: Anchor) -> int:
        """The first row of the screen, for the anchor to stand where it stood."""
        y = self.top(anchor.turn) + self.turns[anchor.turn].row_of(anchor.place)
        return self._nearest(y, anchor.text) - anchor.screen_row

    def _nearest(self, y: int, text: str) -> int:
        """The row next to `y` that says `text`; `y` where none does: its block is another now, or gone."""
        if text and self.line(y).text.strip() != text:
            for distance in range(1, NEAR):
                for row in (y + distance, y - distance):
                    if row >= 0 and self.line(row).text.strip() == text:
                        return row
        return y

    def top_of_rough(self, anchor: tuple[int, float]) -> int:
        """The first row of the screen, about where it was."""
        index, share = anchor
        return self.top(index) + int(share * self._heights[index])

    # Memory

    @property
    def laid(self) -> int:
        """How many turns are laid out."""
        return len(self._laid)

    def _touch(self, index: int) -> None:
        self._laid[index] = None
        self._laid.move_to_end(index)

    def _forget(self) -> None:
        """Forget the turns looked at longest ago, beyond what is kept; never the last three."""
        weights = [self.turns[index].weight for index in self._laid]
        total = sum(weights)
        for index, weight in zip(list(self._laid), weights, strict=True):
            if total <= KEPT_LINES or len(self._laid) <= 3:
                break
            if not self.turns[index].is_streaming:
                self.turns[index].forget()
                del self._laid[index]
                total -= weight
