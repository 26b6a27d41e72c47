"""A value that a damaged disk changed costs that value."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.commands import sessions as command
from docstra_tui.commands.arguments import parse
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store import database, shape
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import LOST
from tests.fakes import FakeLLM
from tests.session.damaged import Said, write_sessions
from tests.session.store.salvaged import everything

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
    ("settings", "'[{\"temperature\": 0.7}, 3]'", "the settings it was sent with"),
    ("settings", "'{}'", "the settings it was sent with"),
    ("settings", "x'ff'", "the settings it was sent with"),
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
