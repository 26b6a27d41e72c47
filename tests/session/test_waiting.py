"""A question is on the disk from when it is accepted until its turn has begun: never lost, never twice."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.rescue import rescue
from docstra_tui.session.store import waiting_rows
from docstra_tui.session.store import writer as writing
from docstra_tui.session.store.sessions import DRAFT_SECONDS, SessionStore
from docstra_tui.session.turns import ModelChoice, SavedTurn, WaitingQuestion
from tests.fakes import FakeLLM

PROJECT = Path(__file__).parents[2]
ROOT = Path("/project")


@pytest.fixture
def path(own_places: Path) -> Path:
    return own_places / "state" / "sessions.db"


@pytest.fixture
def store(path: Path) -> Iterator[SessionStore]:
    opened = SessionStore()
    yield opened
    opened.close()


def on_disk(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def waits(path: Path) -> list[str]:
    return [row[0] for row in on_disk(path, "SELECT question FROM waiting ORDER BY accepted")]


def again(which: str = "last") -> tuple[ChatSession, SessionStore]:
    """The session as another program finds it."""
    store = SessionStore()
    return ChatSession.resume(FakeLLM("fine"), store, which), store


def test_an_accepted_question_is_on_the_disk_and_the_draft_it_was_is_not(
    store: SessionStore, path: Path
) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    session.draft = "Why?"
    assert store.flush()

    question = session.accept("Why?")
    assert session.settle(question)

    assert waits(path) == ["Why?"]
    assert on_disk(path, "SELECT draft FROM sessions") == [("",)]


def test_it_waits_until_its_turn_is_on_the_disk_and_no_longer(store: SessionStore, path: Path) -> None:
    session = ChatSession(FakeLLM("Because."), ROOT, store)
    question = session.accept("Why?")
    session.take_turn(question)
    running = session.ask("Why?")
    assert session.settle(question) and waits(path) == ["Why?"]

    next(running)

    assert waits(path) == []
    assert on_disk(path, "SELECT id, question FROM turns") == [(question.id, "Why?")]
    assert session.waiting == []


def test_what_was_stopped_before_it_was_sent_is_a_turn_and_waits_no_more(
    store: SessionStore, path: Path
) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    session.take_turn(session.accept("Why?"))

    session.ask("Why?").cancel()

    assert store.flush()
    assert waits(path) == [] and session.waiting == []
    assert on_disk(path, "SELECT question, status FROM turns") == [("Why?", "cancelled")]


def test_what_is_given_back_is_the_draft_in_the_same_moment(store: SessionStore, path: Path) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    question = session.accept("Why?", draft="and")
    assert session.settle(question)

    session.take_back([question], "Why?\n\nand")

    assert store.flush()
    assert waits(path) == []
    assert on_disk(path, "SELECT draft FROM sessions") == [("Why?\n\nand",)]


def test_a_question_that_is_taken_along_waits_in_the_other_session(store: SessionStore, path: Path) -> None:
    fresh, other = ChatSession(FakeLLM(), ROOT, store), ChatSession(FakeLLM(), ROOT, store)
    other.draft = "x"
    fresh.accept("Why?")
    assert store.flush()

    other.take_over(fresh)

    assert store.flush()
    assert on_disk(path, "SELECT session_id FROM waiting") == [(other.id,)]
    assert [row[0] for row in on_disk(path, "SELECT id FROM sessions")] == [other.id]
    assert (fresh.waiting, [one.text for one in other.waiting]) == ([], ["Why?"])


LEAVE = """
import os, sys
from pathlib import Path
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from tests.fakes import FakeLLM
store = SessionStore()
session = ChatSession(FakeLLM("said"), Path("/project"), store)
list(session.ask("first"))
for text in ("one", "odd \\udcff"):
    session.settle(session.accept(text))
print("accepted", flush=True)
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""


def test_the_question_of_a_living_program_is_left_alone_and_that_of_a_dead_one_comes_back(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LEAVE],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "accepted\n"

    session, store = again()
    living = session.waiting
    store.close()
    process.communicate("\n", timeout=60)
    assert process.returncode == -signal.SIGKILL

    session, store = again()
    assert (living, [one.text for one in session.waiting]) == ([], ["one", "odd \udcff"])
    session.take_back(session.waiting, "one")
    store.close()
    session, store = again()
    assert (session.waiting, session.draft) == ([], "one")
    store.close()


def test_a_session_in_which_something_waits_is_found_and_named_by_it(store: SessionStore, path: Path) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    question = session.accept("Why is\nthat?")
    assert session.settle(question)
    assert [(one.title, one.turns, one.unsent) for one in store.sessions()] == [("", 0, "Why is that?")]
    store.close()

    later = SessionStore()
    [found] = later.sessions()
    assert (found.id, found.title, found.unsent) == (session.id, "", "Why is that?")
    session = ChatSession.resume(FakeLLM(), later, found.id)
    session.take_back(session.waiting, "")
    assert later.flush() and later.sessions() == []
    later.close()


