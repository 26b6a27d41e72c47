"""Reading ahead: while nobody asks, the model reads what the next question will begin with.

Runs on the screen's thread; each reading waits in a thread of its own until it is done or a newer one
takes its place. Also has what is typed counted with the rest. A failure is for the log: the next
question tells what is wrong.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from textual.timer import Timer

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.tui.main.screen import MainScreen

logger = logging.getLogger("docstra_tui.tui")

SETTLE_SECONDS = 0.3
"""Nothing changed for this long: it is worth reading."""

COUNT_SECONDS = 0.25
"""Nothing was typed for this long: it is counted."""

LOOK_SECONDS = 0.5
"""How often the status bar hears how far a reading came."""


class AheadDesk:
    """For the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._settling: Timer | None = None
        self._counting: Timer | None = None
        self._looking: Timer | None = None
        self._wish = 0
        """Of the newest reading; older ones end by themselves."""
        self._read: object = None
        """What the newest reading was about."""
        self.is_reading = False

    def typed(self, text: str) -> None:
        """Something else stands in the composer."""
        session = self._screen.session
        if session is None or session.typed == text:
            return
        session.typed = text
        if self._counting is not None:
            self._counting.stop()
        self._counting = self._screen.set_timer(COUNT_SECONDS, self._screen.picks.recount)

    def consider(self) -> None:
        """Read ahead if there is something that was not read yet, once it stays as it is."""
        if not self._may_read() or self._about() == self._read:
            return
        if self._settling is not None:
            self._settling.stop()
        self._settling = self._screen.set_timer(SETTLE_SECONDS, self._begin)

    def _may_read(self) -> bool:
        screen = self._screen
        status = screen.model.status
        is_ready = status is not None and status.state == "ready"
        return is_ready and screen.session is not None and not screen.turns.queue.busy

    def _about(self) -> object:
        """The same as long as there is nothing new to read."""
        session = self._screen.session
        return session.ahead_mark if session is not None else None

    def _begin(self) -> None:
        session = self._screen.session
        if session is None or not self._may_read() or self._about() == self._read:
            return
        self._read = self._about()
        self._wish += 1
        self.is_reading = True
        if self._looking is None:
            self._looking = self._screen.set_interval(LOOK_SECONDS, self._look)
        threading.Thread(
            target=self._work, args=(self._wish, session), name="read-ahead", daemon=True
        ).start()

    def _look(self) -> None:
        self._screen.picks.recount()
        self._screen.board.refresh()

    def _work(self, wish: int, session: ChatSession) -> None:
        try:
            session.read_ahead()
        except Exception as error:
            logger.info("nothing was read ahead: %s", error)
        try:
            self._screen.call_later(self._ended, wish)
        except RuntimeError:  # the loop closed in between
            pass

    def _ended(self, wish: int) -> None:
        if wish != self._wish:
            return
        self.is_reading = False
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
        self._look()
