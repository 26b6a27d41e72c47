"""A damaged disk costs what stood on the damaged place, and no more."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.commands import sessions as command
from docstra_tui.commands.arguments import parse
from docstra_tui.errors import StoreError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.export import to_markdown
from docstra_tui.session.store import database, salvage, shape
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import LOST, WaitingQuestion
from tests.fakes import FakeLLM
from tests.session.damaged import Said, damage, flips, untouched, write_sessions


@pytest.fixture
def path(own_places: Path) -> Path:
    return own_places / "state" / "sessions.db"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Said]]:
    path = tmp_path_factory.mktemp("whole") / "private" / "sessions.db"
    said = write_sessions(path)
    return path.read_bytes(), said


def everything(path: Path) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Answer and damage of every turn that is found, by its session and question; every face's words are
    made too."""
    store = SessionStore(path)
    try:
        found = {}
        for summary in store.sessions():
            session = store.load(summary.id)
            to_markdown(session)
            for turn in session.turns:
                found[session.id, turn.question] = (turn.answer, turn.damage)
        assert store.problem is None
        return found
    finally:
        store.close()


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_costs_no_turn_that_it_did_not_touch(
    seed: int, path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    chance = random.Random(seed)
    places = flips(len(data), chance)
    path.parent.mkdir(mode=0o700)
    path.write_bytes(damage(data, places, chance))

    found = everything(path)

    for turn in untouched(data, places, said):
        assert found.get(turn.key, ("lost", ()))[0] == turn.answer, (places, turn.question)


@pytest.mark.parametrize("pages", [(0,), (1, 2, 3), (0, 2, 4, 6, 8, 10, 12)])
def test_whole_pages_that_are_gone_cost_what_stood_on_them(
    pages: tuple[int, ...], path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    broken = bytearray(data)
    for page in pages:
        broken[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    places = [place for page in pages for place in range(page * 4096, (page + 1) * 4096, 16)]
    path.parent.mkdir(mode=0o700)
    path.write_bytes(broken)

    found = everything(path)

    kept = list(untouched(data, places, said))
    assert kept and all(found[turn.key][0] == turn.answer for turn in kept)
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert aside.read_bytes() == bytes(broken), "the old file is kept as it was"


def test_what_was_brought_over_is_said_and_stays(path: Path, whole: tuple[bytes, list[Said]]) -> None:
    data, said = whole
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"\0" * 100 + data[100:])

    store = SessionStore(path)
    assert len(store.sessions()) == 4
    assert f"{len(said)} questions in 4 sessions" in (store.notice or "")
    session = store.load(said[0].session_id)
    assert (session.root, session.draft) == ("/project/0", "draft 0")
    assert session.turns[5].files[0].content.startswith("def f0()")
    store.close()
    again = SessionStore(path)
    assert len(again.sessions()) == 4 and again.notice is None
    again.close()


def test_an_answer_whose_end_cannot_be_found_is_kept_and_says_so(
    path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    long = next(turn for turn in said if len(turn.answer) > 10_000)
    broken = bytearray(b"\0" * 100 + data[100:])
    home = data.index(long.question.encode()) // 4096
    pages = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    full = [page for page, text in enumerate(pages) if text.count(b"is <00.004>.") > 200 and page != home]
    page = full[-2]
    broken[page * 4096 : page * 4096 + 4] = b"\xff" * 4  # where the answer goes on
    path.parent.mkdir(mode=0o700)
    path.write_bytes(broken)

    answer, damaged = everything(path)[long.key]

    assert len(answer) > 4000 and long.answer.startswith(answer[:-1]) and answer != long.answer
    assert "the answer" in damaged


BROKEN_FIELDS = [
    ("question", "CAST(x'41ff42' AS TEXT)", "the question"),
    ("answer", "CAST(x'41c3' AS TEXT)", "the answer"),
    ("answer", "x'31ff'", "the answer"),
    ("fields", "'{\"question\": '", "how it was asked"),
    ("fields", "'[]'", "how it was asked"),
    ("fields", "CAST(x'7bff' AS TEXT)", "how it was asked"),
    ("status", "'donf'", "how it ended"),
    ("finish_reason", "'stoq'", "why it ended"),
    ("error", "'{'", "what went wrong"),
    ("error", "'17'", "what went wrong"),
    ("left_out", "'no list'", "what was not sent"),
    ("model", "x'ff'", "the model's name"),
    ("task", "x'ff'", "the kind of task"),
    ("asked", "'yesterday'", ""),
    ("asked", "1e300", ""),
    ("prompt_tokens", "'many'", ""),
    ("ttft_s", "-1e300", ""),
    ("completion_tokens", "x'00'", ""),
]


@pytest.mark.parametrize(("column", "value", "named"), BROKEN_FIELDS)
def test_a_bad_field_costs_that_field(column: str, value: str, named: str, path: Path) -> None:
    said = write_sessions(path, sessions=1, turns=3)
    with closing(sqlite3.connect(path)) as connection, connection:
        where = "WHERE id = (SELECT id FROM turns ORDER BY asked LIMIT 1)"
        connection.execute(f"UPDATE turns SET {column} = {value} {where}")

    store = SessionStore(path)
    session = store.load("last")
    chat = ChatSession.resume(FakeLLM("fine"), store, session.id)
    assert "".join(chat.ask("And now?")) == "fine", "the session goes on"
    store.close()

    assert len(session.turns) == 3
    bad = next(turn for turn in session.turns if turn.question not in {one.question for one in said[1:]})
    assert bad.damage == ((named,) if named else ())
    assert bad.answer == said[0].answer or column == "answer"


@pytest.mark.parametrize("broken", ['{"qvestion": "x"}', "{}"])
def test_a_turn_that_cannot_be_said_again_as_it_was_is_told_in_its_own_words(broken: str, path: Path) -> None:
    write_sessions(path, sessions=1, turns=1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE turns SET fields = ?", (broken,))
    llm = FakeLLM("fine")
    store = SessionStore(path)
    chat = ChatSession.resume(llm, store, "last")
    assert "".join(chat.ask("And now?")) == "fine"
    store.close()
    assert "What is <00.000>?" in llm.calls[-1].messages[1]["content"]


def test_a_file_whose_saved_text_changed_is_named_and_never_sent_again(path: Path) -> None:
    write_sessions(path, sessions=1, turns=2)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE contents SET content = 'def g(): pass'")
    llm = FakeLLM("fine")
    store = SessionStore(path)
    chat = ChatSession.resume(llm, store, "last")
    assert chat.turns[0].files[0].label == f"src/f0.py ({LOST})"
    assert chat.turns[0].damage == (f"src/f0.py ({LOST})",)
    assert not chat.context
    "".join(chat.ask("And now?"))
    store.close()
    assert all("def " not in message["content"] for message in llm.calls[-1].messages)


def test_turns_whose_session_is_gone_are_shown_under_their_first_question(path: Path) -> None:
    said = write_sessions(path, sessions=2, turns=3)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM sessions WHERE id = ?", (said[0].session_id,))
    store = SessionStore(path)
    titles = {summary.title: summary.turns for summary in store.sessions()}
    store.close()
    assert titles == {"What is <00.000>?": 3, "What is <01.000>?": 3}


def test_an_index_that_forgot_a_turn_is_made_again(path: Path) -> None:
    said = write_sessions(path, sessions=1, turns=6)
    with closing(sqlite3.connect(path)) as connection, connection:
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'turns_of_session'"
        [page] = connection.execute(root).fetchone()
    data = bytearray(path.read_bytes())
    at = data.index(said[0].session_id.encode(), (page - 1) * 4096)
    assert at < page * 4096
    data[at] ^= 1  # the table keeps the row; the index has it under another session
    path.write_bytes(data)

    assert len(everything(path)) == 6
    assert not list(path.parent.glob("*.corrupt-*")), "an index is no reason for a new file"


def test_a_wrong_number_of_the_shape_is_no_newer_program(path: Path) -> None:
    write_sessions(path, sessions=1, turns=2)
    for version in (0, 0x02000002, -5):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"PRAGMA user_version = {version}")
        assert len(everything(path)) == 2
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (shape.VERSION,)


def test_damaged_times_are_a_dash_in_every_list(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sessions(path, sessions=3, turns=1)
    with closing(sqlite3.connect(path)) as connection, connection:
        found = connection.execute("SELECT id FROM sessions").fetchall()
        for value, session in zip(("'soon'", "1e18", "-7"), found, strict=True):
            connection.execute(f"UPDATE sessions SET updated = {value}, created = 1e18 WHERE id = ?", session)
    assert command.run(parse(["sessions", "list"])) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and all("  -  " in line for line in lines)


def test_damage_that_is_met_while_reading_costs_the_reader_nothing(
    path: Path, whole: tuple[bytes, list[Said]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CHECKED_BYTES", 0)  # a file too large to be read through at the start
    data, said = whole
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(data)
        [root] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'turns'").fetchone()
    broken = bytearray(data)
    broken[(root - 1) * 4096 : (root - 1) * 4096 + 8] = b"\0" * 8
    path.parent.mkdir(mode=0o700)
    path.write_bytes(broken)

    found = everything(path)

    assert [found[turn.key][0] == turn.answer for turn in said] == [True] * len(said)


@pytest.mark.parametrize("was", ["completion_tokens INTEGER", "title TEXT", "entered INTEGER"])
def test_a_column_that_lost_its_name_loses_no_turn(was: str, path: Path) -> None:
    said = write_sessions(path, sessions=2, turns=3)
    data = path.read_bytes()
    at = data.index(was.encode())
    path.write_bytes(data[:at] + b"Z" + data[at + 1 :])
    found = everything(path)
    assert [found[turn.key][0] for turn in said] == [turn.answer for turn in said]


def test_a_turn_whose_session_is_no_text_any_more_is_found_once(path: Path) -> None:
    write_sessions(path, sessions=1, turns=3)
    with closing(sqlite3.connect(path)) as connection, connection:
        where = "WHERE id = (SELECT id FROM turns ORDER BY asked LIMIT 1)"
        connection.execute(f"UPDATE turns SET session_id = CAST(x'61ff62' AS TEXT) {where}")
    for _ in range(2):
        store = SessionStore(path)
        assert sorted(summary.turns for summary in store.sessions()) == [1, 2]
        store.close()


def test_a_question_that_waited_is_brought_over_too(path: Path) -> None:
    store = SessionStore(path)
    question = WaitingQuestion("What was never sent?")
    store.accept(store.create("/p", "m"), question)
    store.close()
    data = path.read_bytes()
    path.write_bytes(b"\0" * 100 + data[100:])
    store = SessionStore(path)
    [summary] = store.sessions()
    [waiting] = store.load(summary.id).waiting
    store.close()
    assert waiting.text == "What was never sent?"


def behead(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(b"\0" * 100 + data[100:])


DIES = """
    import os, sys
    from pathlib import Path
    from docstra_tui.session.store import salvage
    from docstra_tui.session.store.sessions import SessionStore

    whole = salvage.salvage

    def dying(*args):
        if sys.argv[2] == "after":
            whole(*args)
        os._exit(9)

    salvage.salvage = dying
    SessionStore(Path(sys.argv[1])).sessions()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_program_that_ends_while_it_salvages_leaves_it_to_the_next_one(
    when: str, path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    behead(path, data)
    broken = path.read_bytes()
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(DIES), str(path), when], check=False)
    assert died.returncode == 9

    found = everything(path)

    assert [found[turn.key][0] for turn in said] == [turn.answer for turn in said]
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert aside.read_bytes() == broken and not list(path.parent.glob("sessions.db.damaged-*"))


def test_a_new_file_that_takes_nothing_yet_is_filled_at_the_next_opening(
    path: Path, whole: tuple[bytes, list[Said]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, said = whole
    behead(path, data)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(salvage, "salvage", full)
        store = SessionStore(path)
        assert store.sessions() == [] and "cannot be read yet" in (store.notice or "")
        store.close()
    assert len(everything(path)) == len(said)


def test_of_two_programs_that_find_the_same_damage_one_moves_it_and_both_have_everything(
    path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    path.parent.mkdir(mode=0o700)
    path.write_bytes(data)
    first, second = database.Database(path), database.Database(path)
    first.open(), second.open()  # both have it open; then the disk fails, and each of them notices
    first.set_aside()
    first.open()
    second.set_aside()
    found = [one.open().execute("SELECT count(*) FROM turns").fetchone()[0] for one in (first, second)]
    for one in (first, second):
        one.close()
    assert found == [len(said)] * 2
    assert len(list(path.parent.glob("sessions.db.corrupt-*"))) == 1


def test_many_programs_that_start_on_a_damaged_file_lose_nothing(
    path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    behead(path, data)
    program = (
        "from docstra_tui.session.store.sessions import SessionStore as S; "
        "print(sum(s.turns for s in S().sessions()))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=dict(os.environ))
        for _ in range(4)
    ]
    assert [int(one.communicate()[0]) for one in running] == [len(said)] * 4
    assert len(list(path.parent.glob("sessions.db.corrupt-*"))) == 1


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["show"], ["delete", "ID"]])
def test_every_command_says_where_a_damaged_file_is(
    words: list[str], path: Path, whole: tuple[bytes, list[Said]], capsys: pytest.CaptureFixture[str]
) -> None:
    data, said = whole
    behead(path, data)
    words = [said[0].session_id if word == "ID" else word for word in words]
    assert command.run(parse(["sessions", *words])) == 0
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    told = capsys.readouterr()
    assert str(aside) in told.err and str(aside) not in told.out


def test_an_answer_that_was_half_written_in_a_damaged_file_is_not_shown_as_being_written(path: Path) -> None:
    said = write_sessions(path, sessions=1, turns=2)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE turns SET status = 'streaming', owner = 'gone'")
    behead(path, path.read_bytes())
    store = SessionStore(path)
    assert [turn.status for turn in store.load(said[0].session_id).turns] == ["interrupted"] * 2
    store.close()


def test_a_file_that_may_not_be_read_is_not_called_an_empty_one(path: Path, tmp_path: Path) -> None:
    write_sessions(path, sessions=1, turns=1)
    path.rename(tmp_path / "elsewhere.db")
    path.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match="cannot be read"):
        command.run(parse(["sessions", "list"]))
