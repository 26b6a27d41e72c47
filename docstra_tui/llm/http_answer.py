"""One streamed answer over HTTP: a thread that reads the socket, and a reader that never waits in vain.

The thread does everything that may block (names, connect, TLS, headers, body) and puts what came into a
queue; `cancel` shuts the socket down and ends the queue, so the reader is free at once in every phase.
The deadlines belong to the reader and look only at data events: a server that drips keep-alive comments
is still silent.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from docstra_tui.errors import RemoteError
from docstra_tui.llm.answer import Finished

GRACE_SECONDS = 0.25
"""After a pause of this process (Ctrl+Z) what has arrived meanwhile counts."""


class HttpAnswer:
    """An answer's source (`AnswerSource`). `work` does the request: it reports pieces, returns the end.

    `first_seconds` is how long the first data event may take, `idle_seconds` how long the next; None
    is no limit. `server` names the server in errors.
    """

    def __init__(
        self,
        work: Callable[[HttpAnswer], Finished],
        server: str,
        first_seconds: float | None,
        idle_seconds: float | None,
    ) -> None:
        self._server = server
        self._limit = first_seconds
        self._idle = idle_seconds
        self._events: queue.SimpleQueue[str | Finished | BaseException] = queue.SimpleQueue()
        self._alive_at = time.monotonic()
        self._began = False
        self._socket: socket.socket | None = None
        self.is_cancelled = False
        threading.Thread(target=self._run, args=(work,), name="answer", daemon=True).start()

    def next_event(self) -> str | Finished:
        while True:
            limit = self._idle if self._began else self._limit
            wait = None if limit is None else self._alive_at + limit - time.monotonic()
            try:
                event = self._events.get(timeout=None if wait is None else max(wait, GRACE_SECONDS))
            except queue.Empty:
                if time.monotonic() - self._alive_at < (limit or 0):
                    continue
                self.cancel()
                what = "stopped in the middle of the answer" if self._began else "has not begun to answer"
                raise RemoteError(
                    f"{self._server} {what}: nothing came for {limit:g} s.",
                    "Ask again, or allow more with the settings remote.first_token_seconds and "
                    "remote.idle_seconds.",
                ) from None
            if isinstance(event, BaseException):
                raise event
            return event

    def cancel(self) -> None:
        # No lock: this may run inside a garbage collection, in the middle of any of our own lines.
        if self.is_cancelled:
            return
        self.is_cancelled = True
        self._events.put(Finished("cancelled"))
        shut(self._socket)

    # For the work, in its thread

    def trace(self, name: str, info: dict[str, Any]) -> None:
        """The `trace` extension of the request: catches the connection before the first byte is sent."""
        if name.endswith((".connect_tcp.complete", ".connect_unix_socket.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.is_cancelled:
                shut(self._socket)

    def report(self, text: str) -> None:
        """A data event came, perhaps with text."""
        self._alive_at = time.monotonic()
        self._began = True
        if text:
            self._events.put(text)

    def _run(self, work: Callable[[HttpAnswer], Finished]) -> None:
        end: Finished | BaseException
        try:
            end = work(self)
        except BaseException as error:
            end = error
        self._socket = None
        if not self.is_cancelled:
            self._events.put(end)


def shut(sock: socket.socket | None) -> None:
    """Wake whoever reads or writes `sock`; does not block."""
    if sock is not None:
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown: it would take the TLS layer away under the reading thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
