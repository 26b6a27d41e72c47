"""Questions to an index, put to a process of their own, so that the one who asks never stands still.

It is started with the first question, or a moment before, and ends by itself when nobody asks; one that is
silent for long is ended, and the next question gets another.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from docstra_tui.context.search.index.messages import Inbox, send
from docstra_tui.context.search.offered import Suggestions, sayable
from docstra_tui.errors import NoIndex, NoSearch

SECONDS = 30.0
"""Without an answer: a large project on a busy machine takes two."""
LEAVING_SECONDS = 1.0
"""For one that was killed; a disk that hangs keeps it longer."""

# -P: the current folder is somebody's project, and must not lend its modules to ours.
COMMAND = (sys.executable, "-P", "-m", "docstra_tui.context.search.suggesting_process")


class Question(msgspec.Struct, array_like=True, frozen=True):
    """What the process hears."""

    index: bytes
    text: str
    ticked: tuple[str, ...]
    words: tuple[str, ...]
    limit: int


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """What it says: one of these."""

    found: Suggestions | None = None
    missing: str = ""
    """There is no index."""
    problem: str = ""
    """It cannot be read."""
    code: int = 0
    """SQLite's, of the problem."""
    unable: str = ""
    """Nobody can look into it."""


class Asking:
    """One process, or none. `start` and `suggest` in one thread; `close` from any."""

    def __init__(self, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        self._command = command
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._inbox: Inbox | None = None
        self._is_asked = False
        """Its pipes are in the hands of whoever asks."""
        self._closed = threading.Event()

    def start(self) -> None:
        """Have it there when a question comes. Does not wait for it."""
        with contextlib.suppress(OSError), self._lock:  # said when somebody asks
            self._begin()

    def suggest(
        self,
        index: Path,
        question: str,
        *,
        ticked: Sequence[str] = (),
        limit: int = 20,
        words: Sequence[str] = (),
    ) -> Suggestions:
        """As `suggestions.suggest`, of the index in that file; raises what that does."""
        order = Question(
            os.fsencode(index),
            sayable(question),
            tuple(map(sayable, ticked)),
            tuple(map(sayable, words)),
            limit,
        )
        try:
            said = self._said(order) or self._said(order)  # it may have ended just now, since nobody asked
        except OSError as error:
            raise NoSearch(
                f"The process that looks for files cannot be started: {error.strerror}."
            ) from error
        if said is None:
            raise NoSearch("The process that looks for files does not answer.", "Ask again in a moment.")
        if said.found is not None:
            return said.found
        if said.missing:
            raise NoIndex(said.missing)
        if said.unable:
            raise NoSearch(said.unable)
        problem = sqlite3.DatabaseError(said.problem)
        problem.sqlite_errorcode = said.code
        raise problem

    def close(self) -> None:
        """End it, and have none again. Never waits."""
        self._closed.set()
        with self._lock:
            if self._is_asked and self._process is not None:
                self._process.kill()  # who asks it forgets it
            else:
                self._end()

    def _said(self, order: Question) -> Answer | None:
        """None where it is gone, silent or speaks nonsense: it is ended then. Raises `OSError` where it
        cannot be started."""
        with self._lock:
            process, inbox = self._begin()
            if process is None or inbox is None:
                return None
            self._is_asked = True
        answer: Answer | None = None
        try:
            assert process.stdin is not None
            with contextlib.suppress(OSError, ValueError, msgspec.DecodeError):
                send(process.stdin, order)
                if message := inbox.next(self._seconds, self._closed):
                    answer = msgspec.msgpack.decode(message, type=Answer)
        finally:
            with self._lock:
                self._is_asked = False
                if answer is None or self._closed.is_set():
                    self._end()
        return answer

    # With the lock

    def _begin(self) -> tuple[subprocess.Popen[bytes] | None, Inbox | None]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None and not self._closed.is_set():
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            assert self._process.stdout is not None
            self._inbox = Inbox(self._process.stdout)
        return self._process, self._inbox

    def _end(self) -> None:
        process, self._process, self._inbox = self._process, None, None
        if process is None:
            return
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LEAVING_SECONDS)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()
