"""Watching the backend in a thread, so that the prompt never waits to say how it is."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from docstra_tui.context.budget import Budget
from docstra_tui.errors import DocstraError
from docstra_tui.session.backend import Backend, Status

BUSY_SECONDS = 0.25
"""Between two looks while the model loads."""

IDLE_SECONDS = 2.0


class Watch:
    """The last status of a backend, and what the next question would take."""

    def __init__(
        self, backend: Backend, count: Callable[[], Budget], counted: Callable[[], None] = lambda: None
    ) -> None:
        self._backend = backend
        self._count = count
        self._counted = counted
        """Called in the thread once a ready model has counted."""
        self.status = Status("loading", phase="start")
        self.budget: Budget | None = None
        """None while nobody has counted."""
        self._is_stale = True
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
        self._wake.set()

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
            status = self._backend.status()
            with self._changed:
                self.status = status
                self._changed.notify_all()
            if self._is_stale and status.state != "failed":
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
