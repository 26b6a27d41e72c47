"""Saved sessions: a question is on the disk before its answer begins, an answer as it grows.

What this process says is held in memory and the database is made to say the same, so a full disk, a
deleted file or a damaged one never stops the conversation and loses nothing of it: `problem` says what
is wrong until it is mended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from docstra_tui.errors import StoreError
from docstra_tui.paths import state_dir
from docstra_tui.session.store import asked_rows, session_rows, turn_rows, waiting_rows
from docstra_tui.session.store.database import Database
from docstra_tui.session.store.memory import Memory
from docstra_tui.session.store.problems import KEPT
from docstra_tui.session.store.writer import Writer
from docstra_tui.session.tree import TurnTree
from docstra_tui.session.turns import (
    Asked,
    ModelChoice,
    SavedTurn,
    SessionSummary,
    StoredSession,
    WaitingQuestion,
)

PART_SECONDS = 1.0
"""An unfinished answer is saved at least this often while it grows, …"""
PART_CHARACTERS = 200
"""… or after this many new characters, whichever comes first."""
TAKE_IN_SECONDS = 120.0
"""The longest session that may come from elsewhere is written in a quarter of this."""
DRAFT_SECONDS = 0.5
"""What is typed is saved so soon, also while it is being typed: a second later it is on the disk."""
DRAFT_CHARACTERS_PER_SECOND = 1_000_000
"""What is longer than half of this is saved as seldom as this says: each time all of it is written."""

T = TypeVar("T")


class SessionStore:
    """The saved sessions of this user. Methods may be called from any thread.

    Saving never raises; look at `problem`. Reading raises `StoreError`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if path is not None else state_dir() / "sessions.db"
        self.index = self.path.with_name("index.db")
        """Where whoever looks for words has an index of it."""
        self._database = Database(self.path)
        self._memory = Memory()
        self._writer = Writer(self._database, self._memory.backlog)
        self.changed: Callable[[], object] = lambda: None
        """Called when a turn ended, or something was deleted or is there again: what is looked for in has
        changed. Any thread; returns at once."""

    @property
    def problem(self) -> str | None:
        """Why what is said now is not on the disk, in sentences for behind `NOT SAVED`; None while it is."""
        return self._writer.problem

    @property
    def notice(self) -> str | None:
        """What happened to the saved sessions: a damaged file was set aside, and where. Else None."""
        return self._database.notice or None

    @property
    def has_removed(self) -> bool:
        """True when what a program had deleted that is gone was removed: an index may still have it."""
        return self._database.has_removed

    # Saving

    def create(self, root: str, model: str) -> str:
        """The id of a new session about the folder `root`. It is saved with its first turn or draft."""
        return self._memory.create(root, model)

    def accept(
        self,
        session_id: str,
        question: WaitingQuestion,
        *,
        draft: str = "",
        choice: ModelChoice = ModelChoice(),  # noqa: B008 -- frozen
    ) -> None:
        """A question waits for its turn; `draft` is what is typed beside it. Never waits: `settle` does."""
        self._memory.accept(session_id, question, draft, choice)
        self._writer.write()

    def settle(self, question_id: int) -> bool:
        """Wait until an accepted question is on the disk; False when it is not, then `problem` says why."""
        attempt = self._writer.write()
        return self._writer.wait(lambda: not self._memory.backlog.is_behind(question_id), attempt, tell=True)

    def take_back(self, session_id: str, questions: Iterable[int], draft: str) -> None:
        """What waited is in the draft again, both in one step. Never waits."""
        self._memory.take_back(session_id, questions, draft)
        self._writer.write()

    def reorder(self, questions: Iterable[WaitingQuestion]) -> None:
        """What waits has other moments now, by which it is ordered. Never waits."""
        self._memory.reorder(questions)
        self._writer.write()

    def move_waiting(self, session_id: str, question_id: int) -> None:
        """A question will be asked in another session than the one it was accepted in. Never waits."""
        self._memory.move_waiting(session_id, question_id)
        self._writer.write()

    def begin_turn(self, session_id: str, turn: SavedTurn, choice: ModelChoice | None = None) -> int:
        """Save a question; when this returns it is on the disk, or `problem` says why not.

        The waiting question of the same number waits no more from the same moment on. `choice` is the
        model that is asked.
        """
        self._memory.begin(session_id, turn, choice)
        self.settle(turn.id)
        return turn.id

    def keep_turn(self, session_id: str, turn: SavedTurn, choice: ModelChoice | None = None) -> None:
        """A turn that ended before it began. Never waits."""
        self._memory.begin(session_id, turn, choice)
        self._writer.write()

    def add_piece(self, turn_id: int, piece: str) -> None:
        """A bit more of the answer; it is on the disk a second later. Never waits."""
        self._grew(self._memory.add_piece(turn_id, piece))

    def add_thought(self, turn_id: int, thought: str, seconds: float | None = None) -> None:
        """A bit more of what is thought before the answer, after so many seconds of it; kept as a piece of
        the answer is. Never waits."""
        self._grew(self._memory.add_thought(turn_id, thought, seconds))

    def reframe(self, turn_id: int) -> None:
        """All that came of the answer was thought. Never waits."""
        self._grew(self._memory.reframe(turn_id))

    def keep_settings(self, turn: SavedTurn) -> None:
        """With which ones it was sent; on the disk a second later. Never waits."""
        self._grew(self._memory.keep_settings(turn))

    def end_turn(self, turn_id: int, turn: SavedTurn) -> None:
        """How the turn ended. Never waits."""
        assert turn.id == turn_id
        self._memory.end(turn)
        self._writer.write()
        self.changed()

    def _grew(self, unsaved: int) -> None:
        if unsaved:
            self._writer.schedule(0.0 if unsaved >= PART_CHARACTERS else PART_SECONDS)

    def save_draft(self, session_id: str, text: str) -> None:
        """What is typed and not sent yet. Never waits."""
        if self._memory.set_draft(session_id, text):
            self._writer.schedule(max(DRAFT_SECONDS, len(text) / DRAFT_CHARACTERS_PER_SECOND))

    def flush(self, timeout: float = 5.0) -> bool:
        """Write what is behind, now. True when everything said is on the disk."""
        attempt = self._writer.write()
        return self._writer.wait(lambda: not self._memory.backlog.is_behind(), attempt, timeout)

    def is_behind(self, turn_id: int) -> bool:
        """True when the disk lacks something of that turn."""
        return self._memory.backlog.is_behind(turn_id)

    def lacks_words(self, session_id: str) -> bool:
        """True when the disk lacks what waits or is typed in that session."""
        return self._memory.backlog.lacks_words(session_id)

    def close(self, timeout: float = 2.0) -> None:
        """Write what is behind and let the file go. Unfinished answers are marked as interrupted.

        Takes no longer than `timeout` seconds: a disk that hangs must not keep a terminal.
        """
        self._memory.interrupt()
        self._writer.close(timeout)

    # Reading

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` finds in the file, which has all that was said before this call. Blocks. Raises
        `StoreError`."""
        return self._writer.read(work)

    def sessions(self, root: str | None = None) -> list[SessionSummary]:
        """The saved sessions, the latest first; with `root`, only those about that folder."""
        nothing: list[SessionSummary] = []
        found = {summary.id: summary for summary in self._writer.read(session_rows.read_summaries, nothing)}
        for kept, turns in self._memory.sessions():
            row, saved = kept.row, found.get(kept.row.id)
            if self._memory.is_deleted(row.id):
                found.pop(row.id, None)
                continue
            if kept.is_behind or saved is None:
                turns = max(turns, saved.turns if saved is not None else 0)
                unsent = self._memory.unsent(row.id)
                if turns or unsent:
                    found[row.id] = SessionSummary(
                        row.id, row.title, row.root, row.model, row.updated, turns, unsent
                    )
        if not found and self._database.is_unreadable:
            why = (self.problem or "").removesuffix(KEPT).strip()
            raise StoreError("The saved sessions cannot be read.", why)
        wanted = (one for one in found.values() if root is None or one.root == root)
        return sorted(wanted, key=lambda one: one.updated, reverse=True)

    def load(self, which: str, root: str | None = None, *, characters: int | None = None) -> StoredSession:
        """A session by its id, the beginning of its id, or `last` (of the folder `root`, if given).

        With `characters`, of its turns only the latest with about so many; `turns_before` has the others.
        Raises `StoreError` when there is none, or more than one.
        """
        session_id = self._find(which, root)
        nothing: list[StoredSession | None] = [None]
        [found] = self._writer.read(
            lambda connection: [
                session_rows.read_session(connection, session_id, characters, me=self._writer.owner)
            ],
            nothing,
        )
        session = self._memory.merge(session_id, found)
        if session is None:
            raise _no_session(which)
        return session

    def turns_before(self, session_id: str, turn: SavedTurn, count: int) -> list[SavedTurn]:
        """The `count` turns before `turn` as the disk has them, oldest first. Blocks. Raises `StoreError`."""

        def read(connection: sqlite3.Connection) -> list[SavedTurn]:
            tree = TurnTree(turn_rows.read_nodes(connection, session_id))
            return turn_rows.read_turns(connection, tree.above(turn.id, count), tree)

        return self._writer.read(read)

    def turns(
        self, session_id: str, numbers: Sequence[int], characters: int | None = None
    ) -> list[SavedTurn]:
        """Some of a session's turns, of whatever branch, in that order; with `characters`, of them only the
        last with about so many. Blocks. Raises `StoreError`."""

        def read(connection: sqlite3.Connection) -> list[SavedTurn]:
            tree = TurnTree(turn_rows.read_nodes(connection, session_id))
            return turn_rows.read_turns(connection, numbers, tree, characters)

        nothing: list[SavedTurn] = []
        return self._memory.known(session_id, numbers, self._writer.read(read, nothing))

    def asked(self, root: str | None = None, most: int = asked_rows.MOST) -> list[Asked]:
        """What was asked in the latest turns of all sessions, or of those about a folder: each text once, the
        newest first. Blocks. Raises `StoreError`."""
        nothing: list[Asked] = []
        return self._writer.read(lambda connection: asked_rows.read_asked(connection, root, most), nothing)

    def without_turns(self, root: str) -> str | None:
        """The latest session about that folder in which something was typed, nothing was asked, and which
        no living program has open; None when there is none. Raises `StoreError`."""
        nothing: list[str | None] = [None]
        [found] = self._writer.read(
            lambda connection: [session_rows.read_without_turns(connection, root)], nothing
        )
        return found

    def left_in(self, root: str) -> str | None:
        """The title of the latest session about that folder in which something was asked, and in which a
        question still waits whose program is gone; None when there is none. Raises `StoreError`."""
        nothing: list[str | None] = [None]
        [found] = self._writer.read(lambda connection: [waiting_rows.read_left_in(connection, root)], nothing)
        return found

    def mark_deleted(self, session_id: str, turn_id: int | None = None, is_deleted: bool = True) -> None:
        """A session, or one turn of it, is deleted from now on, or it is there again. Never waits.

        It can be taken back for as long as this store is open and is really gone then, also where the
        program is killed.
        """
        self._memory.mark(session_id, turn_id, is_deleted)
        self._writer.write()
        self.changed()

    def show_path(self, session_id: str, tip: int) -> None:
        """The turns down to `tip` are those that are shown. Never waits."""
        self._memory.set_tip(session_id, tip)
        self._writer.write()

    def rename(self, session_id: str, title: str) -> None:
        """Give a session its title, which it keeps whatever is asked in it. Blocks. Raises `StoreError`."""
        session_id = self._find(session_id, None)
        self._memory.rename(session_id, title)
        self._writer.change(lambda connection: session_rows.rename_session(connection, session_id, title))

    def take_in(self, session: StoredSession, turns: Sequence[SavedTurn]) -> None:
        """A session from elsewhere, with all its turns, beside those that are there: whole or not at all.
        Blocks. Raises `StoreError`."""
        self._writer.change(
            lambda connection: session_rows.insert_session(connection, session, turns), TAKE_IN_SECONDS
        )

    def delete(self, session_id: str) -> None:
        """Forget a session at once, on the disk too. Raises `StoreError`."""
        session_id = self._find(session_id, None)
        self._memory.forget(session_id)
        self._writer.change(lambda connection: session_rows.delete_session(connection, session_id))

    def _find(self, which: str, root: str | None) -> str:
        if which != "last" and self._memory.knows(which) and not self._memory.is_deleted(which):
            return which
        known = self.sessions(root if which == "last" else None)
        if which == "last":
            if known:
                return known[0].id
            place = "" if root is None else f" about {root}"
            raise StoreError(f"There is no saved session{place} yet.", "Ask something first.")
        ids = [one.id for one in known if which and one.id.startswith(which)]
        if which in ids:
            return which
        if not ids:
            raise _no_session(which)
        if len(ids) > 1:
            raise StoreError(f"{len(ids)} sessions begin with {which}: {', '.join(ids[:5])}.", "Give more.")
        return ids[0]


def _no_session(which: str) -> StoreError:
    return StoreError(f"There is no saved session {which!r}.", "docstra-tui sessions list shows them.")
