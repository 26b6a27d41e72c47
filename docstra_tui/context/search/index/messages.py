"""How the processes of an index tell each other anything: a length, and so many bytes."""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from typing import IO

import msgspec

LARGEST = 64 << 20
"""Bytes of one message; whoever sends more is broken."""

LOOK = 0.5
"""Seconds between two looks at whether anybody still wants an answer."""

_LENGTH = struct.Struct("<I")
_AT_ONCE = 1 << 20


def send(pipe: IO[bytes], message: object) -> None:
    """Raises `OSError` where nobody listens."""
    body = msgspec.msgpack.encode(message)
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """The next message; empty when there is none, or none that is whole."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    [length] = _LENGTH.unpack(head)
    body = pipe.read(length) if length <= LARGEST else b""
    return body if len(body) == length else b""


class Inbox:
    """What another process says, waited for no longer than one likes."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._fd = pipe.fileno()
        self._held = bytearray()

    def next(self, seconds: float, stop: threading.Event) -> bytes:
        """The next message; empty when the other is gone, silent, or speaks nonsense."""
        until = time.monotonic() + seconds
        while not stop.is_set():
            if len(self._held) >= _LENGTH.size:
                [length] = _LENGTH.unpack_from(self._held)
                end = _LENGTH.size + length
                if length > LARGEST:
                    return b""
                if len(self._held) >= end:
                    message = bytes(self._held[_LENGTH.size : end])
                    del self._held[:end]
                    return message
            left = until - time.monotonic()
            if left <= 0:
                return b""
            if select.select([self._fd], [], [], min(left, LOOK))[0]:
                part = os.read(self._fd, _AT_ONCE)
                if not part:
                    return b""
                self._held += part
        return b""
