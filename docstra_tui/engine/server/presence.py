"""Who is there, and when the engine has been alone for long enough to leave."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from docstra_tui.engine.client.identity import EngineOptions

OWNED_GRACE_SECONDS = 1.0
"""An engine of one terminal stays this long after its client went (it may only be reconnecting)."""

FIRST_GRACE_SECONDS = 10.0
"""Time for whoever started it to come, also where the idle time is 0."""

FAILED_GRACE_SECONDS = 20.0
"""An engine without a model stays this long for everybody to read why, also where somebody is attached:
it can do nothing more for them, and holds memory."""


class Presence:
    """Counts attached clients and requests, and keeps the clock of being alone."""

    def __init__(self, options: EngineOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._clock = clock
        self._lasting = not options.oneshot
        self._was_attached = False
        self._was_used = False
        self._since = clock()
        self._used = clock()
        self._failed_at: float | None = None
        self.clients = 0
        self.requests = 0

    @contextmanager
    def client(self, *, lasting: bool) -> Iterator[None]:
        """A face is attached inside."""
        self._lasting = self._lasting or lasting
        self._was_attached = self._was_used = True
        self.clients += 1
        try:
            yield
        finally:
            self.clients -= 1
            self._since = self._clock()

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request is waited for inside."""
        self._was_used = True
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1
            self._since = self._used = self._clock()

    def used(self) -> None:
        """Somebody wanted something that is done at once: whoever counts will ask."""
        self._used = self._clock()

    @property
    def idle_seconds(self) -> float:
        """How long nobody has wanted anything, attached or not."""
        return 0.0 if self.requests else self._clock() - self._used

    @property
    def leave_after_minutes(self) -> float:
        """How long the engine stays when nobody is there."""
        return self._options.idle_minutes if self._lasting else self._options.oneshot_minutes

    @property
    def leaves_in_s(self) -> float | None:
        """Seconds until it leaves unless somebody comes; None while somebody is there."""
        if self.clients or self.requests:
            return None
        return max(0.0, self._patience - (self._clock() - self._since))

    def is_over(self, *, failed: bool) -> bool:
        """True when the engine should leave."""
        parent = self._options.parent
        if parent and os.getppid() != parent:
            return True
        if failed:
            self._failed_at = self._clock() if self._failed_at is None else self._failed_at
            if self._clock() - self._failed_at > FAILED_GRACE_SECONDS:
                return True
        if self.clients or self.requests:
            return False
        return self._clock() - self._since > self._patience

    @property
    def _patience(self) -> float:
        """Seconds that it stays alone."""
        limit = self.leave_after_minutes * 60
        if self._options.identity.owner and self._was_attached:
            limit = OWNED_GRACE_SECONDS
        return limit if self._was_used else max(limit, FIRST_GRACE_SECONDS)
