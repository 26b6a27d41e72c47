"""What a program left behind that is gone: which session, what waits in it, who answered."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice
from tests.fakes import FakeLLM
from tests.session.stored import PROJECT, ROOT, again

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
