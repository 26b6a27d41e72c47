"""An answer is given up from any thread, in every phase."""

from __future__ import annotations

import socket
import threading
import time

from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import (
    CHAT,
    SSE,
    HostileServer,
    chunk,
    sends_and_stalls,
)

GUARD = 5
"""Seconds that nobody waits who gives up: far below the 60 of the real limit."""


def test_cancelling_wakes_the_reader_at_once_and_the_server_notices(
    server: HostileServer, gate: threading.Event
) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(SSE + chunk("a piece"))
        connection.recv(1)  # returns when the client is gone
        server.gone.set()

    server.on(CHAT, talk)
    stream = RemoteLLM(server.url).stream("Hi")
    assert next(stream) == "a piece"
    threading.Timer(0.1, stream.cancel).start()
    began = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - began < GUARD
    assert stream.finish_reason == "cancelled" and stream.text == "a piece"
    assert server.gone.wait(5)


def test_cancelling_works_before_the_server_has_said_anything(
    server: HostileServer, gate: threading.Event
) -> None:
    server.on(CHAT, sends_and_stalls(gate))
    stream = RemoteLLM(server.url, "m").stream("Hi")
    threading.Timer(0.1, stream.cancel).start()
    began = time.monotonic()
    assert list(stream) == [] and stream.finish_reason == "cancelled"
    assert time.monotonic() - began < GUARD


def test_dropping_a_stream_hangs_up(server: HostileServer) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(SSE + chunk("a"))
        connection.recv(1)
        server.gone.set()

    server.on(CHAT, talk)
    stream = RemoteLLM(server.url).stream("Hi")
    next(stream)
    del stream
    assert server.gone.wait(5)
