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
from contextlib import closing
from pathlib import Path

from docstra_tui.errors import UnsafePath
from docstra_tui.paths import private_folder
from docstra_tui.session.owner import is_alive
from docstra_tui.session.salvage import adopt_orphans, salvage

VERSION = 3
"""Of the tables below; kept in the file as `user_version`."""

CHECKED_BYTES = 100_000_000
"""A larger file is not read through at every start."""

BUSY_MS = 5000

LATEST = 32_503_680_000.0
"""The year 3000: a later time is damage."""

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


MARKS = {1: ("turns", "id"), 2: ("turns", "left_out"), 3: ("sessions", "server")}
"""A column that each shape brought, with its table."""

NO_VERSION = 1000
"""A number this large is damage, not a newer program."""


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
        self._damaged: Path | None = None
        """What was set aside and not looked through yet."""

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
        if self._damaged is not None:
            self._salvage(connection, self._damaged)
            self._damaged = None
        return connection

    def _salvage(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """Bring what can still be read of a damaged file into the new one, and tell."""
        try:
            found = salvage(damaged, connection)
        except (OSError, sqlite3.Error, MemoryError) as error:
            self.notice += f" Nothing of them could be brought over: {error}."
            return
        turns = f"{found.turns:,} question{'s' * (found.turns != 1)}"
        sessions = f"{found.sessions:,} session{'s' * (found.sessions != 1)}"
        self.notice += f" What could be read was brought over: {turns} in {sessions}."

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
        self._checked = False
        self._damaged = aside
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
            version = _version(connection)
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
            is_first_look = not self._checked and os.stat(self.path).st_size <= CHECKED_BYTES
            if is_first_look:
                _check(connection)
            if version < VERSION:
                _bring_up(connection)
            if is_first_look:
                _check_tables(connection)
                adopt_orphans(connection)
            self.identity = _identity(connection)
            _interrupt_dead(connection)
        except UnicodeDecodeError as error:  # SQLite quotes what is damaged in its own message
            connection.close()
            raise DamagedFile("a table's description is no text") from error
        except BaseException:
            connection.close()
            raise
        self._checked = True
        self.connection = connection
        return connection


class DamagedFile(sqlite3.DatabaseError):
    """The file was read through and something is wrong with it."""


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
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_MS / 1000,
        isolation_level=None,  # transactions are begun by hand, IMMEDIATE
        check_same_thread=False,  # closed by whoever closes the store; used by its one thread
    )
    connection.text_factory = readable
    return connection


def readable(raw: bytes) -> str | bytes:
    """Text as it is stored; its bytes where a damaged disk made them something else than text."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _check(connection: sqlite3.Connection) -> None:
    """Read the file through; a damaged index is made again. Raises `DamagedFile`."""
    found = _problems(connection)
    if found and all("index" in problem for problem in found):
        connection.execute("REINDEX")
        found = _problems(connection)
    if found:
        raise DamagedFile(found[0])


def _check_tables(connection: sqlite3.Connection) -> None:
    """Raises `DamagedFile` where a table is not as we make it: a flipped bit may rename a column."""
    with closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(TABLES)
        names = [str(row[0]) for row in ours.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if _columns(ours, name) != _columns(connection, name):
                raise DamagedFile(f"the table {name} has other columns")


def _columns(connection: sqlite3.Connection, table: str) -> set[tuple[str, str]]:
    return {(str(row[1]), str(row[2])) for row in connection.execute(f"PRAGMA table_info({table})")}


def _problems(connection: sqlite3.Connection) -> list[str]:
    rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    return [row for row in rows if row != "ok"]


def _version(connection: sqlite3.Connection) -> int:
    """The shape of the tables; where a damaged disk made the number one that no shape has, what they are."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    names = {table: {name for name, _ in _columns(connection, table)} for table in ("turns", "sessions")}
    if names["turns"] and not 0 < version < NO_VERSION:
        version = max(number for number, (table, name) in MARKS.items() if name in names[table])
        connection.execute(f"PRAGMA user_version = {version}")
    return version


def _identity(connection: sqlite3.Connection) -> str:
    """Of this file; one that lost it gets another."""
    row = connection.execute("SELECT id FROM identity").fetchone()
    if row is None:
        row = (secrets.token_hex(8),)
        connection.execute("INSERT INTO identity (id) VALUES (?)", row)
    return str(row[0])


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
    if not rows:
        return
    alive = [owner for owner, updated in rows if isinstance(owner, str) and is_alive(owner, moment(updated))]
    marks = ", ".join("?" * len(alive))
    connection.execute(
        "UPDATE turns SET status = 'interrupted', owner = '' "
        f"WHERE status = 'streaming' AND owner NOT IN ({marks})",
        alive,
    )


def moment(value: object) -> float:
    """A stored time (seconds since 1970); 0 where a damaged disk made it something else."""
    is_time = isinstance(value, int | float) and 0 < value < LATEST
    return float(value) if is_time else 0.0  # type: ignore[arg-type]
