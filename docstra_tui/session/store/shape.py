"""The tables of saved sessions, and how those of an older program become them."""

from __future__ import annotations

import secrets
import sqlite3

from docstra_tui.session.store.transaction import transaction

VERSION = 6
"""Of the tables below; kept in the file as `user_version`."""

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
    owner TEXT NOT NULL DEFAULT '',
    tip INTEGER NOT NULL DEFAULT 0,       -- the last turn of the path that is shown; 0: the latest
    titled INTEGER NOT NULL DEFAULT 0,    -- 1 when somebody gave it its title
    deleted TEXT NOT NULL DEFAULT ''      -- the process that deleted it and can still take that back
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
    left_out TEXT NOT NULL DEFAULT '[]',  -- JSON: what did not fit and was not sent, ready to show
    thinking TEXT NOT NULL DEFAULT '',
    thinking_s REAL,
    thinking_tokens INTEGER,
    parent INTEGER NOT NULL DEFAULT -1,   -- the turn before it; 0 for none, -1 for the one asked before it
    deleted TEXT NOT NULL DEFAULT '',     -- as of a session
    settings TEXT                         -- JSON: a list, what it was sent with and then gone on with
);
CREATE INDEX turns_of_session ON turns (session_id, asked, parent, deleted);
CREATE INDEX turns_being_written ON turns (status) WHERE status = 'streaming';
CREATE INDEX turns_deleted ON turns (deleted) WHERE deleted <> '';
CREATE INDEX sessions_deleted ON sessions (deleted) WHERE deleted <> '';
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
    4: (
        "ALTER TABLE turns ADD COLUMN thinking TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE turns ADD COLUMN thinking_s REAL",
        "ALTER TABLE turns ADD COLUMN thinking_tokens INTEGER",
    ),
    5: (
        "ALTER TABLE turns ADD COLUMN parent INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE turns ADD COLUMN deleted TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sessions ADD COLUMN tip INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE sessions ADD COLUMN titled INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE sessions ADD COLUMN deleted TEXT NOT NULL DEFAULT ''",
        "DROP INDEX IF EXISTS turns_of_session",
        "CREATE INDEX turns_of_session ON turns (session_id, asked, parent, deleted)",
        "CREATE INDEX turns_deleted ON turns (deleted) WHERE deleted <> ''",
        "CREATE INDEX sessions_deleted ON sessions (deleted) WHERE deleted <> ''",
    ),
    6: ("ALTER TABLE turns ADD COLUMN settings TEXT",),  # unknown for what is there: no row is written
}
"""What makes the tables of the version before into those of this one."""

THINKING = 4
"""The first version in which what a model thought is no part of its answer."""

MARKS = {
    1: ("turns", "id"),
    2: ("turns", "left_out"),
    3: ("sessions", "server"),
    4: ("turns", "thinking"),
    5: ("turns", "parent"),
    6: ("turns", "settings"),
}
"""A column that each shape brought, with its table."""

NO_VERSION = 1000
"""A number this large is damage, not a newer program."""


def columns(connection: sqlite3.Connection, table: str) -> set[tuple[str, str]]:
    """Names and declared types of a table; empty where there is none."""
    return {(str(row[1]), str(row[2])) for row in connection.execute(f"PRAGMA table_info({table})")}


def version_of(connection: sqlite3.Connection) -> int:
    """The shape of the tables; where a damaged disk made the number one that no shape has, what they are."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    names = {table: {name for name, _ in columns(connection, table)} for table in ("turns", "sessions")}
    if names["turns"] and not 0 < version < NO_VERSION:
        version = max(number for number, (table, name) in MARKS.items() if name in names[table])
        connection.execute(f"PRAGMA user_version = {version}")
    return version


def bring_up(connection: sqlite3.Connection) -> None:
    """Make the tables, or change those of an older version; all of it or nothing."""
    with transaction(connection):
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
            if number == THINKING:
                from docstra_tui.session.store.old_thinking import (
                    take_thinking_out,
                )  # no other start needs it

                take_thinking_out(connection)
        if version < VERSION:
            connection.execute(f"PRAGMA user_version = {VERSION}")
