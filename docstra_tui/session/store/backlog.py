"""How far the disk is behind what is held in memory: what has to be written, and what was."""

from __future__ import annotations

import threading

from docstra_tui.session.store.kept import Behind, Held


class Backlog:
    """Of everything that is held, under the lock of whoever holds it. Any thread."""

    def __init__(self, held: Held, lock: threading.RLock) -> None:
        self._held = held
        self._lock = lock

    def is_behind(self, turn_id: int | None = None) -> bool:
        """True when something (or that turn, or that question) is not on the disk."""
        with self._lock:
            if turn_id is not None:
                kept = self._held.turns.get(turn_id) or self._held.waiting.get(turn_id)
                return kept is not None and kept.is_behind
            everything = (
                self._held.sessions.values(),
                self._held.turns.values(),
                self._held.waiting.values(),
                self._held.marks.values(),
            )
            return any(one.is_behind for kind in everything for one in kind)

    def lacks_words(self, session_id: str) -> bool:
        """True when the disk lacks what waits or is typed in that session."""
        with self._lock:
            kept = self._held.sessions.get(session_id)
            waiting = (one for one in self._held.waiting.values() if one.session_id == session_id)
            return (kept is not None and kept.is_behind and bool(kept.row.draft)) or any(
                one.is_behind and one.question is not None for one in waiting
            )

    def parent(self, turn_id: int) -> int | None:
        """The turn before one; None for one that is not held."""
        with self._lock:
            kept = self._held.turns.get(turn_id)
            return kept.turn.parent if kept is not None else None

    @property
    def has_marks(self) -> bool:
        """True when something was deleted that can be taken back."""
        with self._lock:
            return bool(self._held.marks)

    def behind(self) -> Behind:
        """What has to be written now; it may grow while that is done."""
        with self._lock:
            turns = [kept for kept in self._held.turns.values() if kept.is_behind]
            waiting = [(number, kept) for number, kept in self._held.waiting.items() if kept.is_behind]
            wanted = {kept.session_id for kept in turns} | {kept.session_id for _, kept in waiting}
            sessions = [kept for one, kept in self._held.sessions.items() if kept.is_behind or one in wanted]
            # A session that is written is there again, unless it was deleted here.
            written = {one.row.id for one in sessions}
            marks = [(of, kept) for of, kept in self._held.marks.items() if kept.is_behind or of in written]
            for kept in turns:
                kept.unsaved = 0
            return Behind(
                tuple((one, one.version, one.row) for one in sessions),
                tuple((one, one.version, one.whole()) for one in turns),
                tuple((number, one, one.version, one.question) for number, one in waiting),
                tuple((of, one, one.version, one.is_deleted) for of, one in marks),
            )

    def mark_written(self, behind: Behind) -> None:
        """All of `behind` is on the disk."""
        with self._lock:
            for session, version, _ in behind.sessions:
                session.written = version
            for turn, version, _ in behind.turns:
                turn.written, turn.has_items = version, True
            for number, kept, version, _ in behind.waiting:
                kept.written = version
                if kept.question is None and not kept.is_behind:
                    self._held.waiting.pop(number, None)
            for of, mark, version, is_deleted in behind.marks:
                mark.written = version
                if not is_deleted and not mark.is_behind:
                    self._held.marks.pop(of, None)

    def mark_all_behind(self) -> None:
        """The disk has nothing of it any more."""
        with self._lock:
            for session in self._held.sessions.values():
                if session.is_worth_keeping:
                    session.written = -1
            for turn in self._held.turns.values():
                turn.written, turn.has_items = -1, False
            for kept in self._held.waiting.values():
                kept.written = -1
            for mark in self._held.marks.values():
                mark.written = -1
