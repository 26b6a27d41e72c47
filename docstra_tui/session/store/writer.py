"""The one thread that uses the database: brings it up to date with the memory, and reads from it.

When it cannot write it says why, keeps at it, and loses nothing: what is behind stays behind until it
is written. Knows nothing about conversations.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, TypeVar

from docstra_tui.background import fulfil
from docstra_tui.errors import DocstraError, StoreError
from docstra_tui.session.store import owner
from docstra_tui.session.store.backlog import Backlog
from docstra_tui.session.store.damage import is_damage
from docstra_tui.session.store.database import Database
from docstra_tui.session.store.problems import describe, is_busy, silence
from docstra_tui.session.store.saved_copy import SavedCopy

GAP_SECONDS = 0.25
"""Between two writes that nobody waits for: a fast model must not keep the disk busy."""
RETRY_SECONDS = 3.0
WAIT_SECONDS = 10.0
"""A disk that does not answer for this long must not hold up the conversation."""

T = TypeVar("T")


@dataclass
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any]


class Writer:
    """Keeps `database` in step with what is held. Methods may be called from any thread."""

    def __init__(self, database: Database, backlog: Backlog) -> None:
        self.problem: str | None = None
        """Why the disk is behind, in sentences for behind `NOT SAVED`; None while it is not."""
        self._database = database
        self.owner = owner.new_owner()
        """Who writes."""
        self._copy = SavedCopy(database, backlog, self.owner)
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._due: float | None = None
        self._retry_at = 0.0
        self._last_write = 0.0
        self._attempts = 0
        self._failed_attempt = -1
        self._is_failing = False
        self._busy_since: float | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="session store", daemon=True)
        self._thread.start()

    # For other threads

    def schedule(self, seconds: float) -> None:
        """Write what is behind, so soon; while that fails, at the next retry."""
        with self._changed:
            at = max(time.monotonic() + seconds, self._retry_at, self._last_write + GAP_SECONDS)
            self._set_due(at)

    def write(self) -> int:
        """Write what is behind at once, without waiting for it. Gives what `wait` wants to know."""
        with self._changed:
            self._set_due(time.monotonic())
            return self._attempts

    def wait(
        self, is_written: Callable[[], bool], attempt: int, timeout: float | None = None, tell: bool = False
    ) -> bool:
        """Wait for the write that `write` asked for; False when it failed, or took longer than that.

        With `tell`, a disk that does not answer in time becomes the `problem`.
        """
        deadline = time.monotonic() + (WAIT_SECONDS if timeout is None else timeout)
        with self._changed:
            while not is_written():
                if self._failed_attempt >= attempt or not self._thread.is_alive():
                    return False
                left = deadline - time.monotonic()
                if left <= 0:
                    if tell:
                        self._tell_of_silence()
                    return False
                self._changed.wait(min(left, 1.0))
            return True

    def read(
        self,
        work: Callable[[sqlite3.Connection], T],
        instead: T | None = None,
        seconds: float | None = None,
    ) -> T:
        """What `work` finds; `instead`, when given, is for a file that cannot be opened.

        Raises `StoreError`.
        """
        job = _Job(work, Future())
        with self._changed:
            if self._closing:
                raise StoreError("The saved sessions are closed.")
            self._jobs.append(job)
            self._changed.notify_all()
        try:
            result: T = job.future.result(WAIT_SECONDS if seconds is None else seconds)
            return result
        except FutureTimeout:
            raise StoreError(
                f"The disk with {self._database.path} does not answer.", "Try again later."
            ) from None
        except (sqlite3.Error, OSError, DocstraError) as error:
            if instead is not None and self._database.connection is None:
                return instead
            if isinstance(error, DocstraError):
                raise StoreError(error.message, error.hint) from error
            hint = self._database.read_only or self._database.notice
            raise StoreError(f"The saved sessions cannot be read: {error}.", hint) from error

    def change(self, work: Callable[[sqlite3.Connection], None], seconds: float | None = None) -> None:
        """Run `work` in a transaction of its own, and wait for it so long. Raises `StoreError`."""
        self.read(lambda connection: self._copy.change(connection, work), seconds=seconds)

    def close(self, timeout: float) -> None:
        """Write what is behind, let the file go and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        if self._thread.is_alive() and self._copy.is_behind:
            self._tell_of_silence()
        owner.forget(self.owner)

    # The thread

    def _run(self) -> None:
        self._open_first()
        while True:
            with self._changed:
                while not (self._jobs or self._closing or self._is_due()):
                    self._changed.wait(None if self._due is None else max(0.0, self._due - time.monotonic()))
                job = self._jobs.popleft() if self._jobs else None
                is_last = self._closing and job is None
                # A reader sees what was said before it asked.
                write = self._is_due() or is_last or (job is not None and not self._is_failing)
            if write:
                self._write()
            if job is not None:
                self._do(job)
            elif is_last:
                self._copy.finish()
                return

    def _open_first(self) -> None:
        """Open at once, so that `problem` is there before anything is said."""
        if self._succeeds(self._copy.connection, attempt=-1):
            self.problem = self._database.read_only or None

    def _succeeds(self, work: Callable[[], object], attempt: int) -> bool:
        try:
            work()
        except Exception as error:  # whatever it was, it is told and tried again: the thread lives on
            self._fail(error, attempt)
            return False
        return True

    def _do(self, job: _Job) -> None:
        def work() -> Any:
            try:
                return job.work(self._copy.connection())
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise
            self._copy.set_aside()
            self.write()
            return job.work(self._copy.connection())  # from the new file, with what could be brought over

        fulfil(job.future, work)

    def _write(self) -> None:
        with self._changed:
            self._due = None
            attempt = self._attempts
            self._attempts += 1
            if not self._copy.is_behind and not self._is_failing:
                self._changed.notify_all()
                return
        if not self._succeeds(self._copy.bring_up_to_date, attempt):
            return
        with self._changed:
            self.problem = None
            self._failed_attempt = -1
            self._is_failing = False
            self._busy_since = None
            self._retry_at = 0.0
            self._last_write = time.monotonic()
            if self._copy.is_behind:
                self._set_due(self._last_write + GAP_SECONDS)
            self._changed.notify_all()

    def _fail(self, error: Exception, attempt: int) -> None:
        """Remember that it is not saved, why, and when to try again."""
        if isinstance(error, sqlite3.Error):
            if is_damage(error):
                self._copy.set_aside()
            elif is_busy(error) and not self._closing:
                now = time.monotonic()
                self._busy_since = self._busy_since or now
                if now - self._busy_since < WAIT_SECONDS:
                    with self._changed:
                        self._set_due(now)
                    return
        self._copy.close()
        with self._changed:
            self.problem = describe(error, self._database.path)
            self._failed_attempt = attempt
            self._is_failing = True
            self._retry_at = time.monotonic() + RETRY_SECONDS
            if not self._database.read_only:
                self._set_due(self._retry_at)  # sooner where somebody asked meanwhile
            self._changed.notify_all()

    def _tell_of_silence(self) -> None:
        if self.problem is None:
            self.problem = silence(self._database.path)

    def _set_due(self, at: float) -> None:
        if self._due is None or at < self._due:
            self._due = at
            self._changed.notify_all()

    def _is_due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due
