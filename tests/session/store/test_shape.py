"""Tables of older and of newer programs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.errors import StoreError
from docstra_tui.session.store import shape
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, WaitingQuestion
from tests.session.stored import on_disk, say


def test_a_newer_shape_is_read_and_never_written(path: Path) -> None:
    before = SessionStore()
    session_id = before.create("/p", "m")
    say(before, session_id, "old")
    before.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    data = path.read_bytes()

    store = SessionStore()
    assert store.load(session_id).turns[0].question == "old"
    assert "newer" in (store.problem or "")
    say(store, session_id, "new")
    assert "newer" in (store.problem or "")
    assert [turn.question for turn in store.load(session_id).turns] == ["old", "new"]
    with pytest.raises(StoreError, match="newer"):
        store.delete(session_id)
    store.close()
    assert path.read_bytes() == data


def test_a_newer_shape_that_cannot_be_read_says_so(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE sessions (other)")
        connection.execute("PRAGMA user_version = 99")
    store = SessionStore()
    with pytest.raises(StoreError, match="cannot be read"):
        store.sessions()
    store.close()


SHAPE_1 = """
CREATE TABLE identity (id TEXT NOT NULL);
CREATE TABLE sessions (id TEXT PRIMARY KEY, root BLOB NOT NULL, model TEXT NOT NULL, title TEXT NOT NULL,
    draft TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL);
CREATE TABLE turns (id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, asked REAL NOT NULL,
    question TEXT NOT NULL, task TEXT NOT NULL, fields TEXT NOT NULL, model TEXT NOT NULL,
    answer TEXT NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL, error TEXT, finish_reason TEXT,
    prompt_tokens INTEGER, completion_tokens INTEGER, reused_tokens INTEGER, ttft_s REAL, tokens_per_s REAL);
CREATE INDEX turns_of_session ON turns (session_id, asked);
CREATE INDEX turns_being_written ON turns (status) WHERE status = 'streaming';
CREATE TABLE items (turn_id INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, entered INTEGER NOT NULL, path BLOB, language TEXT NOT NULL,
    start_line INTEGER, end_line INTEGER, sha256 TEXT NOT NULL, PRIMARY KEY (turn_id, position))
    WITHOUT ROWID;
CREATE INDEX items_of_content ON items (sha256);
CREATE TABLE contents (sha256 TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO identity VALUES ('0123456789abcdef');
INSERT INTO sessions VALUES ('abcdef012345', CAST('/p' AS BLOB), 'm', 'old', 'typed then', 1.0, 2.0);
INSERT INTO turns VALUES (7, 'abcdef012345', 1.5, 'old', 'answer_question', '{"question": "old"}', 'm',
    'answer', 'done', '', NULL, 'stop', 1, 2, 0, 0.1, 20.0);
PRAGMA user_version = 1;
"""
SHAPE_2 = """
ALTER TABLE turns ADD COLUMN left_out TEXT NOT NULL DEFAULT '[]';
ALTER TABLE items ADD COLUMN detail TEXT NOT NULL DEFAULT '';
PRAGMA user_version = 2;
"""


@pytest.mark.parametrize("script", [SHAPE_1, SHAPE_1 + SHAPE_2], ids=["1", "2"])
def test_an_older_shape_is_brought_up_with_all_it_has(path: Path, script: str) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)

    store = SessionStore()
    found = store.load("last")
    (turn,) = found.turns
    say(store, found.id, "new")
    store.accept(found.id, WaitingQuestion("next"))
    store.close()

    assert (turn.question, turn.answer, turn.left_out) == ("old", "answer", ())
    assert (found.draft, found.choice, found.waiting) == ("typed then", ModelChoice(), ())
    assert [row[0] for row in on_disk(path)] == ["old", "new"]
    assert on_disk(path, "SELECT question FROM waiting") == [("next",)]
    assert on_disk(path, "PRAGMA user_version") == [(shape.VERSION,)]