def test_a_session_without_turns_is_found_again_by_its_folder(store: SessionStore) -> None:
    ours = ChatSession(FakeLLM(), ROOT, store)
    ours.draft = "typed"
    asked = ChatSession(FakeLLM("said"), ROOT, store)
    list(asked.ask("Why?"))
    assert store.flush() and store.without_turns(str(ROOT)) is None, "this program has it open"
    store.close()

    later = SessionStore()
    assert later.without_turns(str(ROOT)) == ours.id
    assert later.without_turns("/elsewhere") is None
    later.close()


def test_a_question_no_disk_takes_is_told_and_written_when_that_is_mended(
    store: SessionStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    assert store.sessions() == []
    real = waiting_rows.write_waiting

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(waiting_rows, "write_waiting", full)
    session = ChatSession(FakeLLM(), ROOT, store)
    question = session.accept("Why?")

    assert not session.settle(question)
    assert "full" in (session.problem or "")
    assert session.is_behind
    copy = rescue(session)
    assert copy is not None and "> Why?" in copy.read_text() and "Not sent yet" in copy.read_text()
    copy.unlink()

    monkeypatch.setattr(waiting_rows, "write_waiting", real)
    assert store.flush(10)
    assert waits(path) == ["Why?"] and not session.is_behind


def test_a_question_survives_the_deletion_of_the_file(store: SessionStore, path: Path) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    assert session.settle(session.accept("Why?"))
    path.unlink()
    assert session.settle(session.accept("And?"))
    assert store.flush()
    assert waits(path) == ["Why?", "And?"]


def test_what_became_a_turn_never_comes_back_as_waiting(store: SessionStore, path: Path) -> None:
    session_id = store.create("/project", "m")
    question = WaitingQuestion("Why?")
    store.begin_turn(session_id, SavedTurn("Why?", id=question.id))
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        values = (question.id, session_id, 1.0, "Why?", "")
        connection.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", values)

    session, later = again()
    assert session.waiting == [] and [turn.question for turn in session.turns] == ["Why?"]
    later.close()


def test_a_session_knows_which_model_answered_last(store: SessionStore) -> None:
    choice = ModelChoice("http://127.0.0.1:8000/v1", "org/model", "main", "bnb-4bit")
    session = ChatSession(FakeLLM("said"), ROOT, store)
    session.choice = choice
    session.settle(session.accept("Why?"))
    assert store.flush()
    waiting = store.load("last").choice
    list(session.ask("And?"))
    session.choice = ModelChoice(name="other")
    session.draft = "typed, and nobody asked"
    store.close()

    session, later = again()
    assert (waiting, session.saved_choice) == (choice, choice)
    later.close()


def test_a_turn_in_one_terminal_leaves_the_draft_of_another_alone(store: SessionStore, path: Path) -> None:
    session = ChatSession(FakeLLM("said"), ROOT, store)
    list(session.ask("Why?"))
    session.draft = "begun"
    assert store.flush()
    other, second = again()
    session.draft = "begun and longer"
    assert store.flush()

    list(other.ask("And?"))

    assert second.flush()
    assert on_disk(path, "SELECT draft FROM sessions") == [("begun and longer",)]
    other.draft = "mine"
    second.close()
    assert on_disk(path, "SELECT draft FROM sessions") == [("mine",)]


def test_where_a_question_of_a_dead_program_waits_is_known(store: SessionStore) -> None:
    session = ChatSession(FakeLLM("said"), ROOT, store)
    list(session.ask("Why?"))
    session.accept("And?")
    assert store.flush() and store.left_in(str(ROOT)) is None, "this program still has it"
    store.close()

    later = SessionStore()
    assert later.left_in(str(ROOT)) == "Why?"
    assert later.left_in("/elsewhere") is None and later.without_turns(str(ROOT)) is None
    assert [(one.turns, one.unsent) for one in later.sessions()] == [(1, "And?")]
    session = ChatSession.resume(FakeLLM(), later, "last")
    session.take_back(session.waiting, "And?")
    assert later.flush() and later.left_in(str(ROOT)) is None
    later.close()


@pytest.mark.parametrize(("minutes", "found"), [(0.5, []), (2, ["Why?"])])
def test_what_waits_in_a_container_that_is_gone_comes_back_after_a_minute(
    store: SessionStore, path: Path, minutes: float, found: list[str]
) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    session.accept("Why?")
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE waiting SET owner = 'container/boot/ns 1 1 abcd'")
        connection.execute("UPDATE sessions SET updated = ?", (time.time() - 60 * minutes,))

    session, later = again()
    assert [one.text for one in session.waiting] == found
    later.close()


def test_a_huge_draft_is_not_written_anew_all_the_time(
    store: SessionStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[float] = []
    monkeypatch.setattr(store._writer, "schedule", planned.append)
    session = ChatSession(FakeLLM(), ROOT, store)
    for size in (10, 400_000, 10_000_000):
        session.draft = "x" * size
    assert planned == [DRAFT_SECONDS, DRAFT_SECONDS, 10.0]
    store.flush()
    assert on_disk(path, "SELECT length(draft) FROM sessions") == [(10_000_000,)], "at the end in any case"
