"""A question is on the disk from when it is accepted until its turn has begun: never lost, never twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.rescue import rescue
from docstra_tui.session.store import waiting_rows
from docstra_tui.session.store import writer as writing
from docstra_tui.session.store.sessions import DRAFT_SECONDS, SessionStore
from docstra_tui.session.turn_request import plain_question
from docstra_tui.session.turns import SavedTurn, WaitingQuestion
from tests.fakes import FakeLLM
from tests.session.stored import ROOT, again, on_disk, waits


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
    running = session.run(replace(plain_question("Why?"), question=question))
    assert session.settle(question) and waits(path) == ["Why?"]

    next(running)

    assert waits(path) == []
    assert on_disk(path, "SELECT id, question FROM turns") == [(question.id, "Why?")]
    assert session.waiting == []


def test_what_was_stopped_before_it_was_sent_is_a_turn_and_waits_no_more(
    store: SessionStore, path: Path
) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)

    session.run(replace(plain_question("Why?"), question=session.accept("Why?"))).cancel()

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


def test_the_order_in_which_they_wait_survives_the_program(store: SessionStore, path: Path) -> None:
    session = ChatSession(FakeLLM(), ROOT, store)
    one, two, three = (session.accept(text) for text in ("One?", "Two?", "Three?"))
    session.reorder([three.id, one.id, two.id])
    assert store.flush()
    assert waits(path) == ["Three?", "One?", "Two?"]
    session.take_back([one], "One?")
    session.reorder([two.id, one.id, three.id])
    assert [one.text for one in session.waiting] == ["Two?", "Three?"]
    assert store.flush()
    assert waits(path) == ["Two?", "Three?"]
