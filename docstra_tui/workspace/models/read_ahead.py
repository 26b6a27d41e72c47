"""Reading ahead: while nobody asks, the model reads what the next question will begin with.

Each reading waits in a thread of its own until it is done or a newer one takes its place.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.workspace.jobs import Deliver, later

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession

logger = logging.getLogger("docstra_tui.workspace")

SETTLE_SECONDS = 0.3
"""Nothing changed for this long: it is worth reading."""


class ReadAhead:
    """Reads once what is there to read, for whichever session goes on."""

    def __init__(self, is_free: Callable[[], bool], changed: Callable[[], None], deliver: Deliver) -> None:
        """`is_free`: the model can read, and nobody asks it anything; any thread. `changed` is delivered
        when a reading begins, and when it ends."""
        self._is_free = is_free
        self._changed = changed
        self._deliver = deliver
        self.is_reading = False
        self._read: object = None
        """What the newest reading was about."""
        self._wish = 0
        """Of the newest reading; older ones end by themselves."""
        self._settling: threading.Timer | None = None
        self._lock = threading.Lock()

    def consider(self, session: ChatSession | None) -> None:
        """Read ahead if there is something that was not read yet, once it stays as it is."""
        if session is None or not self._is_free() or session.ahead_mark == self._read:
            return
        timer = threading.Timer(SETTLE_SECONDS, self._begin, (session,))
        timer.name, timer.daemon = "read-ahead", True
        with self._lock:
            if self._settling is not None:
                self._settling.cancel()
            self._settling = timer
        timer.start()

    def _begin(self, session: ChatSession) -> None:
        mark = session.ahead_mark
        with self._lock:
            if not self._is_free() or mark == self._read:
                return
            self._read = mark
            self._wish += 1
            wish, self.is_reading = self._wish, True
        self._tell()
        try:
            session.read_ahead()
        except Exception as error:  # for the log: the next question tells what is wrong
            logger.info("nothing was read ahead: %s", error)
        self._end(wish)

    def _end(self, wish: int) -> None:
        with self._lock:
            if wish != self._wish:
                return
            self.is_reading = False
        self._tell()

    def _tell(self) -> None:
        later(self._deliver, self._changed)
