"""Saved sessions: everything said is on the disk before anyone waits for it, and nothing is ever lost
by a disk that fails.

The store holds what this process has said and makes the database say the same: one thread writes
whatever is behind, and when it cannot, it says so in `problem`, keeps all of it and tries again. So a
full disk, a deleted file or a damaged one never stops the conversation.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from docstra_tui.errors import DocstraError, StoreError
from docstra_tui.paths import state_dir
from docstra_tui.session import owner, rows
from docstra_tui.session.database import Database, is_damage, result_code
from docstra_tui.session.turns import SavedTurn, SessionSummary, StoredSession, title_of

PART_SECONDS = 1.0
"""An unfinished answer is saved at least this often while it grows …"""
PART_CHARACTERS = 200
"""… or after this many new characters, whichever comes first …"""
PART_GAP_SECONDS = 0.25
"""… but a fast model must not keep the disk busy."""
RETRY_SECONDS = 3.0
WAIT_SECONDS = 10.0
"""A disk that does not answer for this long must not hold up the conversation."""

KEPT = "What is said is kept, and saved when that is mended."

T = TypeVar("T")


@dataclass
class _Kept:
    """Something this process holds, and how far the disk is behind it."""

    version: int = 0
    written: int = -1
    """The version that is on the disk; none when -1."""

    @property
    def is_behind(self) -> bool:
        return self.written != self.version


@dataclass(kw_only=True)
class _Session(_Kept):
    row: StoredSession
    """Without its turns."""


@dataclass(kw_only=True)
class _Turn(_Kept):
    session_id: str
    turn: SavedTurn
    pieces: list[str] = field(default_factory=list)
    """What came since `turn.answer` was put together."""
    unsaved: int = 0
    """Characters that came since the last write."""
    is_ours: bool = True
    """False when it was only read: then the disk knows better."""
    has_items: bool = False
    """True when its context items are on the disk."""

    def whole(self) -> SavedTurn:
        """The turn as it is now; a copy."""
        if self.pieces:
            self.turn.answer += "".join(self.pieces)
            self.pieces.clear()
        return replace(self.turn)


@dataclass
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any]


class SessionStore:
    """The saved sessions of this user. Methods may be called from any thread.

    Saving never raises; look at `problem`. Reading raises `StoreError`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if path is not None else state_dir() / "sessions.db"
        self._owner = owner.new_owner()
        self._database = Database(self.path)
        self._changed = threading.Condition(threading.RLock())
        self._sessions: dict[str, _Session] = {}
        self._turns: dict[int, _Turn] = {}
        self._jobs: deque[_Job] = deque()
        self._due: float | None = None
        self._retry_at = 0.0
        self._last_write = 0.0
        self._attempts = 0
        self._failed_attempt = -1
        self._is_failing = False
        self._file = ""
        """The identity of the database that `written` is about."""
        self._busy_since: float | None = None
        self._problem: str | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="session store", daemon=True)
        self._thread.start()

    # What the user should know

    @property
    def problem(self) -> str | None:
        """Why what is said now is not on the disk, ready to show; None while it is."""
        return self._problem

    @property
    def notice(self) -> str | None:
        """What happened to the saved sessions, once: a damaged file was set aside, and where."""
        return self._database.notice or None

    # Saving

    def create(self, root: str, model: str) -> str:
        """The id of a new session about the folder `root`. It is saved with its first turn or draft."""
        now = time.time()
        session_id = secrets.token_hex(6)
        row = StoredSession(session_id, "", root, model, "", now, now, ())
        with self._changed:
            self._sessions[session_id] = _Session(row=row, written=0)
        return session_id

    def begin_turn(self, session_id: str, turn: SavedTurn) -> int:
        """Save a question; when this returns it is on the disk, or `problem` says why not."""
        with self._changed:
            session = self._session(session_id)
            title = session.row.title or title_of(turn.question)
            session.row = replace(session.row, title=title, model=turn.model or session.row.model)
            self._touch(session)
            self._turns[turn.id] = _Turn(session_id=session_id, turn=replace(turn))
            attempt = self._attempts
            self._schedule(0.0, urgent=True)
        self._wait_until_written(lambda: self._is_written(turn.id), attempt, must_tell=True)
        return turn.id

    def add_piece(self, turn_id: int, piece: str) -> None:
        """A bit more of the answer; it is on the disk a second later. Never waits."""
        with self._changed:
            known = self._turns.get(turn_id)
            if known is None:
                return
            known.pieces.append(piece)
            known.unsaved += len(piece)
            known.version += 1
            soon = known.unsaved >= PART_CHARACTERS
            self._schedule(0.0 if soon else PART_SECONDS)

    def end_turn(self, turn_id: int, turn: SavedTurn) -> None:
        """How the turn ended. Never waits."""
        with self._changed:
            known = self._turns.get(turn_id)
            if known is None:
                return
            known.pieces.clear()
            known.turn = replace(turn, id=turn_id)
            known.version += 1
            self._touch(self._session(known.session_id))
            self._schedule(0.0, urgent=True)

    def save_draft(self, session_id: str, text: str) -> None:
        """What is typed and not sent yet. Never waits."""
        with self._changed:
            session = self._session(session_id)
            if session.row.draft != text:
                session.row = replace(session.row, draft=text)
                self._touch(session)
                self._schedule(PART_SECONDS)

    def flush(self, timeout: float = 5.0) -> bool:
        """Write what is behind, now. True when everything is on the disk."""
        with self._changed:
            attempt = self._attempts
            self._schedule(0.0, urgent=True)
        return self._wait_until_written(lambda: not self._is_behind(), attempt, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is behind and let the file go. Unfinished answers are marked as interrupted."""
        with self._changed:
            if not self._closing:
                for known in self._turns.values():
                    if known.is_ours and known.turn.status == "streaming":
                        known.turn = replace(known.whole(), status="interrupted")
                        known.version += 1
                self._closing = True
                self._changed.notify_all()
        self._thread.join(timeout)
        owner.forget(self._owner)

    # Reading

    def sessions(self, root: str | None = None) -> list[SessionSummary]:
        """The saved sessions, the latest first; with `root`, only those about that folder."""
        nothing: list[SessionSummary] = []
        found = {summary.id: summary for summary in self._read(rows.read_summaries, nothing)}
        with self._changed:
            for session_id, session in self._sessions.items():
                turns = sum(known.session_id == session_id for known in self._turns.values())
                is_listed = turns > 0 or session.row.draft != ""
                if is_listed and (session.is_behind or session_id not in found):
                    row = session.row
                    saved = found[session_id].turns if session_id in found else 0
                    found[session_id] = SessionSummary(
                        row.id, row.title, row.root, row.model, row.updated, max(turns, saved)
                    )
        wanted = (one for one in found.values() if root is None or one.root == root)
        return sorted(wanted, key=lambda one: one.updated, reverse=True)

    def load(self, which: str, root: str | None = None) -> StoredSession:
        """A session by its id, the beginning of its id, or `last` (of the folder `root`, if given).

        Raises `StoreError` when there is none, or more than one.
        """
        session_id = self._find(which, root)
        nothing: list[StoredSession | None] = [None]
        found = self._read(lambda connection: [rows.read_session(connection, session_id)], nothing)[0]
        with self._changed:
            known = self._sessions.get(session_id)
            ours = {one.turn.id: one.whole() for one in self._turns.values() if one.session_id == session_id}
            if found is None:
                if known is None:
                    raise _no_session(which)
                found = known.row
            turns = {turn.id: turn for turn in found.turns}
            for turn_id, turn in ours.items():
                if self._turns[turn_id].is_ours or turn_id not in turns:
                    turns[turn_id] = turn
            ordered = tuple(sorted(turns.values(), key=lambda turn: turn.asked))
            if known is None or not known.is_behind:
                self._sessions[session_id] = _Session(row=replace(found, turns=()), written=0)
            else:
                found = known.row
            # Kept, so that a file that is deleted under us can be made again as it was.
            for turn in ordered:
                if turn.id not in ours:
                    self._turns[turn.id] = _Turn(
                        session_id=session_id, turn=replace(turn), is_ours=False, has_items=True, written=0
                    )
        return replace(found, turns=ordered)

    def delete(self, session_id: str) -> None:
        """Forget a session, on the disk too. Raises `StoreError`."""
        session_id = self._find(session_id, None)
        with self._changed:
            self._sessions.pop(session_id, None)
            for turn_id in [one for one, known in self._turns.items() if known.session_id == session_id]:
                del self._turns[turn_id]

        def remove(connection: sqlite3.Connection) -> None:
            if self._database.read_only:
                raise StoreError(self._database.read_only)
            connection.execute("BEGIN IMMEDIATE")
            try:
                rows.delete_session(connection, session_id)
                connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

        self._read(remove)

    # Inside

    def _session(self, session_id: str) -> _Session:
        session = self._sessions.get(session_id)
        if session is None:  # deleted in between: what is said now is a session again
            now = time.time()
            session = _Session(row=StoredSession(session_id, "", "", "", "", now, now, ()))
            self._sessions[session_id] = session
        return session

    def _touch(self, session: _Session) -> None:
        session.row = replace(session.row, updated=time.time())
        session.version += 1

    def _find(self, which: str, root: str | None) -> str:
        known = self.sessions()
        if which == "last":
            for one in known:
                if root is None or one.root == root:
                    return one.id
            place = "" if root is None else f" about {root}"
            raise StoreError(f"There is no saved session{place} yet.", "Ask something first.")
        with self._changed:
            if which in self._sessions:
                return which
        ids = [one.id for one in known if which and one.id.startswith(which)]
        if which in ids:
            return which
        if not ids:
            raise _no_session(which)
        if len(ids) > 1:
            raise StoreError(f"{len(ids)} sessions begin with {which}: {', '.join(ids[:5])}.", "Give more.")
        return ids[0]

    def _read(self, work: Callable[[sqlite3.Connection], T], instead: T | None = None) -> T:
        """Run `work` in the store's thread; `instead`, when given, is for a file that cannot be opened."""
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
            raise StoreError(f"The disk with {self.path} does not answer.", "Try again later.") from None
        except (sqlite3.Error, OSError, DocstraError) as error:
            if instead is not None and self._database.connection is None:
                return instead
            if isinstance(error, DocstraError):
                raise StoreError(error.message, error.hint) from error
            hint = self._database.read_only or self._database.notice
            raise StoreError(f"The saved sessions cannot be read: {error}.", hint) from error

    def _schedule(self, seconds: float, urgent: bool = False) -> None:
        """See to it that a write is tried so soon; not before the next retry unless it is urgent."""
        at = time.monotonic() + seconds
        if not urgent:
            at = max(at, self._retry_at, self._last_write + PART_GAP_SECONDS)
        if self._due is None or at < self._due:
            self._due = at
            self._changed.notify_all()

    def _is_behind(self) -> bool:
        kept: list[_Kept] = [*self._sessions.values(), *self._turns.values()]
        return any(one.is_behind for one in kept)

    def _is_written(self, turn_id: int) -> bool:
        known = self._turns.get(turn_id)
        return known is None or not known.is_behind

    def _wait_until_written(
        self,
        is_written: Callable[[], bool],
        attempt: int,
        timeout: float = WAIT_SECONDS,
        must_tell: bool = False,
    ) -> bool:
        """Wait for a write, the first that begins after `attempt` others; False when it failed."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not is_written():
                left = deadline - time.monotonic()
                if self._failed_attempt >= attempt or not self._thread.is_alive():
                    return False
                if left <= 0:
                    if must_tell and self._problem is None:
                        self._problem = f"Not saved: the disk with {self.path} does not answer. {KEPT}"
                    return False
                self._changed.wait(min(left, 1.0))
            return True

    # The one thread

    def _run(self) -> None:
        self._open_first()
        while True:
            with self._changed:
                while not (self._jobs or self._closing or self._is_due()):
                    wait = None if self._due is None else max(0.0, self._due - time.monotonic())
                    self._changed.wait(wait)
                job = self._jobs.popleft() if self._jobs else None
                closing = self._closing and job is None
                write = self._is_due() or closing or (job is not None and not self._is_failing)
            if write:
                self._write()
            if job is not None:
                self._do(job)
            elif closing:
                self._database.close()
                return

    def _is_due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due

    def _open_first(self) -> None:
        """Open at once, so that `problem` and `notice` are there before anything is said."""
        try:
            self._connection()
        except Exception as error:
            self._fail(error, attempt=-1)
        else:
            with self._changed:
                self._problem = self._database.read_only or None

    def _do(self, job: _Job) -> None:
        try:
            job.future.set_result(job.work(self._connection()))
        except BaseException as error:
            if isinstance(error, sqlite3.Error) and is_damage(error):
                self._set_aside()
                with self._changed:
                    self._schedule(0.0, urgent=True)
            job.future.set_exception(error)

    def _connection(self) -> sqlite3.Connection:
        """The connection to the file that is at the path now.

        When that is a new one (the old one was deleted, or damaged and set aside), all we know is
        behind again.
        """
        connection = self._database.open()
        if not self._database.is_current():
            self._database.close()
            connection = self._database.open()
        if self._database.identity != self._file:
            is_first, self._file = not self._file, self._database.identity
            if not is_first:
                self._mark_all_behind()
        return connection

    def _write(self) -> None:
        """Bring the disk up to date, all in one transaction."""
        with self._changed:
            self._due = None
            attempt = self._attempts
            self._attempts += 1
            if not self._is_behind() and not self._is_failing:
                self._changed.notify_all()
                return
        try:
            written = self._commit()
        except Exception as error:
            self._fail(error, attempt)
            return
        with self._changed:
            for known, version in written:
                known.written = version
            self._problem = None
            self._failed_attempt = -1
            self._is_failing = False
            self._busy_since = None
            self._retry_at = 0.0
            self._last_write = time.monotonic()
            if self._is_behind():
                self._schedule(PART_SECONDS)
            self._changed.notify_all()

    def _commit(self) -> list[tuple[_Kept, int]]:
        connection = self._connection()
        if self._database.read_only:
            raise StoreError(self._database.read_only)
        connection.execute("BEGIN IMMEDIATE")
        try:
            with self._changed:
                # What is behind, as it is now; it may grow while we write.
                turns = [known for known in self._turns.values() if known.is_behind]
                wanted = {known.session_id for known in turns}
                sessions = [
                    known for known in self._sessions.values() if known.is_behind or known.row.id in wanted
                ]
                session_rows = [(known, known.version, known.row) for known in sessions]
                turn_rows = [(known, known.version, known.whole()) for known in turns]
                for known in turns:
                    known.unsaved = 0
            for _, _, row in session_rows:
                rows.write_session(connection, row)
            for known, _, turn in turn_rows:
                rows.write_turn(connection, known.session_id, turn, self._owner, not known.has_items)
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
        if not self._database.is_current():  # deleted while we wrote: it went nowhere
            raise FileNotFoundError(2, "the file was deleted", str(self.path))
        for known, _, _ in turn_rows:
            known.has_items = True
        written: list[tuple[_Kept, int]] = [(known, version) for known, version, _ in session_rows]
        return written + [(known, version) for known, version, _ in turn_rows]

    def _mark_all_behind(self) -> None:
        with self._changed:
            for session in self._sessions.values():
                if session.row.title or session.row.draft:
                    session.written = -1
            for known in self._turns.values():
                known.written, known.has_items = -1, False

    def _fail(self, error: Exception, attempt: int) -> None:
        """Remember that it is not saved, why, and when to try again."""
        if isinstance(error, sqlite3.Error):
            is_busy = result_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            now = time.monotonic()
            self._busy_since = (self._busy_since or now) if is_busy else None
            if is_busy and now - (self._busy_since or now) < WAIT_SECONDS:
                with self._changed:
                    self._due = now
                return
            if is_damage(error):
                self._set_aside()
        if not isinstance(error, sqlite3.OperationalError) or result_code(error) != sqlite3.SQLITE_FULL:
            self._database.close()
        with self._changed:
            self._problem = _describe(error, self.path)
            self._failed_attempt = attempt
            self._is_failing = True
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self._due = None if self._database.read_only or self._closing else self._retry_at
            self._changed.notify_all()

    def _set_aside(self) -> None:
        try:
            self._database.set_aside()
        except OSError:  # it stays where it is; the next try says the same
            pass


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        pass


def _no_session(which: str) -> StoreError:
    return StoreError(f"There is no saved session {which!r}.", "docstra-tui sessions list shows them.")


def _describe(error: Exception, path: Path) -> str:
    if isinstance(error, StoreError):
        return error.message
    if isinstance(error, DocstraError):
        return f"Not saved: {error}"
    code = result_code(error) if isinstance(error, sqlite3.Error) else 0
    if code == sqlite3.SQLITE_FULL:
        return f"Not saved: the disk with {path.parent} is full. {KEPT}"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"Not saved: {path} cannot be written. {KEPT}"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"Not saved: another program keeps {path} locked. {KEPT}"
    return f"Not saved: {path}: {error}. {KEPT}"
