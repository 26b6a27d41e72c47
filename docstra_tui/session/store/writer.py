"""The one thread that uses the database: brings it up to date with the memory, and reads from it.

When it cannot write it says why, keeps at it, and loses nothing: what is behind stays behind until it
is written. Knows nothing about conversations.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, TypeVar

from docstra_tui.errors import DocstraError, StoreError
from docstra_tui.session.store import owner, rows
from docstra_tui.session.store.damage import is_damage, result_code
from docstra_tui.session.store.database import Database
from docstra_tui.session.store.memory import Memory

GAP_SECONDS = 0.25
"""Between two writes that nobody waits for: a fast model must not keep the disk busy."""
RETRY_SECONDS = 3.0
WAIT_SECONDS = 10.0
"""A disk that does not answer for this long must not hold up the conversation."""
KEPT = "What is said is kept, and saved when that is mended."

T = TypeVar("T")


@dataclass
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any]


class Writer:
    """Keeps `database` in step with `memory`. Methods may be called from any thread."""

    def __init__(self, database: Database, memory: Memory) -> None:
        self.problem: str | None = None
        """Why the disk is behind, in sentences for behind `NOT SAVED`; None while it is not."""
        self._database = database
        self._memory = memory
        self._owner = owner.new_owner()
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._due: float | None = None
        self._retry_at = 0.0
        self._last_write = 0.0
        self._attempts = 0
        self._failed_attempt = -1
        self._is_failing = False
        self._busy_since: float | None = None
        self._file = ""
        """The identity of the database that the memory compares itself with."""
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

    def read(self, work: Callable[[sqlite3.Connection], T], instead: T | None = None) -> T:
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
            result: T = job.future.result(WAIT_SECONDS)
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

    @property
    def is_unreadable(self) -> bool:
        """True while there is a file that cannot be opened, or a folder that cannot be looked into."""
        if self._database.connection is not None:
            return False
        try:
            os.stat(self._database.path)
        except FileNotFoundError:
            return False
        except OSError:
            pass
        return True

    def change(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run `work` in a transaction of its own, and wait for it. Raises `StoreError`."""

        def transaction(connection: sqlite3.Connection) -> None:
            self._refuse_read_only()
            connection.execute("BEGIN IMMEDIATE")
            try:
                work(connection)
                connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

        self.read(transaction)

    def close(self, timeout: float) -> None:
        """Write what is behind, let the file go and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        if self._thread.is_alive() and self._memory.is_behind():
            self._tell_of_silence()
        owner.forget(self._owner)

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
                self._database.close()
                return

    def _open_first(self) -> None:
        """Open at once, so that `problem` is there before anything is said."""
        try:
            self._connection()
        except Exception as error:
            self._fail(error, attempt=-1)
        else:
            self.problem = self._database.read_only or None

    def _do(self, job: _Job) -> None:
        try:
            try:
                result = job.work(self._connection())
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise
                self._set_aside()
                self.write()
                result = job.work(self._connection())  # from the new file, with what could be brought over
        except BaseException as error:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)

    def _connection(self) -> sqlite3.Connection:
        """The connection to the file that is at the path now.

        When that is a new one (the old one was deleted, or damaged and set aside), everything is behind.
        """
        connection = self._database.open()
        if not self._database.is_current():
            self._database.close()
            connection = self._database.open()
        if self._database.identity != self._file:
            is_first, self._file = not self._file, self._database.identity
            if not is_first:
                self._memory.mark_all_behind()
        return connection

    def _write(self) -> None:
        with self._changed:
            self._due = None
            attempt = self._attempts
            self._attempts += 1
            if not self._memory.is_behind() and not self._is_failing:
                self._changed.notify_all()
                return
        try:
            self._commit()
        except Exception as error:
            self._fail(error, attempt)
            return
        with self._changed:
            self.problem = None
            self._failed_attempt = -1
            self._is_failing = False
            self._busy_since = None
            self._retry_at = 0.0
            self._last_write = time.monotonic()
            if self._memory.is_behind():
                self._set_due(self._last_write + GAP_SECONDS)
            self._changed.notify_all()

    def _commit(self) -> None:
        """All that is behind, in one transaction."""
        connection = self._connection()
        self._refuse_read_only()
        connection.execute("BEGIN IMMEDIATE")
        try:
            behind = self._memory.behind()
            for one, _, session in behind.sessions:
                rows.write_session(connection, session, self._owner, one.has_draft)
            for number, waiting, _, question in behind.waiting:
                if question is not None:
                    rows.write_waiting(connection, waiting.session_id, question, self._owner)
                else:
                    rows.drop_waiting(connection, number)
            for kept, _, turn in behind.turns:
                rows.write_turn(connection, kept.session_id, turn, self._owner, not kept.has_items)
            for one, _, _ in behind.sessions:
                if not one.is_worth_keeping:
                    rows.drop_if_empty(connection, one.row.id)
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
        if not self._database.is_current():  # deleted while we wrote: it went nowhere
            raise FileNotFoundError(2, "the file was deleted", str(self._database.path))
        self._memory.mark_written(behind)

    def _fail(self, error: Exception, attempt: int) -> None:
        """Remember that it is not saved, why, and when to try again."""
        if isinstance(error, sqlite3.Error):
            if is_damage(error):
                self._set_aside()
            elif _is_busy(error) and not self._closing:
                now = time.monotonic()
                self._busy_since = self._busy_since or now
                if now - self._busy_since < WAIT_SECONDS:
                    with self._changed:
                        self._set_due(now)
                    return
        self._database.close()
        with self._changed:
            self.problem = _describe(error, self._database)
            self._failed_attempt = attempt
            self._is_failing = True
            self._retry_at = time.monotonic() + RETRY_SECONDS
            if not self._database.read_only:
                self._set_due(self._retry_at)  # sooner where somebody asked meanwhile
            self._changed.notify_all()

    def _set_aside(self) -> None:
        try:
            self._database.set_aside()
        except OSError:  # it stays where it is; the next try says the same
            pass

    def _refuse_read_only(self) -> None:
        if self._database.read_only:
            raise StoreError(self._database.read_only)

    def _tell_of_silence(self) -> None:
        if self.problem is None:
            self.problem = f"The disk with {self._database.path} does not answer. {KEPT}"

    def _set_due(self, at: float) -> None:
        if self._due is None or at < self._due:
            self._due = at
            self._changed.notify_all()

    def _is_due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due


def _is_busy(error: sqlite3.Error) -> bool:
    return result_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        pass


def _describe(error: Exception, database: Database) -> str:
    path = database.path
    if isinstance(error, StoreError):
        return error.message
    if isinstance(error, DocstraError):
        return str(error)
    code = result_code(error) if isinstance(error, sqlite3.Error) else 0
    if code == sqlite3.SQLITE_FULL:
        return f"The disk with {path.parent} is full. {KEPT}"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written. {KEPT}"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"Another program keeps {path} locked. {KEPT}"
    what = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"{path}: {what}. {KEPT}"
