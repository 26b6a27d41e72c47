"""A server that counts as another machine although it listens here, and notes every connection.

`127.1` is a name to us, and no loopback address, but the system's resolver reads it as one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.llm.http.hostile import SSE, HostileServer, chunk, hostile, response, sends

NAME = "127.1"


class Elsewhere(HostileServer):
    """Answers everything that a server is asked, and counts."""

    connections = 0
    """How often somebody connected, whether or not anything was sent."""

    @property
    def url(self) -> str:
        return f"http://{NAME}:{self.port}/v1"

    @property
    def shown(self) -> str:
        return f"{NAME}:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        self.connections += 1
        super().serve(connection)

    def asked(self, path: str) -> list[bytes]:
        """The requests for a path."""
        return [request for request in self.requests if request.split(b" ", 2)[1].decode() == path]


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    with hostile(Elsewhere()) as server:
        assert isinstance(server, Elsewhere)
        server.on("/tokenize", sends(response(b'{"count": 42, "max_model_len": 4096}')))
        server.on("/v1/chat/completions", sends(SSE, chunk("An answer.", "stop"), b"data: [DONE]\n\n"))
        yield server
