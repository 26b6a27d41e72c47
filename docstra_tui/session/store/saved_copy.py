"""The database as a copy of the memory: opened, and brought up to date in one transaction.

For one thread. Another file in its place (the old one was deleted, or damaged and set aside) lacks
everything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress

from docstra_tui.errors import DocstraError, StoreError
from docstra_tui.session.store import deleted_rows, session_rows, turn_rows, waiting_rows
from docstra_tui.session.store.backlog import Backlog
from docstra_tui.session.store.database import Database
from docstra_tui.session.store.transaction import transaction
from docstra_tui.session.tree import NO_TURN
from docstra_tui.session.turns import SavedTurn


class SavedCopy:
    """Of what is held, in `database`, written in the name of `owner`."""

    def __init__(self, database: Database, backlog: Backlog, owner: str) -> None:
        self._database = database
        self._backlog = backlog
        self._owner = owner
        self._file = ""
        """The identity of the database that the backlog is about."""

    @property
    def is_behind(self) -> bool:
        """True when it lacks something."""
        return self._backlog.is_behind()

    def connection(self) -> sqlite3.Connection:
        """The connection to the file that is at the path now. Raises `sqlite3.Error`, `OSError`,
        `DocstraError`."""
        connection = self._database.open()
        if not self._database.is_current():
            self._database.close()
            connection = self._database.open()
        if self._database.identity != self._file:
            is_first, self._file = not self._file, self._database.identity
            if not is_first:
                self._backlog.mark_all_behind()
        return connection

    def bring_up_to_date(self) -> None:
        """Write all that is behind. Raises as `connection` does."""
        connection = self.connection()
        self._refuse_read_only()
        with transaction(connection):
            behind = self._backlog.behind()
            for one, _, session in behind.sessions:
                session_rows.write_session(connection, session, self._owner, one.has_draft, one.has_tip)
            for number, waiting, _, question in behind.waiting:
                if question is not None:
                    waiting_rows.write_waiting(connection, waiting.session_id, question, self._owner)
                else:
                    waiting_rows.drop_waiting(connection, number)
            written = {turn.id for _, _, turn in behind.turns}
            for kept, _, turn in behind.turns:
                turn.parent = self._parent_there(connection, turn, written)
                turn_rows.write_turn(connection, kept.session_id, turn, self._owner, not kept.has_items)
            for of, _, _, is_deleted in behind.marks:
                by = self._owner if is_deleted else ""
                if isinstance(of, int):
                    deleted_rows.mark_turn(connection, of, by)
                else:
                    deleted_rows.mark_session(connection, of, by)
            for one, _, _ in behind.sessions:
                if not one.is_worth_keeping:
                    session_rows.drop_if_empty(connection, one.row.id)
        if not self._database.is_current():  # deleted while we wrote: it went nowhere
            raise FileNotFoundError(2, "the file was deleted", str(self._database.path))
        self._backlog.mark_written(behind)

    def _parent_there(self, connection: sqlite3.Connection, turn: SavedTurn, written: Collection[int]) -> int:
        """The turn before one; where another program removed that, the nearest one before it."""
        at: int | None = turn.parent
        while (
            at is not None and at > NO_TURN and at not in written and not turn_rows.is_there(connection, at)
        ):
            at = self._backlog.parent(at)
        return turn.parent if at is None else at

    def change(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], object]) -> None:
        """Run `work` in a transaction of its own."""
        self._refuse_read_only()
        with transaction(connection):
            work(connection)

    def set_aside(self) -> None:
        """It is damaged: another one takes its place."""
        with suppress(OSError):  # it stays where it is; the next try says the same
            self._database.set_aside()

    def finish(self) -> None:
        """What was deleted cannot be taken back any more; let the file go."""
        if self._backlog.has_marks:
            with suppress(sqlite3.Error, OSError, DocstraError):  # whoever opens it next does it
                self.change(self.connection(), lambda one: deleted_rows.remove_deleted(one, self._owner))
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def _refuse_read_only(self) -> None:
        if self._database.read_only:
            raise StoreError(self._database.read_only)
