"""Walking from code to code in the conversation, in slices: a session may have thousands of turns."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from docstra_tui.tui.transcript.blocks.code_blocks import codes_in
from docstra_tui.tui.transcript.surface import Surface

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.layout.turn import Turn

SLICE_SECONDS = 0.01
"""How long is looked for code before keys and frames have their turn."""
PAUSE_SECONDS = 0.01
"""Between two slices."""
FENCE = re.compile(r"^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*(?:`{3,}[^`\n]*|~{3,}[^\n]*)$", re.MULTILINE)
"""A line that may begin a fence, in quotes and lists as well."""


class CodeKeys(Surface):
    """The part of the view that knows about code."""

    _code_walk: Iterator[tuple[int, int, int] | None] | None = None
    _code_step = 0
    _code_sight: object = None

    def action_code(self, step: int) -> None:
        """To the code block before or after the marked one, or the middle of the screen."""
        if self._code_walk is not None and self._code_step == step and self._code_sight == self._sight():
            return  # it is being looked for
        self._code_walk, self._code_step, self._code_sight = self._code_blocks(step), step, self._sight()
        self._look_for_code()

    def _sight(self) -> object:
        """Another one when somebody went elsewhere."""
        top = None if self.is_following else self.scroll_offset.y
        first = self.document.turns[0] if self.document.turns else None
        return top, self.cursor, self._marked, first, self.document.width

    def _look_for_code(self) -> None:
        """Look for the block for a moment; go on later where there is none so far."""
        if self._code_walk is None or self._code_sight != self._sight():
            self._code_walk = None
            return
        stop = time.perf_counter() + SLICE_SECONDS
        for found in self._code_walk:
            if found is not None:
                turn, first, end = found
                self.cursor = self._from = None
                self._marked = (turn, first, end)
                self.show_row(turn, first, above=max(1, self.size.height // 4))
                break
            if time.perf_counter() > stop:
                self.set_timer(PAUSE_SECONDS, self._look_for_code)
                return
        self._code_walk = None

    def _code_blocks(self, step: int) -> Iterator[tuple[int, int, int] | None]:
        """Code in the direction of `step`, from where we are; None after a turn without one."""
        document = self.document
        if not document.turns:
            return
        edge = self.scroll_offset.y + (self.size.height if step < 0 else -1)
        here = self._marked[:2] if self._marked is not None else document.find(max(0, edge))
        if self._marked is None and step > 0 and edge < 0:
            here = (0, -1)
        indexes = range(here[0], -1, -1) if step < 0 else range(here[0], len(document.turns))
        for index in indexes:
            turn = document.turns[index]
            if not turn.is_raw and FENCE.search(turn.answer) is not None:
                was_laid = turn.is_laid(document.width)
                codes = [(first, end) for _, first, end in _codes_of(turn, document.width)]
                if codes or was_laid:
                    document.measure(index)
                else:
                    turn.forget()
                for first, end in reversed(codes) if step < 0 else codes:
                    if index != here[0] or (first < here[1] if step < 0 else first > here[1]):
                        yield index, first, end
            yield None

    def marked_code(self) -> str:
        """The code of the marked block, as it was written; empty when no code is marked."""
        if self._marked is None:
            return ""
        index, *rows = self._marked
        codes = _codes_of(self.document.turns[index], self.document.width)
        return next((text for text, *where in codes if where == rows), "")


def _codes_of(turn: Turn, width: int) -> Iterator[tuple[str, int, int]]:
    """Every code of a turn with its first row and the row after its last."""
    for block, top, _ in turn.blocks(width):
        for code in codes_in(block, width):
            yield code.text, top + code.first, top + code.end
