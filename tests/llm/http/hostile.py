"""A server on loopback that answers with exactly the bytes a test gives it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Act = Callable[[socket.socket], None]

CHAT = "/v1/chat/completions"
DONE = b"data: [DONE]\n\n"
SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
MODELS = b'{"data": [{"id": "their-model", "max_model_len": 4096}, {"id": "other"}]}'


def response(body: bytes, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def chunk(text: str = "", reason: str | None = None) -> bytes:
    finish = f'"{reason}"' if reason else "null"
    return b'data: {"choices": [{"delta": {"content": "%s"}, "finish_reason": %s}]}\n\n' % (
        text.encode(),
        finish.encode(),
    )


def sends(*parts: bytes) -> Act:
    """Send and close, as a server with `Connection: close`."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"".join(parts))

    return act


def sends_and_stalls(gate: threading.Event, *parts: bytes) -> Act:
    """Send, then neither speak nor close until the gate opens."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"".join(parts))
        gate.wait(60)

    return act


def for_ever(part: bytes, *before: bytes, pause: float = 0.02) -> Act:
    """Send, then one part again and again until the client is gone; `pause` is in seconds."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"".join(before))
        while True:
            connection.sendall(part)
            time.sleep(pause)

    return act


def dripped(data: bytes, pause: float = 0.05) -> Act:
    """Send byte by byte."""

    def act(connection: socket.socket) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(pause)

    return act


def resets(*parts: bytes) -> Act:
    """Send, wait a moment, and break the connection off without an end."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"".join(parts))
        time.sleep(0.1)  # what was sent is not thrown away with the connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def half_closes(gate: threading.Event, *parts: bytes) -> Act:
    """Send, say that no more comes, and keep the connection open."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"".join(parts))
        connection.shutdown(socket.SHUT_WR)
        gate.wait(60)

    return act


@dataclass
class HostileServer:
    """Serves `answers[path]`, the last one again and again; remembers what it was asked."""

    answers: dict[str, list[Act]] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client closed its connection while an answer was going on."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def questions(self) -> list[bytes]:
        """The requests that want an answer; others only have a prompt counted."""
        return [request for request in self.requests if request.startswith(f"POST {CHAT} ".encode())]

    def on(self, path: str, *acts: Act) -> None:
        self.answers[path] = list(acts)

    def serve(self, connection: socket.socket) -> None:
        with connection:
            request = _read_request(connection)
            if not request:
                return
            self.requests.append(request)
            path = request.split(b" ", 2)[1].decode()
            acts = self.answers.get(path, [sends(response(b"{}", "404 Not Found"))])
            act = acts.pop(0) if len(acts) > 1 else acts[0]
            try:
                act(connection)
            except OSError:
                self.gone.set()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def hostile(server: HostileServer | None = None) -> Iterator[HostileServer]:
    server = server or HostileServer()
    server.on("/v1/models", sends(response(MODELS)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=server.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
