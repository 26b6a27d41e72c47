"""The file of saved sessions: opened privately, checked, of a known shape, and set aside when damaged.

One connection, used by one thread. The journal is always `DELETE`: with a write-ahead log SQLite
before 3.51.3 can lose data when two programs write, and a log does not work on network homes at all.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import time
from pathlib import Path

from docstra_tui.errors import UnsafePath
from docstra_tui.paths import private_folder
from docstra_tui.session.owner import is_alive

VERSION = 3
"""Of the tables below; kept in the file as `user_version`."""

CHECKED_BYTES = 100_000_000
"""A larger file is not read through at every start."""

BUSY_MS = 5000

TABLES = """
CREATE TABLE identity (
    id TEXT NOT NULL              -- of this file; a new one made in its place has another
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    root BLOB NOT NULL,           -- a path, as the bytes the system knows
    model TEXT NOT NULL,
    title TEXT NOT NULL,
    draft TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    -- How the model that answered last can be opened again (`server` is a URL without credentials; empty
    -- for an engine of this machine), and the process that wrote here last.
    server TEXT NOT NULL DEFAULT '',
    wanted TEXT NOT NULL DEFAULT '',
    revision TEXT NOT NULL DEFAULT '',
    quant TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT ''
);
CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    asked REAL NOT NULL,
    question TEXT NOT NULL,
    task TEXT NOT NULL,
    fields TEXT NOT NULL,         -- JSON
    model TEXT NOT NULL,
    answer TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,          -- the process that is writing the answer; empty when it has ended
    error TEXT,                   -- JSON
    finish_reason TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    reused_tokens INTEGER,
    ttft_s REAL,
    tokens_per_s REAL,
    left_out TEXT NOT NULL DEFAULT '[]'  -- JSON: what did not fit and was not sent, ready to show
);
CREATE INDEX turns_of_session ON turns (session_id, asked);
CREATE INDEX turns_being_written ON turns (status) WHERE status = 'streaming';
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY,       -- that of the turn which the question becomes
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    accepted REAL NOT NULL,
    question TEXT NOT NULL,       -- as it was written
    owner TEXT NOT NULL           -- the process in which it waits
);
CREATE INDEX waiting_of_session ON waiting (session_id, accepted);
CREATE TABLE items (
    turn_id INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    entered INTEGER NOT NULL,     -- the turn whose question it stands in front of
    path BLOB,
    language TEXT NOT NULL,
    start_line INTEGER,
    end_line INTEGER,
    sha256 TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',  -- `outline` where the content is not the file's text
    PRIMARY KEY (turn_id, position)
) WITHOUT ROWID;
CREATE INDEX items_of_content ON items (sha256);
CREATE TABLE contents (
    sha256 TEXT PRIMARY KEY,
    content TEXT NOT NULL
) WITHOUT ROWID;
"""

CHANGES = {
    2: (
        "ALTER TABLE turns ADD COLUMN left_out TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE items ADD COLUMN detail TEXT NOT NULL DEFAULT ''",
    ),
    3: (
        *(
            f"ALTER TABLE sessions ADD COLUMN {name} TEXT NOT NULL DEFAULT ''"
            for name in ("server", "wanted", "revision", "quant", "owner")
        ),
        "CREATE TABLE waiting (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions (id) "
        "ON DELETE CASCADE, accepted REAL NOT NULL, question TEXT NOT NULL, owner TEXT NOT NULL)",
        "CREATE INDEX waiting_of_session ON waiting (session_id, accepted)",
    ),
}
"""What makes the tables of the version before into those of this one."""


class Database:
    """The connection, and whether it still is the file at its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection: sqlite3.Connection | None = None
        self.read_only = ""
        """Why nothing may be written; empty when it may."""
        self.notice = ""
        """What the user should know about the file's past: where a damaged one was put."""
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
            return self._open()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self.set_aside()
            return self._open()

    def is_current(self) -> bool:
        """False when the open file is no longer the one at the path: deleted, moved or replaced."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._place

    def set_aside(self) -> None:
        """Move the damaged file (and its journal) away and remember where."""
        self.close()
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        number = 1
        while os.path.lexists(aside):
            number += 1
            aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}-{number}")
        for ending in ("-journal", "-wal", "-shm"):
            if os.path.lexists(f"{self.path}{ending}"):
                os.replace(f"{self.path}{ending}", f"{aside}{ending}")
        os.replace(self.path, aside)
        self.notice = f"The saved sessions were damaged. They were kept as {aside}; {self.path} is new."

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
        self._place = _prepare(self.path)
        connection = _connect(self.path, "rwc")
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION:
                connection.close()
                connection = _connect(self.path, "ro")
                self.read_only = (
                    f"{self.path} was made by a newer docstra-tui (shape {version}, this one knows "
                    f"{VERSION}): its sessions can be read, new ones are not saved."
                )
                self.connection = connection
                return connection
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            if not self._checked and os.stat(self.path).st_size <= CHECKED_BYTES:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    raise DamagedFile(str(found))
            if version < VERSION:
                _bring_up(connection)
            self.identity = str(connection.execute("SELECT id FROM identity").fetchone()[0])
            _interrupt_dead(connection)
        except BaseException:
            connection.close()
            raise
        self._checked = True
        self.connection = connection
        return connection


class DamagedFile(sqlite3.DatabaseError):
    """`quick_check` found something."""


def is_damage(error: sqlite3.Error) -> bool:
    """True when the file itself is broken, so that trying again cannot help."""
    return isinstance(error, DamagedFile) or result_code(error) in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


def result_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 when the error has none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _prepare(path: Path) -> tuple[int, int]:
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
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_MS / 1000,
        isolation_level=None,  # transactions are begun by hand, IMMEDIATE
        check_same_thread=False,  # closed by whoever closes the store; used by its one thread
    )


def _bring_up(connection: sqlite3.Connection) -> None:
    """Make the tables, or change those of an older version; all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while we waited.
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            for statement in TABLES.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute("INSERT INTO identity (id) VALUES (?)", (secrets.token_hex(8),))
        for number in range(version + 1, VERSION + 1) if version else ():
            for statement in CHANGES[number]:
                connection.execute(statement)
        if version < VERSION:
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _interrupt_dead(connection: sqlite3.Connection) -> None:
    """An answer whose process is gone was interrupted; one that is being written elsewhere is left."""
    rows = connection.execute(
        "SELECT DISTINCT turns.owner, max(sessions.updated) FROM turns "
        "JOIN sessions ON sessions.id = session_id WHERE status = 'streaming' GROUP BY turns.owner"
    ).fetchall()
    dead = [owner for owner, updated in rows if not is_alive(owner, updated)]
    for owner in dead:
        connection.execute(
            "UPDATE turns SET status = 'interrupted', owner = '' WHERE status = 'streaming' AND owner = ?",
            (owner,),
        )
