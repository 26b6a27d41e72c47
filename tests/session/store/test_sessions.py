"""What was said is on the disk, private, and survives whatever happens to the process or the disk."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.errors import EngineDied, StoreError
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store import database, session_rows, shape
from docstra_tui.session.store import writer as writing
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, Placed, SavedTurn, WaitingQuestion, title_of

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def path(own_places: Path) -> Path:
    return own_places / "state" / "sessions.db"


@pytest.fixture
def store(path: Path) -> Iterator[SessionStore]:
    opened = SessionStore()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.1)


def until(claim: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def say(store: SessionStore, session_id: str, question: str, answer: str = "answer") -> SavedTurn:
    turn = SavedTurn(question, fields={"question": question})
    store.begin_turn(session_id, turn)
    store.add_piece(turn.id, answer)
    turn.answer, turn.status = answer, "done"
    store.end_turn(turn.id, turn)
    return turn


TURNS = "SELECT question, answer, status FROM turns ORDER BY asked"


def on_disk(path: Path, query: str = TURNS) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def test_everything_comes_back_as_it_was(store: SessionStore) -> None:
    odd = ContextItem("text \ud800 \0 end", os.fsdecode(b"bad\xff.py"), "python", 3, 9)
    plain = ContextItem("b", "b.py")
    nameless = ContextItem("c")
    session_id = store.create(os.fsdecode(b"/pro\xffject"), "model")
    first = SavedTurn("Why\udcff?", fields={"question": "Why\udcff?"}, context=(odd, plain), model="m1")
    store.begin_turn(session_id, first)
    first.answer, first.status, first.finish_reason = "Because \ud83d", "done", "stop"
    first.usage, first.ttft_s, first.tokens_per_s = Usage(10, 20, 5), 0.25, 41.5
    store.end_turn(first.id, first)
    second = SavedTurn("And?", context=(nameless,), earlier=(Placed(first.id, odd), Placed(first.id, plain)))
    store.begin_turn(session_id, second)
    second.status, second.error = "failed", EngineDied("It died.", "Restart it.")
    store.end_turn(second.id, second)
    store.save_draft(session_id, "a draft")
    store.close()

    found = SessionStore().load(session_id)
    assert (found.root, found.title, found.draft) == (os.fsdecode(b"/pro\xffject"), "Why\udcff?", "a draft")
    assert found.turns[0] == first
    error = found.turns[1].error
    assert isinstance(error, EngineDied) and (error.message, error.hint) == ("It died.", "Restart it.")
    second.error = error
    assert found.turns[1] == second
    assert found.turns[1].files == (odd, plain, nameless)


def test_a_question_is_on_the_disk_before_its_answer_begins(store: SessionStore, path: Path) -> None:
    turn = SavedTurn("first")
    store.begin_turn(store.create("/p", "m"), turn)
    assert on_disk(path) == [("first", "", "streaming")]


def test_a_growing_answer_is_saved_even_when_it_pauses(store: SessionStore, path: Path) -> None:
    turn = SavedTurn("first")
    store.begin_turn(store.create("/p", "m"), turn)
    store.add_piece(turn.id, "a few words")
    started = time.monotonic()
    until(lambda: on_disk(path)[0][1] == "a few words", 5)
    assert time.monotonic() - started < 2.5
    store.add_piece(turn.id, "x" * 250)
    started = time.monotonic()
    until(lambda: on_disk(path)[0][1] == "a few words" + "x" * 250, 5)
    assert time.monotonic() - started < 0.9


def test_the_same_file_is_kept_once(store: SessionStore, path: Path) -> None:
    item = ContextItem("x" * 1000, "a.py")
    session_id = store.create("/p", "m")
    for number in range(5):
        store.begin_turn(session_id, SavedTurn(str(number), context=(item,)))
    assert on_disk(path, "SELECT count(*) FROM contents") == [(1,)]
    assert on_disk(path, "SELECT count(*) FROM items") == [(5,)]


def test_sessions_are_found_by_id_prefix_and_last(store: SessionStore) -> None:
    one, other = store.create("/one", "m"), store.create("/other", "m")
    say(store, one, "first question")
    say(store, other, "second\nquestion")
    assert store.flush()
    assert [(s.id, s.title, s.turns) for s in store.sessions()] == [
        (other, "second question", 1),
        (one, "first question", 1),
    ]
    assert [s.id for s in store.sessions("/one")] == [one]
    assert store.load("last").id == other
    assert store.load("last", root="/one").id == one
    assert store.load(one[:8]).id == one
    for bad in ("zzz", "", one + "0"):
        with pytest.raises(StoreError):
            store.load(bad)
    with pytest.raises(StoreError, match="yet"):
        store.load("last", root="/nowhere")


def test_an_ambiguous_prefix_is_refused(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.sessions() == []
    names = iter(["abc111", "abc222"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(names))
    for _ in range(2):
        say(store, store.create("/p", "m"), "q")
    with pytest.raises(StoreError, match="2 sessions begin"):
        store.load("abc")


def test_a_session_in_which_nothing_was_said_is_not_kept(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    assert store.flush() and store.sessions() == []
    store.save_draft(session_id, "typed")
    assert store.flush() and [one.id for one in store.sessions()] == [session_id]
    assert store.load("last").draft == "typed"
    store.save_draft(session_id, "")
    assert store.flush() and store.sessions() == []


def test_a_deleted_session_is_gone_with_its_contents(store: SessionStore, path: Path) -> None:
    keep, drop = store.create("/p", "m"), store.create("/p", "m")
    shared, own = ContextItem("shared", "s.py"), ContextItem("own secret words", "o.py")
    store.begin_turn(keep, SavedTurn("keep", context=(shared,)))
    store.begin_turn(drop, SavedTurn("drop", context=(shared, own)))
    store.delete(drop[:9])
    assert [one.id for one in store.sessions()] == [keep]
    assert on_disk(path, "SELECT content FROM contents") == [("shared",)]
    assert b"own secret words" not in path.read_bytes()
    with pytest.raises(StoreError):
        store.delete(drop)


def test_titles_are_one_line_of_sixty() -> None:
    assert title_of("  a\n b\t c ") == "a b c"
    assert len(title_of("word " * 50)) <= 60 and title_of("word " * 50).endswith("…")


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_nobody_else_can_read_it(mask: int, path: Path) -> None:
    old = os.umask(mask)
    try:
        with_journal: set[int] = set()
        store = SessionStore()
        session_id = store.create("/p", "m")
        for number in range(3):
            store.begin_turn(session_id, SavedTurn(str(number)))
            with_journal |= {stat.S_IMODE(os.stat(one).st_mode) for one in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(old)
    assert with_journal == {0o600}
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700


def test_an_open_file_is_closed_to_others_and_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    SessionStore().close()
    path.chmod(0o644)
    SessionStore().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    store = SessionStore()
    say(store, store.create("/p", "m"), "q")
    assert "link" in (store.problem or "")
    store.close()


def test_a_dead_writers_answer_was_interrupted_and_a_living_ones_is_left_alone(path: Path) -> None:
    living = SessionStore()
    session_id = living.create("/p", "m")
    living.begin_turn(session_id, turn := SavedTurn("mine"))
    script = (
        "import os\nfrom docstra_tui.session.store.sessions import SessionStore\n"
        "from docstra_tui.session.turns import SavedTurn\n"
        "s = SessionStore(); t = SavedTurn('theirs'); s.begin_turn(s.create('/p', 'm'), t)\n"
        "s.add_piece(t.id, 'half'); s.flush(); os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL

    other = SessionStore()
    other.sessions()
    assert on_disk(path) == [("mine", "", "streaming"), ("theirs", "half", "interrupted")]
    living.add_piece(turn.id, "still here")
    assert living.flush()
    living.close()
    assert on_disk(path)[0] == ("mine", "still here", "interrupted")
    other.close()


TALK = """
import sys
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
store = SessionStore()
session_id = store.create("/p", "m")
print("session", session_id, flush=True)
number = 0
while True:
    turn = SavedTurn(f"question {number}")
    store.begin_turn(session_id, turn)
    print("asked", number, flush=True)
    for piece in range(20):
        store.add_piece(turn.id, f"{piece} ")
    turn.answer, turn.status = "".join(f"{piece} " for piece in range(20)), "done"
    store.end_turn(turn.id, turn)
    number += 1
