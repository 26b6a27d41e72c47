"""Opening a backend and watching it: one thread asks for its status, the screen hears what changed.

Asks often while something happens and seldom while nothing does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from docstra_tui.errors import DocstraError, EngineError

if TYPE_CHECKING:
    from docstra_tui.workspace.models.backend import Backend, Status

BUSY_SECONDS = 0.4
"""Between two looks while the model loads or answers."""
IDLE_SECONDS = 2.0


class BackendOpened(Message):
    """A backend can be used: its model may still be loading."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self.backend = backend


class StatusChanged(Message):
    """The backend said something new about itself."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.status = status


class BackendLost(Message):
    """The backend cannot be opened, asked or started again."""

    def __init__(self, error: DocstraError) -> None:
        super().__init__()
        self.error = error


class EngineWatch:
    """The backend in use and the thread that watches it."""

    def __init__(self, post: Callable[[Message], object]) -> None:
        self._post = post
        self.backend: Backend | None = None
        self.busy = True
        """While True the status is asked for often."""
        self._wake = threading.Event()
        self._watch = 0

    def open(self, open_backend: Callable[[], Backend]) -> None:
        """Open a backend in the background; it takes the place of the one there is."""
        self._watch += 1
        self._start(lambda number: self._open_and_watch(number, open_backend))

    def restart(self) -> None:
        """Start the backend's engine again."""
        backend = self.backend
        if backend is None:
            return
        self._watch += 1
        self._start(lambda number: self._restart_and_watch(number, backend))

    def look_now(self) -> None:
        """Ask for the status at once."""
        self._wake.set()

    def close(self) -> None:
        """Stop watching and let the backend go; its engine stays hot."""
        self._watch += 1
        self._wake.set()
        backend, self.backend = self.backend, None
        if backend is not None:
            backend.close()

    def _start(self, work: Callable[[int], None]) -> None:
        self._wake.set()
        threading.Thread(target=work, args=(self._watch,), name="engine-watch", daemon=True).start()

    def _open_and_watch(self, number: int, open_backend: Callable[[], Backend]) -> None:
        try:
            backend = open_backend()
        except Exception as error:
            self._tell(number, BackendLost(as_docstra(error)))
            return
        if number != self._watch:
            backend.close()
            return
        old, self.backend = self.backend, backend
        self._tell(number, BackendOpened(backend))
        if old is not None:
            old.close()
        self._look(number, backend)

    def _restart_and_watch(self, number: int, backend: Backend) -> None:
        try:
            backend.restart()
        except Exception as error:
            self._tell(number, BackendLost(as_docstra(error)))
            return
        self._look(number, backend)

    def _look(self, number: int, backend: Backend) -> None:
        last: Status | None = None
        while number == self._watch:
            self._wake.clear()
            try:
                status = backend.status()
            except Exception as error:
                self._tell(number, BackendLost(as_docstra(error)))
                return
            if status != last:
                last = status
                self._tell(number, StatusChanged(status))
            often = self.busy or status.state == "loading"
            self._wake.wait(BUSY_SECONDS if often else IDLE_SECONDS)

    def _tell(self, number: int, message: Message) -> None:
        if number == self._watch:
            try:
                self._post(message)
            except RuntimeError:  # the loop closed in between
                pass


def as_docstra(error: Exception) -> DocstraError:
    """`error` in the user's words."""
    if isinstance(error, DocstraError):
        return error
    return EngineError(f"{type(error).__name__}: {error}"[:300], "The engine's log has the whole story.")
