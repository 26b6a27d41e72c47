"""What Ctrl+C does: copy, else stop, else leave the second time."""

from __future__ import annotations

import time

from docstra_tui.key_hints import press
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.parts import Parts
from docstra_tui.tui.main.program import Program
from docstra_tui.workspace.turns.queue import TurnQueue

TWICE_SECONDS = 2.0
"""Two within this time on an empty composer leave."""


class Interrupt:
    """Remembers the first one."""

    def __init__(self, parts: Parts, queue: TurnQueue, program: Program, dialogs: Dialogs) -> None:
        self._parts = parts
        self._queue = queue
        self._program = program
        self._dialogs = dialogs
        self._last = 0.0

    def act(self, marked: str | None) -> None:
        """`marked` is what somebody marked with the mouse outside the conversation."""
        selected = self._parts.conversation.selected_text or marked
        if selected:
            self._program.copying.copy(selected, "selection")
        elif not self._queue.stop() and not self._parts.composer.text.strip():
            now = time.monotonic()
            if now - self._last < TWICE_SECONDS:
                self._program.leave()
            else:
                self._last = now
                self._dialogs.say(f"{press('main.interrupt')} again leaves.", TWICE_SECONDS)
