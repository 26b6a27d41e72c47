"""What is deleted can be taken back until the program ends, and is gone then."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.errors import StoreError
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.session.stored import PROJECT, on_disk, say


def questions(store: SessionStore, which: str = "last") -> list[str]:
    return [turn.question for turn in store.load(which).turns]


def three(store: SessionStore) -> tuple[str, list[SavedTurn]]:
    session_id = store.create("/p", "m")
    return session_id, [say(store, session_id, f"question {number}") for number in range(3)]


def test_a_deleted_turn_is_passed_over_and_taken_back(store: SessionStore) -> None:
    session_id, turns = three(store)
    store.mark_deleted(session_id, turns[1].id)
    other = SessionStore()
    for one in (store, other):
        assert questions(one) == ["question 0", "question 2"] and one.sessions()[0].turns == 2
    store.mark_deleted(session_id, turns[1].id, False)
    for one in (store, other):
        assert questions(one) == ["question 0", "question 1", "question 2"]
    store.close()
    assert questions(other) == ["question 0", "question 1", "question 2"]
    other.close()


def test_it_is_gone_when_the_store_is_closed_with_its_words(store: SessionStore, path: Path) -> None:
    session_id, turns = three(store)
    secret = SavedTurn("my-hidden-question", context=(ContextItem("my-hidden-file", "a.py"),))
    store.begin_turn(session_id, secret)
    after = say(store, session_id, "after")
    store.mark_deleted(session_id, secret.id)
    store.close()
    assert on_disk(path, "SELECT count(*) FROM contents") == [(0,)]
    assert on_disk(path, f"SELECT parent FROM turns WHERE id = {after.id}") == [(turns[2].id,)]
    for file in path.parent.iterdir():
        assert b"my-hidden" not in file.read_bytes()
    again = SessionStore()
    assert questions(again) == ["question 0", "question 1", "question 2", "after"]
    again.close()


def test_a_title_that_was_its_question_goes_with_it_whoever_writes_there_still(
    store: SessionStore, path: Path
) -> None:
    session_id = store.create("/p", "m")
    first = say(store, session_id, "my-hidden question")
    say(store, session_id, "what is left")
    named = say(store, given := store.create("/p", "m"), "another")
    say(store, given, "more")
    store.rename(given, "another")
    other = SessionStore()
    other.load(session_id)
    for one, turn in ((session_id, first), (given, named)):
        store.mark_deleted(one, turn.id)
    store.close()
    say(other, session_id, "from the other terminal")
    other.close()
    titles = {row[0] for row in on_disk(path, "SELECT title FROM sessions")}
    assert titles == {"what is left", "another"}, "a name that somebody gave stays"
    assert b"my-hidden" not in path.read_bytes()


def test_the_last_turn_may_go_and_a_session_without_turns_goes_with_it(
    store: SessionStore, path: Path
) -> None:
    session_id, turns = three(store)
    store.mark_deleted(session_id, turns[2].id)
    assert questions(store) == ["question 0", "question 1"]
    for turn in turns:
        store.mark_deleted(session_id, turn.id)
    assert store.sessions() == []
    store.close()
    assert on_disk(path, "SELECT count(*) FROM sessions") == [(0,)]


def test_a_deleted_session_is_in_no_list_and_comes_back(store: SessionStore, path: Path) -> None:
    session_id, _ = three(store)
    store.mark_deleted(session_id)
    assert store.sessions() == []
    with pytest.raises(StoreError, match="no saved session"):
        store.load(session_id)  # what is asked in it would be gone with it
    store.save_draft(session_id, "typed meanwhile")
    assert store.flush() and store.sessions() == []
    store.mark_deleted(session_id, is_deleted=False)
    assert [one.id for one in store.sessions()] == [session_id]
    store.mark_deleted(session_id)
    store.close()
    assert on_disk(path, "SELECT count(*), (SELECT count(*) FROM turns) FROM sessions") == [(0, 0)]


KILLED = """
import os, sys
from docstra_tui.session.store.sessions import SessionStore
store = SessionStore()
session = store.load("last")
store.mark_deleted(session.id, session.turns[1].id)
assert store.flush()
print("deleted", flush=True)
if sys.argv[1] == "waits":
    sys.stdin.read()
os.kill(os.getpid(), 9)
"""


def test_a_killed_program_deleted_it_and_a_living_one_may_take_it_back(
    store: SessionStore, path: Path
) -> None:
    three(store)
    store.close()
    command = [sys.executable, "-c", KILLED, "waits"]
    living = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert living.stdout is not None and living.stdin is not None
    assert living.stdout.readline() == "deleted\n"

    one = SessionStore()
    assert questions(one) == ["question 0", "question 2"]
    assert on_disk(path, "SELECT count(*) FROM turns") == [(3,)]
    one.close()
    living.stdin.close()
    assert living.wait(20) == -signal.SIGKILL
    living.stdout.close()

    other = SessionStore()
    assert questions(other) == ["question 0", "question 2"]
    assert on_disk(path, "SELECT count(*) FROM turns") == [(2,)]
    other.close()


def test_what_no_program_wrote_as_a_mark_deletes_nothing(store: SessionStore, path: Path) -> None:
    three(store)
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE turns SET deleted = 'x'")
    again = SessionStore()
    assert len(questions(again)) == 3
    again.close()
