"""Answers of a server on loopback: the same bytes for every run, at a rate or all at once."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterable

from tests.llm.http.hostile import SSE, Act, HostileServer

CHAT = "/v1/chat/completions"


def piece_event(text: str) -> bytes:
    """One piece as a server-sent event; everything outside ASCII is escaped, as JSON has it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def end_events(pieces: int) -> bytes:
    """The last events of an answer."""
    choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": pieces, "total_tokens": 100 + pieces}
    last = [{"choices": [choice]}, {"choices": [], "usage": usage}]
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in last) + b"data: [DONE]\n\n"


def streams(
    pieces: Iterable[str],
    rate: float = 0.0,
    *,
    begun: threading.Event | None = None,
    ended: threading.Event | None = None,
) -> Act:
    """Stream `pieces`, `rate` a second (0: as fast as they are taken)."""

    def act(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(SSE)
        if begun is not None:
            begun.set()
        start, count = time.monotonic(), 0
        for count, piece in enumerate(pieces, 1):
            wait = start + count / rate - time.monotonic() if rate else 0.0
            if wait > 0.001:
                time.sleep(wait)
            connection.sendall(piece_event(piece))
        connection.sendall(end_events(count))
        if ended is not None:
            ended.set()

    return act


def answer_with(server: HostileServer, *acts: Act) -> None:
    """What the server says to the next questions; the last one again and again."""
    server.on(CHAT, *acts)
