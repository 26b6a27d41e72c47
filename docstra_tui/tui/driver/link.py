"""How far the terminal is: the time between a question to it and its answer.

The question is the one for the cursor's place, which every terminal answers; Textual reads the answer
apart from what is typed. tmux and screen answer by themselves: they also decide by themselves what goes
over the line.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from docstra_tui.workspace.terminal.attention import CALLS, Call
from docstra_tui.workspace.terminal.pace import SLOWEST

if TYPE_CHECKING:
    from textual.app import App

QUESTION = "\x1b[6n"
NEAREST = 0.1
"""Seconds between two frames where the terminal is near: more often shows nothing that is read."""
LONGEST = 5.0
"""An answer that takes longer belongs to no question."""


class Link:
    """Asks and listens. The answer's own time is used, so a busy screen makes the link no longer."""

    def __init__(self) -> None:
        self._asked = 0.0
        self.seconds: float | None = None
        """The last round trip; None when none was measured."""

    def ask(self, app: App[Any]) -> None:
        """Ask the terminal, if it is one and has nothing else to read."""
        driver = app._driver  # private to Textual; tests/tui/test_contract.py watches it
        if driver is None or driver.is_headless or driver.is_inline or backlog(app):
            return
        self._asked = time.monotonic()
        driver.write(QUESTION)

    def answered(self, at: float) -> None:
        """The terminal answered `at`, on the monotonic clock."""
        seconds = at - self._asked
        if self._asked and 0 <= seconds < LONGEST:
            self.seconds = seconds
        self._asked = 0.0

    @property
    def frame_interval(self) -> float:
        """Seconds between two frames: ten a second near, four far (125 ms and more)."""
        return NEAREST if self.seconds is None else min(SLOWEST, max(NEAREST, 2 * self.seconds))


def call(app: App[Any], which: Call) -> None:
    """Call somebody back to the terminal, if it is one."""
    driver = app._driver
    if driver is not None and not (driver.is_headless or driver.is_inline):
        driver.write(CALLS[which])


def backlog(app: App[Any]) -> int:
    """Frames that Textual's writer has not handed to the terminal yet."""
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return int(queue.qsize()) if queue is not None else 0
