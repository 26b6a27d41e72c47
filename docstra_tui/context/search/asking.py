"""Questions to an index, put to a process of their own, so that the one who asks never stands still.

It is started with the first question, or a moment before, and ends by itself when nobody asks; one that is
silent for long is ended, and the next question gets another.
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from docstra_tui.context.search.index.messages import Inbox, send
from docstra_tui.context.search.offered import Suggestions
from docstra_tui.errors import NoIndex

SECONDS = 30.0
"""Without an answer: a large project on a busy machine takes two."""

# -P: the current folder is somebody's project, and must not lend its modules to ours.
COMMAND = (sys.executable, "-P", "-m", "docstra_tui.context.search.suggesting_process")


class Question(msgspec.Struct, array_like=True, frozen=True):
    """What the process hears."""

    index: str
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


class Asking:
    """One process, or none. `start` and `suggest` in one thread; `close` from any."""

    def __init__(self, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        self._command = command
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._inbox: Inbox | None = None
        self._closed = threading.Event()

    def start(self) -> None:
        """Have it there when a question comes. Does not wait for it."""
        with contextlib.suppress(OSError):  # said when somebody asks
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
        """As `suggestions.suggest`, of the index in that file. Raises `NoIndex`, `sqlite3.Error`."""
        order = Question(str(index), question, tuple(ticked), tuple(words), limit)
        try:
            said = self._said(order) or self._said(order)  # it may have ended just now, since nobody asked
        except OSError as error:
            raise NoIndex(f"The process that looks for files cannot be started: {error.strerror}.") from error
        if said is None:
            raise NoIndex("The process that looks for files does not answer.", "Ask again in a moment.")
        if said.found is not None:
            return said.found
        if said.missing:
            raise NoIndex(said.missing)
        problem = sqlite3.DatabaseError(said.problem)
        problem.sqlite_errorcode = said.code
        raise problem

    def close(self) -> None:
        """End it, and have none again. Never waits."""
        self._closed.set()
        self._end()

    def _said(self, order: Question) -> Answer | None:
        """None where it is gone, silent or speaks nonsense: it is ended then."""
        process, inbox = self._begin()
        if process is None or inbox is None:
            return None
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError, msgspec.DecodeError):
            send(process.stdin, order)
            if message := inbox.next(self._seconds, self._closed):
                return msgspec.msgpack.decode(message, type=Answer)
        self._end()
        return None

    def _begin(self) -> tuple[subprocess.Popen[bytes] | None, Inbox | None]:
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._forget()
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
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._forget()

    def _forget(self) -> None:
        """With the lock."""
        process, self._process, self._inbox = self._process, None, None
        assert process is not None
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()
