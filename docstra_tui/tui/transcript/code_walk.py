"""Walking from code to code in the conversation, in slices: a session may have thousands of turns."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from docstra_tui.tui.transcript.blocks.code_blocks import codes_in
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.marks import Marks
from docstra_tui.tui.transcript.scrolled import ScrolledDocument

SLICE_SECONDS = 0.01
"""How long is looked for code before keys and frames have their turn."""
PAUSE_SECONDS = 0.01
"""Between two slices."""
FENCE = re.compile(r"^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*(?:`{3,}[^`\n]*|~{3,}[^\n]*)$", re.MULTILINE)
"""A line that may begin a fence, in quotes and lists as well."""


class CodeWalk:
    """Marks the code blocks one after the other."""

    def __init__(self, view: ScrolledDocument, marks: Marks) -> None:
        self._view = view
        self._marks = marks
        self._blocks: Iterator[tuple[int, int, int] | None] | None = None
        """What is still to be looked at; None while nobody walks."""
        self._step = 0
        self._began_at: object = None

    def go(self, step: int) -> None:
        """To the code block before or after the marked one, or the middle of the screen."""
        if self._blocks is not None and self._step == step and self._began_at == self._place():
            return  # it is being looked for
        self._blocks, self._step, self._began_at = self._code_blocks(step), step, self._place()
        self._look()

    def _place(self) -> object:
        """Another one when somebody went elsewhere."""
        view, document = self._view, self._view.document
        top = None if view.is_following else view.top
        first = document.turns[0] if document.turns else None
        return top, self._marks.cursor, self._marks.block, first, document.width

    def _look(self) -> None:
        """Look for the block for a moment; go on later where there is none so far."""
        view = self._view
        if self._blocks is None or self._began_at != self._place():
            self._blocks = None
            return
        stop = time.perf_counter() + SLICE_SECONDS
        for found in self._blocks:
            if found is not None:
                turn, first, end = found
                self._marks.mark(turn, first, end)
                view.show_row(turn, first, above=max(1, view.size.height // 4))
                break
            if time.perf_counter() > stop:
                view.set_timer(PAUSE_SECONDS, self._look)
                return
        self._blocks = None

    def _code_blocks(self, step: int) -> Iterator[tuple[int, int, int] | None]:
        """Code in the direction of `step`, from where we are; None after a turn without one."""
        document, marked = self._view.document, self._marks.block
        if not document.turns:
            return
        edge = self._view.top + (self._view.size.height if step < 0 else -1)
        here = marked[:2] if marked is not None else document.find(max(0, edge))
        if marked is None and step > 0 and edge < 0:
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
        if self._marks.block is None:
            return ""
        index, *rows = self._marks.block
        document = self._view.document
        codes = _codes_of(document.turns[index], document.width)
        return next((text for text, *where in codes if where == rows), "")


def _codes_of(turn: Turn, width: int) -> Iterator[tuple[str, int, int]]:
    """Every code of a turn with its first row and the row after its last."""
    for block, top, _ in turn.blocks(width):
        for code in codes_in(block, width):
            yield code.text, top + code.first, top + code.end
