"""Tables of older and of newer programs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.errors import StoreError
from docstra_tui.session.store import shape
from docstra_tui.session.store.owner import new_owner
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, SavedTurn, WaitingQuestion
from tests.session.damaged import behead
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
SHAPE_3 = """
ALTER TABLE sessions ADD COLUMN server TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN wanted TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN revision TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN quant TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE TABLE waiting (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions (id)
    ON DELETE CASCADE, accepted REAL NOT NULL, question TEXT NOT NULL, owner TEXT NOT NULL);
CREATE INDEX waiting_of_session ON waiting (session_id, accepted);
PRAGMA user_version = 3;
"""
SHAPE_4 = """
ALTER TABLE turns ADD COLUMN thinking TEXT NOT NULL DEFAULT '';
ALTER TABLE turns ADD COLUMN thinking_s REAL;
ALTER TABLE turns ADD COLUMN thinking_tokens INTEGER;
PRAGMA user_version = 4;
"""
SHAPE_5 = """
ALTER TABLE turns ADD COLUMN parent INTEGER NOT NULL DEFAULT -1;
ALTER TABLE turns ADD COLUMN deleted TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN tip INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN titled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN deleted TEXT NOT NULL DEFAULT '';
DROP INDEX turns_of_session;
CREATE INDEX turns_of_session ON turns (session_id, asked, parent, deleted);
CREATE INDEX turns_deleted ON turns (deleted) WHERE deleted <> '';
CREATE INDEX sessions_deleted ON sessions (deleted) WHERE deleted <> '';
PRAGMA user_version = 5;
"""
OLDER = (SHAPE_1, SHAPE_1 + SHAPE_2, SHAPE_1 + SHAPE_2 + SHAPE_3)
NEWEST_OLD = SHAPE_1 + SHAPE_2 + SHAPE_3 + SHAPE_4


@pytest.mark.parametrize("script", (*OLDER, NEWEST_OLD, NEWEST_OLD + SHAPE_5), ids=["1", "2", "3", "4", "5"])
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
    assert (turn.thinking, turn.thinking_s, turn.usage.thinking_tokens) == ("", None, None)
    assert (turn.settings, turn.gone_on_with) == (None, ())
    assert (found.draft, found.choice, found.waiting) == ("typed then", ModelChoice(), ())
    assert [row[0] for row in on_disk(path)] == ["old", "new"]
    assert on_disk(path, "SELECT question FROM waiting") == [("next",)]
    assert on_disk(path, "PRAGMA user_version") == [(shape.VERSION,)]


THOUGHT = "<think>\nHm.\n</think>\n\nTwice."


@pytest.mark.parametrize("script", OLDER, ids=["1", "2", "3"])
def test_what_an_older_program_kept_at_the_head_of_an_answer_is_no_part_of_it(
    path: Path, script: str
) -> None:
    path.parent.mkdir(mode=0o700)
    rows = [
        (1, THOUGHT, "done", "", "stop"),
        (2, "It is twice.\n</think>\nTwice.", "done", "", "stop"),
        (3, "<think>\nStill", "streaming", "a dead program", None),
        (4, "<think> is a tag.", "done", "", "stop"),
        (5, "<think>\nStill", "streaming", new_owner(), None),
        (6, b"<think>\xed\xb3\xbf</think>Lone.", "done", "", "stop"),
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
        for number, answer, status, owner, reason in rows:
            connection.execute(
                "INSERT INTO turns (id, asked, answer, status, owner, finish_reason, session_id, "
                "question, task, fields, model) "
                "VALUES (?, ?, ?, ?, ?, ?, 'abcdef012345', 'q', 'answer_question', '{}', 'm')",
                (number, number + 2.0, answer, status, owner, reason),
            )

    store = SessionStore()
    _, *turns = store.load("last").turns
    store.close()

    assert [(turn.thinking, turn.answer, turn.status) for turn in turns] == [
        ("Hm.", "Twice.", "done"),
        ("It is twice.", "Twice.", "done"),
        ("Still", "", "interrupted"),
        ("", "<think> is a tag.", "done"),
        ("", "<think>\nStill", "streaming"),
        ("\udcff", "Lone.", "done"),
    ]


@pytest.mark.parametrize("script", OLDER, ids=["1", "2", "3"])
def test_it_is_no_part_of_what_is_saved_from_a_damaged_file_either(path: Path, script: str) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
        connection.execute("UPDATE turns SET answer = ?", (THOUGHT,))
    behead(path, path.read_bytes())
    store = SessionStore()
    [turn] = store.load("last").turns
    assert (turn.thinking, turn.answer, turn.damage) == ("Hm.", "Twice.", ())

    # one of ours is what it is
    said = say(store, store.create("/p", "m"), "How does it look?", THOUGHT)
    store.close()
    behead(path, path.read_bytes())
    store = SessionStore()
    found = {turn.id: turn for one in store.sessions() for turn in store.load(one.id).turns}
    store.close()
    assert (found[turn.id].thinking, found[turn.id].answer) == ("Hm.", "Twice.")
    assert (found[said.id].thinking, found[said.id].answer) == ("", THOUGHT)


@pytest.mark.parametrize("is_damaged", [False, True])
def test_turns_of_an_older_program_follow_each_other_as_they_were_asked(path: Path, is_damaged: bool) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(NEWEST_OLD)
        for number, asked in ((9, 3.0), (3, 5.0), (5, 4.0)):
            connection.execute(
                "INSERT INTO turns (id, asked, answer, status, owner, session_id, question, task, fields, "
                "model) VALUES (?, ?, 'a', 'done', '', 'abcdef012345', 'q', 'answer_question', '{}', 'm')",
                (number, asked),
            )
    if is_damaged:
        behead(path, path.read_bytes())
    store = SessionStore()
    found = store.load("last")
    store.close()
    assert [(turn.id, turn.parent) for turn in found.turns] == [(7, 0), (9, 7), (5, 9), (3, 5)]
    assert not found.forks and found.tip == 3


def test_settings_of_old_turns_stay_unknown_and_their_rows_as_they_are(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(NEWEST_OLD + SHAPE_5)
        connection.execute("CREATE TABLE written (id)")
        connection.execute(
            "CREATE TRIGGER seen AFTER UPDATE ON turns BEGIN INSERT INTO written VALUES (new.id); END"
        )
    store = SessionStore()
    found = store.load("last")
    turn = SavedTurn("new", settings={"temperature": 0.7, "think": "off"}, status="done")
    store.begin_turn(found.id, turn)
    store.close()
    assert on_disk(path, "SELECT * FROM written") == []
    assert on_disk(path, "SELECT settings FROM turns ORDER BY asked") == [
        (None,),
        ('[{"temperature": 0.7, "think": "off"}]',),
    ]


def test_a_program_of_before_that_is_still_open_writes_on_beside_the_new_tables(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.executescript(NEWEST_OLD + SHAPE_5)
        older.execute("SELECT count(*) FROM turns").fetchone()
        store = SessionStore()
        store.sessions()
        older.execute("UPDATE turns SET answer = 'more' WHERE id = 7")
        [turn] = store.load("last").turns
        assert (turn.answer, turn.settings) == ("more", None)
        store.close()


def test_tables_are_brought_up_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(NEWEST_OLD + SHAPE_5)
        broken = {**shape.CHANGES, 6: (*shape.CHANGES[6], "ALTER TABLE nothing ADD COLUMN x")}
        monkeypatch.setattr(shape, "CHANGES", broken)
        with pytest.raises(sqlite3.OperationalError):
            shape.bring_up(connection)
        assert connection.execute("PRAGMA user_version").fetchone() == (5,)
        assert "settings" not in {name for name, _ in shape.columns(connection, "turns")}
        monkeypatch.undo()
        shape.bring_up(connection)
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
            shape.bring_up(fresh)
            assert _tables(connection) == _tables(fresh)


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each, in order: a row that is saved from a damaged file is known by them."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}
