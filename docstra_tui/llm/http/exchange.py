"""One request on its way: how far it has come, and how to end it from any thread.

The HTTP library bounds a single read, so a server that drips holds it for ever. Here whoever waits sees
which step the request is in and shuts the socket when that has taken too long.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from concurrent import futures
from typing import Any, Literal, TypeVar

from docstra_tui import background
from docstra_tui.errors import RemoteError

T = TypeVar("T")

Step = Literal["connect", "wait", "head", "body"]
"""Reaching the server, waiting for a word of it, reading its head, reading what follows."""

GRACE_SECONDS = 0.25
"""After a pause of this process (Ctrl+Z) what has arrived meanwhile counts."""

MOST_INTERIM = 1000
"""Interim responses before one request; a server that sends more sends nothing else."""


class Exchange:
    """Follows one request to `server` through its `trace`; `on_step` hears each new step, in its thread."""

    def __init__(self, server: str, on_step: Callable[[Step], None] = lambda step: None) -> None:
        self._server = server
        self._on_step = on_step
        self._socket: socket.socket | None = None
        self._head = _Head(server)
        self.is_cancelled = False

    def cancel(self) -> None:
        """Shut the connection, also one that is still to come. Never blocks, any thread."""
        self.is_cancelled = True
        shut(self._socket)

    def done(self) -> None:
        """Nothing is to be shut any more."""
        self._socket = None

    def trace(self, name: str, info: dict[str, Any]) -> None:
        """The `trace` extension of the request: sees the connection before a byte is sent on it."""
        if name.endswith((".connect_tcp.started", ".connect_unix_socket.started")):
            self._head = _Head(self._server)
            self._on_step("connect")
        elif name.endswith((".connect_tcp.complete", ".connect_unix_socket.complete", ".start_tls.complete")):
            stream = info["return_value"]
            self._socket = stream.get_extra_info("socket")
            stream.read = self._watched(stream.read)  # below TLS there is no head to be seen
            if self.is_cancelled:
                shut(self._socket)
        elif name.endswith(".send_request_headers.started"):
            self._on_step("wait")
        elif name.endswith(".receive_response_headers.complete"):
            self._head.is_over = True
            self._on_step("body")

    def _watched(self, read: Callable[..., bytes]) -> Callable[..., bytes]:
        """`read` of a connection's stream, looked at for the beginning and the end of a head."""

        def watched(*args: Any, **kwargs: Any) -> bytes:
            data = read(*args, **kwargs)
            if not self._head.is_over:
                had_begun = self._head.has_begun
                self._head.feed(data)
                if self._head.has_begun != had_begun:
                    self._on_step("head" if self._head.has_begun else "wait")
            return data

        return watched


class _Head:
    """Where the head of a response begins. Interim ones (`100 Continue`) are over with their last line."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._data = b""
        self._interim = 0
        self.is_over = False

    @property
    def has_begun(self) -> bool:
        return bool(self._data)

    def feed(self, data: bytes) -> None:
        """More of what the server sent. Raises `RemoteError` for interim responses without end."""
        self._data += data
        while self._is_interim() and (end := self._data.find(b"\r\n\r\n")) >= 0:
            self._data = self._data[end + 4 :]
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise RemoteError(f"{self._server} sends interim responses without end.", "Look at its log.")

    def _is_interim(self) -> bool:
        _, space, rest = self._data[:16].partition(b" ")
        return bool(space) and rest[:1] == b"1" and rest[:3] != b"101"


def within(seconds: float, work: Callable[[], T], exchange: Exchange, late: Callable[[], Exception]) -> T:
    """The result of `work`, which runs in a thread of its own; raises what it raises, or `late()`.

    Everything in it may block: names, connecting, headers, the body.
    """
    request = background.begin(work, "request")
    try:
        for patience in (seconds, GRACE_SECONDS):
            futures.wait([request], patience)
        if not request.done():
            raise late()
    finally:
        if not request.done():
            exchange.cancel()
    return request.result()


def shut(sock: socket.socket | None) -> None:
    """Wake whoever reads or writes `sock`; does not block."""
    if sock is not None:
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown: it would take the TLS layer away under the reading thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
