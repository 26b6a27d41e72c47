"""How often an answer that grows is drawn: as often as asked, less when screen or link cannot follow."""

from __future__ import annotations

import time

SLOWEST = 0.25
"""Seconds between two frames on the slowest link."""
BACKLOG = 2
"""Frames that wait to be written before drawing pauses."""


class Pace:
    """Decides at every tick of the timer whether a frame is drawn."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self._last_frame = 0.0
        self._wanted = interval

    def is_due(self, backlog: int) -> bool:
        """True when a frame may be drawn now; `backlog`: frames not written yet."""
        now = time.monotonic()
        if backlog >= BACKLOG:
            self._wanted = min(SLOWEST, self._wanted * 1.5)
            return False
        if now - self._last_frame < self._wanted * 0.8:
            return False
        self._last_frame = now
        return True

    def note(self, seconds: float, backlog: int) -> None:
        """A frame took `seconds` to prepare: it should take no more than a fifth of the time."""
        wanted = max(self.interval, seconds * 5)
        if backlog:
            wanted = max(wanted, self._wanted * 1.2)
        self._wanted = min(SLOWEST, max(wanted, self._wanted * 0.9))
