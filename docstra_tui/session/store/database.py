"""The file of saved sessions: opened privately, checked, and set aside when it is damaged.

One connection, used by one thread. The journal is always `DELETE`: with a write-ahead log SQLite
before 3.51.3 can lose data when two programs write, and a log does not work on network homes at all.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from docstra_tui.errors import UnsafePath
from docstra_tui.paths import private_folder
from docstra_tui.session.store import aside
from docstra_tui.session.store.damage import DamagedFile, check, check_tables, is_damage, moment, readable
from docstra_tui.session.store.deleted_rows import any_deleted, remove_deleted
from docstra_tui.session.store.orphans import adopt_orphans
from docstra_tui.session.store.owner import is_alive
from docstra_tui.session.store.shape import VERSION, bring_up, version_of
from docstra_tui.session.store.transaction import transaction

CHECKED_BYTES = 100_000_000
"""A larger file is not read through at every start."""

BUSY_MS = 5000

DAMAGED = "The saved sessions were damaged."


class Database:
    """The connection, and whether it still is the file at its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection: sqlite3.Connection | None = None
        self.read_only = ""
        """Why nothing may be written; empty when it may."""
        self.notice = ""
        """What the user should know about the file's past: where a damaged one was put."""
        self.has_removed = False
        """True when the opening removed what a program had deleted that is gone."""
        self.identity = ""
        """Of the open file's contents: another one when the file was made anew."""
        self._place: tuple[int, int] | None = None
        self._checked = False

    def open(self) -> sqlite3.Connection:
        """The connection, opened when there is none. Raises `sqlite3.Error`, `OSError`, `DocstraError`."""
        if self.connection is not None:
            return self.connection
        private_folder(self.path.parent)
        try:
            connection = self._open()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self.set_aside()
            connection = self._open()
        for damaged in aside.pending(self.path) if not self.read_only else ():
            self._salvage(connection, damaged)
        return connection

    def _salvage(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """Bring what can still be read of a damaged file into the new one, and tell."""
        from docstra_tui.session.store.salvage import salvage  # what reads damaged files no start needs

        with aside.alone(self.path):
            if not os.path.lexists(damaged):  # another program has done it meanwhile
                return
            try:
                found = salvage(damaged, connection)
                _interrupt_dead(connection)
            except sqlite3.Error as error:  # the new file takes nothing now: at the next opening again
                self.notice = f"{DAMAGED} They cannot be read yet: {error}. They are kept as {damaged}."
                return
            except (OSError, MemoryError) as error:
                what = f"Nothing of them could be brought over: {error}."
            else:
                turns = f"{found.turns:,} question{'s' * (found.turns != 1)}"
                sessions = f"{found.sessions:,} session{'s' * (found.sessions != 1)}"
                what = f"What could be read was brought over: {turns} in {sessions}."
            aside.is_done(damaged)
        self.notice = f"{DAMAGED} They were kept as {aside.kept_as(damaged)}; {self.path} is new. {what}"

    def is_current(self) -> bool:
        """False when the open file is no longer the one at the path: deleted, moved or replaced."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._place

    @property
    def is_unreadable(self) -> bool:
        """True while there is a file that cannot be opened, or a folder that cannot be looked into."""
        if self.connection is not None:
            return False
        try:
            os.stat(self.path)
        except FileNotFoundError:
            return False
        except OSError:
            pass
        return True

    def set_aside(self) -> None:
        """Move the damaged file (and its journal) away, to be looked through. Raises `OSError`."""
        self.close()
        self._checked = False
        if aside.move(self.path, self._place):
            self.notice = f"{DAMAGED} They are kept beside {self.path}."

    def close(self) -> None:
        """Let the file go. Harmless when it is not open."""
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                pass

    def _open(self) -> sqlite3.Connection:
        self.read_only = ""
        self._place = prepare(self.path)
        try:
            with ExitStack() as undoing:
                connection = undoing.enter_context(closing(_connect(self.path, "rwc")))
                version = version_of(connection)
                if version <= VERSION:
                    self._make_ready(connection, version)
                    undoing.pop_all()
        except UnicodeDecodeError as error:  # SQLite quotes what is damaged in its own message
            raise DamagedFile("a table's description is no text") from error
        if version > VERSION:
            connection = _connect(self.path, "ro")
            self.read_only = (
                f"{self.path} was made by a newer docstra-tui (shape {version}, this one knows "
                f"{VERSION}): its sessions can be read, new ones are not saved."
            )
        self.connection = connection
        return connection

    def _make_ready(self, connection: sqlite3.Connection, version: int) -> None:
        """Set it up, look it over once, and bring its tables up to date."""
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        is_first_look = not self._checked and os.stat(self.path).st_size <= CHECKED_BYTES
        if is_first_look:
            check(connection)
        if version < VERSION:
            if version:
                _interrupt_dead(connection)  # their answers are changed with the others
            bring_up(connection)
        if is_first_look:
            check_tables(connection)
            adopt_orphans(connection)
        self.identity = _identity(connection)
        _interrupt_dead(connection)
        if any_deleted(connection):
            self.has_removed = True
            with suppress(sqlite3.OperationalError), transaction(connection):  # a full disk: the next time
                remove_deleted(connection)
        self._checked = True


def prepare(path: Path) -> tuple[int, int]:
    """Make sure there is a file of mode 0600 that is ours; its device and inode.

    An existing file is never opened here: closing it would drop the locks that SQLite holds on it in
    this process.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        pass
    else:
        os.fchmod(fd, 0o600)
        os.close(fd)
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise UnsafePath(f"{path} is a link or no file.", "Move it away and start again.")
    if status.st_uid != os.getuid():
        raise UnsafePath(
            f"{path} belongs to user {status.st_uid}.", "Choose another place with DOCSTRA_STATE_DIR."
        )
    if status.st_mode & 0o077:
        os.chmod(path, 0o600)
    return status.st_dev, status.st_ino


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_MS / 1000,
        isolation_level=None,  # transactions are begun by hand, IMMEDIATE
        check_same_thread=False,  # closed by whoever closes the store; used by its one thread
    )
    connection.text_factory = readable
    return connection


def _identity(connection: sqlite3.Connection) -> str:
    """Of this file; one that lost it gets another."""
    row = connection.execute("SELECT id FROM identity").fetchone()
    if row is None:
        row = (secrets.token_hex(8),)
        connection.execute("INSERT INTO identity (id) VALUES (?)", row)
    return str(row[0])


def _interrupt_dead(connection: sqlite3.Connection) -> None:
    """An answer whose process is gone was interrupted; one that is being written elsewhere is left."""
    rows = connection.execute(
        "SELECT DISTINCT turns.owner, max(sessions.updated) FROM turns "
        "JOIN sessions ON sessions.id = session_id WHERE status = 'streaming' GROUP BY turns.owner"
    ).fetchall()
    if not rows:
        return
    alive = [owner for owner, updated in rows if isinstance(owner, str) and is_alive(owner, moment(updated))]
    marks = ", ".join("?" * len(alive))
    connection.execute(
        "UPDATE turns SET status = 'interrupted', owner = '' "
        f"WHERE status = 'streaming' AND owner NOT IN ({marks})",
        alive,
    )