"""


@pytest.mark.parametrize("after", [0, 1, 7, 40])
def test_kill_9_loses_no_question(after: int, path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", TALK], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = -1
    for line in process.stdout:
        if line.startswith("asked"):
            last = int(line.split()[1])
            if last >= after:
                break
    process.kill()
    last = max([last, *(int(line.split()[1]) for line in process.stdout if line.startswith("asked "))])
    process.wait(10)
    process.stdout.close()

    store = SessionStore()
    turns = store.load("last").turns
    assert [turn.question for turn in turns][: last + 1] == [f"question {n}" for n in range(last + 1)]
    assert {turn.status for turn in turns} <= {"done", "interrupted"}
    assert sum(turn.status == "interrupted" for turn in turns) <= 2
    assert on_disk(path, "PRAGMA integrity_check") == [("ok",)]
    assert store.problem is None and store.notice is None
    store.close()


APPEND = """
import sys
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
store = SessionStore()
session_id = store.create("/p", sys.argv[1])
for number in range(int(sys.argv[2])):
    turn = SavedTurn(str(number), asked=1000.0 + number)
    store.begin_turn(session_id, turn)
    assert store.problem is None, store.problem
    turn.answer, turn.status = str(number), "done"
    store.end_turn(turn.id, turn)
store.close()
print(store.problem)
"""


def test_a_draft_that_was_taken_back_leaves_no_session(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    store.save_draft(session_id, "typed")
    assert store.flush() and [one.id for one in store.sessions()] == [session_id]
    store.save_draft(session_id, "")
    assert store.flush() and store.sessions() == []
    assert on_disk(path, "SELECT count(*) FROM sessions") == [(0,)]
    say(store, session_id, "after all")
    assert store.flush() and [one.turns for one in store.sessions()] == [1]


def test_two_processes_write_at_once(path: Path) -> None:
    count = 150
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, name, str(count)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "other")
    ]
    for writer in writers:
        out, _ = writer.communicate(timeout=100)
        assert (writer.returncode, out.strip()) == (0, "None")
    store = SessionStore()
    found = store.sessions()
    assert sorted((one.model, one.turns) for one in found) == [("one", count), ("other", count)]
    for one in found:
        turns = store.load(one.id).turns
        assert [turn.question for turn in turns] == [str(number) for number in range(count)]
        assert {turn.status for turn in turns} == {"done"}
    assert on_disk(path, "PRAGMA journal_mode") == [("delete",)]
    store.close()


def test_a_full_disk_is_told_and_nothing_is_lost(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    say(store, session_id, "before")
    assert store.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        started = time.monotonic()
        say(store, session_id, "during " + "x" * 100_000)
        assert time.monotonic() - started < 5
        assert store.problem and not store.problem.lower().startswith("not saved")  # the faces say so
        assert not store.flush(0.5)
        assert [turn.question[:6] for turn in store.load(session_id).turns] == ["before", "during"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    until(lambda: store.problem is None)
    assert [row[0][:6] for row in on_disk(path)] == ["before", "during"]


def test_a_read_only_folder_is_told_and_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect

    def refuse(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(sqlite3, "connect", refuse)
    store = SessionStore()
    session_id = store.create("/p", "m")
    say(store, session_id, "kept")
    assert "cannot be written" in (store.problem or "")
    assert [one.title for one in store.sessions()] == ["kept"]
    assert store.load("last").turns[0].answer == "answer"
    monkeypatch.setattr(sqlite3, "connect", real)
    until(lambda: store.problem is None)
    store.close()
    assert on_disk(path) == [("kept", "answer", "done")]


def test_a_file_that_another_program_holds_is_waited_for_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "WAIT_SECONDS", 0.6)
    monkeypatch.setattr(database, "BUSY_MS", 100)
    store = SessionStore()
    session_id = store.create("/p", "m")
    assert store.sessions() == []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        say(store, session_id, "kept")
        assert time.monotonic() - started < 3
        assert store.problem
        until(lambda: "locked" in (store.problem or ""))
        other.execute("ROLLBACK")
        until(lambda: store.problem is None)
    store.close()
    assert on_disk(path) == [("kept", "answer", "done")]


def test_leaving_does_not_wait_for_a_disk_that_hangs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SessionStore()
    session_id = store.create("/p", "m")
    assert store.sessions() == []
    release = threading.Event()
    monkeypatch.setattr(session_rows, "write_session", lambda *_: release.wait(30))
    monkeypatch.setattr(writing, "WAIT_SECONDS", 0.3)
    started = time.monotonic()
    say(store, session_id, "kept")
    assert "does not answer" in (store.problem or "")
    store.close(timeout=0.3)
    assert time.monotonic() - started < 2
    release.set()


def test_a_file_deleted_while_open_is_made_again(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    item = ContextItem("text", "a.py")
    store.begin_turn(session_id, SavedTurn("first", context=(item,)))
    for _ in range(2):
        path.unlink()
        say(store, session_id, "next")
        assert store.flush()
    assert [row[0] for row in on_disk(path)] == ["first", "next", "next"]
    assert on_disk(path, "SELECT content FROM contents") == [("text",)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_resumed_session_survives_deletion_too(path: Path) -> None:
    before = SessionStore()
    session_id = before.create("/p", "m")
    before.begin_turn(session_id, SavedTurn("old", context=(ContextItem("text", "a.py"),)))
    before.close()
    store = SessionStore()
    store.load(session_id)
    path.unlink()
    say(store, session_id, "new")
    store.close()
    assert [row[0] for row in on_disk(path)] == ["old", "new"]
    again = SessionStore()
    assert again.load(session_id).turns[0].context[0].content == "text"
    again.close()


def damage_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = b"\xa5" * 8192
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"this is no database, " * 500),
        lambda path: path.write_bytes(path.read_bytes()[: 4096 * 2 + 100]),
        damage_middle,
    ],
    ids=["garbage", "cut", "flipped"],
)
def test_a_damaged_file_is_set_aside_and_both_paths_are_told(
    damage: Callable[[Path], object], path: Path
) -> None:
    before = SessionStore()
    say(before, before.create("/p", "m"), "old " + "x" * 20_000)
    before.close()
    damage(path)

    store = SessionStore()
    say(store, store.create("/p", "m"), "new")
    assert store.flush() and store.problem is None
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert store.notice and str(aside) in store.notice and str(path) in store.notice
    assert store.sessions()[0].title == "new"
    store.close()


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.touch(0o600)
    store = SessionStore()
    say(store, store.create("/p", "m"), "q")
    assert store.flush() and store.problem is None and store.notice is None
    store.close()


def test_damage_found_while_running_keeps_what_was_said(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    say(store, session_id, "said")
    assert store.flush()
    with open(path, "r+b") as file:  # the same file, as a failing disk would do it
        file.write(b"\xa5" * path.stat().st_size)
    say(store, session_id, "more")
    until(lambda: store.problem is None)
    assert store.notice
    assert [row[0] for row in on_disk(path)] == ["said", "more"]


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


def test_a_closed_store_takes_no_more_and_does_not_hang(store: SessionStore) -> None:
    session_id = store.create("/p", "m")
    store.close()
    store.close()
    started = time.monotonic()
    say(store, session_id, "late")
    assert not store.flush(0.2)
    with pytest.raises(StoreError):
        store.sessions()
    assert time.monotonic() - started < 3


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


def test_the_words_of_a_deleted_session_are_gone_from_the_file(store: SessionStore, path: Path) -> None:
    secret = store.create("/p", "m")
    for number in range(20):
        item = ContextItem(f"contents-{number} " * 300, f"f{number}.py")
        turn = SavedTurn(f"hidden-question-{number}", context=(item,))
        store.begin_turn(secret, turn)
        turn.answer, turn.status = f"hidden-answer-{number} " * 400, "done"
        store.end_turn(turn.id, turn)
    kept = store.create("/p", "m")
    say(store, kept, "this one stays")
    assert store.flush()
    assert b"hidden-answer-7" in path.read_bytes() and b"contents-7" in path.read_bytes()

    store.delete(secret)

    data = path.read_bytes()
    assert b"hidden-" not in data and b"contents-" not in data and b"this one stays" in data
