"""Colours for code, from a process that may be killed (`process`).

The process starts with the first text and is kept. One that is stuck is killed, and the next text gets a
new one; where they keep dying, none is started for a while. Knows nothing about screens or themes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from docstra_tui.workspace.colouring.process import wait_limit

COMMAND = (sys.executable, "-P", "-m", "docstra_tui.workspace.colouring.process")
# -P: the current folder is somebody's project, and must not lend its modules to ours.
START_SECONDS = 10.0
"""For the process to start and to find the language, on a machine with other work."""
SPARE_SECONDS = 0.5
"""What the process is given beyond the time after which it ends by itself."""
DEATHS = 3
"""In a row, after which no process is started for a while."""
REST_SECONDS, LONGEST_REST = 10.0, 600.0
"""How long then; twice as long after every further death."""
ANSWER_BYTES, CHARACTER_BYTES = 1 << 16, 24
"""An answer may have so many bytes, and so many more for each character of the text."""

LineColours = list[int]
"""Lengths and kinds (`code_kinds`), one after the other; what follows them is plain."""
Take = Callable[[list[LineColours]], None]
"""Is given the next lines, in order."""

_decode = msgspec.json.Decoder(list[list[Annotated[int, msgspec.Meta(ge=0)]]]).decode


class _Lost(Exception):
    """The process ended, is stuck, or says what nobody can read."""


class Colouring:
    """Blocks while the process works: call from a worker, one text at a time."""

    def __init__(
        self, command: Sequence[str] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._command = list(COMMAND if command is None else command)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._deaths = 0
        self._rests_until = 0.0
        self._busy = threading.Lock()
        self._closed = threading.Event()
        self.started = 0
        """How many processes were started, for tests and measurements."""

    @property
    def pid(self) -> int | None:
        """The process that runs; None when there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Have the process ready before the first text. Does not wait for it."""
        with self._busy:
            self._running()

    def colour(self, language: str, text: str, take: Take) -> bool:
        """Give the colours of the lines of `text` to `take`, as they are found.

        True when that is all there is ever to be had, also where reading never ends: then the lines that
        were not told of stay plain. False when it is worth asking again later: no process could be used.
        Raises what `take` raises.
        """
        with self._busy:
            process = self._running()
            if process is None:
                return False
            begun = False
            with contextlib.ExitStack() as unless_all_came:
                unless_all_came.callback(self._end)
                try:
                    self._send(process, language, text)
                    begun = self._next(process, START_SECONDS, ANSWER_BYTES) == []
                    self._take_all(process, text, take)
                except (_Lost, OSError, msgspec.MsgspecError):
                    if self._closed.is_set():
                        return False
                    self._die()
                    return begun
                unless_all_came.pop_all()
            self._deaths = 0
            return True

    def close(self) -> None:
        """End the process, from any thread, also one that is stuck; none is started any more."""
        self._closed.set()
        process = self._process
        if process is not None:
            process.kill()
        if self._busy.acquire(timeout=1.0):  # whoever waits for it sees its end
            try:
                self._end()
            finally:
                self._busy.release()

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is not None and self._process.poll() is not None:
            self._end()  # killed from outside, between two texts
        if self._process is None and not self._closed.is_set() and self._clock() >= self._rests_until:
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    start_new_session=True,
                )
            except OSError:
                self._die()
                return None
            self.started += 1
            self._buffer = b""
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)
            if self._closed.is_set():  # meanwhile, by another thread, which could not see it
                self._end()
        return self._process

    def _send(self, process: subprocess.Popen[bytes], language: str, text: str) -> None:
        assert process.stdin is not None
        left = memoryview(json.dumps((language, text)).encode() + b"\n")
        deadline = self._clock() + START_SECONDS
        while left:
            _wait(process.stdin.fileno(), select.POLLOUT, deadline - self._clock())
            left = left[os.write(process.stdin.fileno(), left) :]

    def _take_all(self, process: subprocess.Popen[bytes], text: str, take: Take) -> None:
        left = text.count("\n") + 1
        room = ANSWER_BYTES + CHARACTER_BYTES * len(text)
        while left:
            lines = self._next(process, wait_limit(text) + SPARE_SECONDS, room)
            if not 0 < len(lines) <= left:
                raise _Lost
            left -= len(lines)
            take(lines)

    def _next(self, process: subprocess.Popen[bytes], seconds: float, room: int) -> list[LineColours]:
        """The next thing it says."""
        assert process.stdout is not None
        deadline = self._clock() + seconds
        while b"\n" not in self._buffer:
            if len(self._buffer) > room:
                raise _Lost
            _wait(process.stdout.fileno(), select.POLLIN, deadline - self._clock())
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                raise _Lost
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return _decode(line)

    def _die(self) -> None:
        self._end()
        self._deaths += 1
        if self._deaths >= DEATHS:
            rest = REST_SECONDS * 2 ** min(20, self._deaths - DEATHS)
            self._rests_until = self._clock() + min(LONGEST_REST, rest)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)


def _wait(fd: int, event: int, seconds: float) -> None:
    """Wait until a pipe is ready; raises when it is not in time."""
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, seconds) * 1000):
        raise _Lost
