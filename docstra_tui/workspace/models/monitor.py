"""Opening a backend and watching it: one thread asks how it is, and whoever listens hears what changed.

Asks often while something happens and seldom while nothing does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from docstra_tui.errors import DocstraError, EngineError
from docstra_tui.workspace.jobs import Deliver, later

if TYPE_CHECKING:
    from docstra_tui.workspace.models.backend import Backend, Status

BUSY_SECONDS = 0.4
"""Between two looks while the model loads or answers."""
IDLE_SECONDS = 2.0


class MonitorListener(Protocol):
    """Whom the monitor tells; each call is delivered to the thread of the face."""

    def backend_opened(self, backend: Backend) -> None:
        """A backend can be used: its model may still be loading."""

    def backend_looked_at(self, status: Status) -> None:
        """The backend said something new about itself."""

    def backend_lost(self, error: DocstraError) -> None:
        """The backend cannot be opened, asked or started again."""


class EngineMonitor:
    """The backend in use and the thread that watches it."""

    def __init__(self, listener: MonitorListener, deliver: Deliver) -> None:
        self._listener = listener
        self._deliver = deliver
        self.backend: Backend | None = None
        self.is_busy = True
        """While True the status is asked for often."""
        self._wake = threading.Event()
        self._watch = 0
        """Of the newest thread; older ones end by themselves, and are not listened to any more."""
        self._turning = threading.RLock()
        """What is told, is told of the newest."""
        self._asked = self._seen = 0
        """The looks that were asked for, and how many of those have been taken."""
        self._looked = threading.Condition()

    def open(self, open_backend: Callable[[], Backend]) -> None:
        """Open a backend in the background; it takes the place of the one there is."""
        number = self.forget()

        def begin() -> Backend | None:
            backend = open_backend()
            if number != self._watch:
                backend.close()
                return None
            self._put(number, backend)
            return backend

        self._start(begin)

    def open_now(self, open_backend: Callable[[], Backend]) -> None:
        """The same, and wait until it is open. What it raises leaves the one there is in its place."""
        backend = open_backend()
        self._put(self.forget(), backend)
        self._start(lambda: backend)

    def restart(self) -> None:
        """Start the backend's engine again, in the background."""
        backend = self.backend
        if backend is None:
            return
        self.forget()

        def begin() -> Backend:
            backend.restart()
            return backend

        self._start(begin)

    def restart_now(self) -> None:
        """The same, and wait until it is started. Raises what the backend raises."""
        backend = self.backend
        if backend is None:
            return
        self.forget()
        try:
            backend.restart()
        finally:
            self._start(lambda: backend)

    def forget(self) -> int:
        """Whatever is known, or on its way to be told, is of another time; the number of the new one."""
        with self._turning:
            self._watch += 1
            return self._watch

    def look_now(self) -> None:
        """Ask for the status at once."""
        with self._looked:
            self._asked += 1
        self._wake.set()

    def wait_for_look(self, seconds: float) -> None:
        """Wait for a look that began after the last `look_now`, or so long."""
        with self._looked:
            self._looked.wait_for(lambda: self._seen >= self._asked, seconds)

    def wait_for_next_look(self, seconds: float) -> None:
        """Wait for the next look, or so long."""
        with self._looked:
            self._looked.wait(seconds)

    def close(self) -> None:
        """Stop watching and let the backend go; its engine stays hot."""
        self.forget()
        self._wake.set()
        backend, self.backend = self.backend, None
        if backend is not None:
            backend.close()

    def _start(self, begin: Callable[[], Backend | None]) -> None:
        """A new thread, which begins so and then watches what that gives it."""
        self._wake.set()
        threading.Thread(
            target=self._run, args=(self._watch, begin), name="engine-monitor", daemon=True
        ).start()

    def _run(self, number: int, begin: Callable[[], Backend | None]) -> None:
        try:
            backend = begin()
            if backend is not None:
                self._look(number, backend)
        except Exception as error:  # nobody else hears this thread: whatever it is, it is said
            self._tell(number, partial(self._listener.backend_lost, as_docstra(error)))

    def _put(self, number: int, backend: Backend) -> None:
        """In the place of the one there was, which is let go after everybody heard of the new one."""
        old, self.backend = self.backend, backend
        self._tell(number, partial(self._listener.backend_opened, backend))
        if old is not None:
            old.close()

    def _look(self, number: int, backend: Backend) -> None:
        last: Status | None = None
        while number == self._watch:
            self._wake.clear()
            asked = self._asked
            status = backend.status()
            if status != last:
                last = status
                self._tell(number, partial(self._listener.backend_looked_at, status))
            with self._looked:
                self._seen = asked
                self._looked.notify_all()
            often = self.is_busy or status.state == "loading"
            self._wake.wait(BUSY_SECONDS if often else IDLE_SECONDS)

    def _tell(self, number: int, call: Callable[[], None]) -> None:
        def tell() -> None:
            with self._turning:
                if number == self._watch:
                    call()

        later(self._deliver, tell)


def as_docstra(error: Exception) -> DocstraError:
    """`error` in the user's words."""
    if isinstance(error, DocstraError):
        return error
    return EngineError(f"{type(error).__name__}: {error}"[:300], "The engine's log has the whole story.")
