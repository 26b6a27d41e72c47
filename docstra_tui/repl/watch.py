"""Watching the backend in a thread, so that the prompt never waits to say how it is."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.errors import DocstraError
from docstra_tui.workspace.models.backend import Backend, Status

BUSY_SECONDS = 0.25
"""Between two looks while the model loads."""

IDLE_SECONDS = 2.0


class Watch:
    """The last status of a backend, and what the next question would take."""

    def __init__(
        self,
        backend: Backend,
        count: Callable[[], Budget],
        counted: Callable[[], None] = lambda: None,
        not_loaded: Callable[[DocstraError], None] = lambda error: None,
    ) -> None:
        self._backend = backend
        self._count = count
        self._counted = counted
        """Called in the thread once a ready model has counted."""
        self._not_loaded = not_loaded
        """Called in the thread with why a model that was loading could not be loaded."""
        self.status = Status("loading", phase="start")
        self.budget: Budget | None = None
        """None while nobody has counted."""
        self._is_stale = True
        self._asked = self._seen = 0
        """The looks that were asked for, and how many of those have been taken."""
        self._wake = threading.Event()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def look_now(self) -> None:
        """Look again at once: something was asked, or the files changed."""
        self._is_stale = True
        with self._changed:
            self._asked += 1
        self._wake.set()

    def fresh(self, seconds: float) -> Status:
        """The status of a look that began after the last `look_now`, or the last one after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._seen >= self._asked, seconds)
        return self.status

    def wait(self, seconds: float) -> Status:
        """The status after the next look, or after `seconds`."""
        with self._changed:
            self._changed.wait(seconds)
        return self.status

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            before, asked = self.status, self._asked
            status = self._backend.status()
            with self._changed:
                self.status, self._seen = status, asked
                self._changed.notify_all()
            has_failed = (before.state, status.state) == ("loading", "failed") and not self._stopped
            if has_failed and status.error is not None:
                self._not_loaded(status.error)
            if self._is_stale and status.state not in ("failed", "waiting"):
                self._recount(is_ready=status.state == "ready")
            self._wake.wait(IDLE_SECONDS if status.state == "ready" else BUSY_SECONDS)

    def _recount(self, is_ready: bool) -> None:
        with contextlib.suppress(DocstraError):
            self._is_stale = False
            self.budget = self._count()
            # While the tokenizer loads, all there is is an estimate: count again.
            self._is_stale = not is_ready and not self.budget.exact
            if is_ready:
                self._counted()
