"""What was said is on the disk as it was said, from before its answer begins."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from docstra_tui.errors import EngineDied, StoreError
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store import sessions
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import Placed, SavedTurn
from tests.session.stored import on_disk, say, until


def test_everything_comes_back_as_it_was(store: SessionStore) -> None:
    odd = ContextItem("text \ud800 \0 end", os.fsdecode(b"bad\xff.py"), "python", 3, 9)
    plain = ContextItem("b", "b.py")
    nameless = ContextItem("c")
    session_id = store.create(os.fsdecode(b"/pro\xffject"), "model")
    first = SavedTurn("Why\udcff?", fields={"question": "Why\udcff?"}, context=(odd, plain), model="m1")
    store.begin_turn(session_id, first)
    first.answer, first.status, first.finish_reason = "Because \ud83d", "done", "stop"
    first.usage, first.ttft_s, first.tokens_per_s = Usage(10, 20, 5, 7), 0.25, 41.5
    first.thinking, first.thinking_s = "Hm \udc80", 1.25
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


def test_a_growing_answer_is_saved_even_when_it_pauses(
    store: SessionStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = SavedTurn("first")
    store.begin_turn(store.create("/p", "m"), turn)
    store.add_piece(turn.id, "a few words")
    started = time.monotonic()
    until(lambda: on_disk(path)[0][1] == "a few words", 5)
    assert time.monotonic() - started < 2.5
    monkeypatch.setattr(sessions, "PART_SECONDS", 60.0)
    store.add_piece(turn.id, "x" * 250)  # so much is not waited for
    until(lambda: on_disk(path)[0][1] == "a few words" + "x" * 250, 5)


THINKING = "SELECT thinking, thinking_s, answer FROM turns"


def test_growing_thinking_is_saved_as_an_answer_is(store: SessionStore, path: Path) -> None:
    turn = SavedTurn("first")
    store.begin_turn(store.create("/p", "m"), turn)
    store.add_thought(turn.id, "Hm, ", 0.0)
    store.add_thought(turn.id, "yes", 1.5)
    started = time.monotonic()
    until(lambda: on_disk(path, THINKING) == [("Hm, yes", 1.5, "")], 5)
    assert time.monotonic() - started < 2.5
    store.add_piece(turn.id, "It is")
    assert store.flush() and on_disk(path, THINKING) == [("Hm, yes", 1.5, "It is")]


def test_an_answer_that_turns_out_to_be_thinking_is_moved(store: SessionStore, path: Path) -> None:
    turn = SavedTurn("first")
    store.begin_turn(store.create("/p", "m"), turn)
    store.add_piece(turn.id, "The loop ")
    assert store.flush()
    store.add_piece(turn.id, "ends.")
    store.reframe(turn.id)
    store.add_piece(turn.id, "Twice.")
    assert store.flush() and on_disk(path, THINKING) == [("The loop ends.", None, "Twice.")]
    store.reframe(SavedTurn("unknown").id)
    store.close()
    [found] = SessionStore().load("last").turns
    assert (found.thinking, found.answer, found.status) == ("The loop ends.", "Twice.", "interrupted")


def test_the_same_file_is_kept_once(store: SessionStore, path: Path) -> None:
    item = ContextItem("x" * 1000, "a.py")
    session_id = store.create("/p", "m")
    for number in range(5):
        store.begin_turn(session_id, SavedTurn(str(number), context=(item,)))
    assert on_disk(path, "SELECT count(*) FROM contents") == [(1,)]
    assert on_disk(path, "SELECT count(*) FROM items") == [(5,)]


def test_a_session_in_which_nothing_was_said_is_not_kept(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    assert store.flush() and store.sessions() == []
    store.save_draft(session_id, "typed")
    assert store.flush() and [one.id for one in store.sessions()] == [session_id]
    assert store.load("last").draft == "typed"
    store.save_draft(session_id, "")
    assert store.flush() and store.sessions() == []


def test_a_draft_that_was_taken_back_leaves_no_session(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    store.save_draft(session_id, "typed")
    assert store.flush() and [one.id for one in store.sessions()] == [session_id]
    store.save_draft(session_id, "")
    assert store.flush() and store.sessions() == []
    assert on_disk(path, "SELECT count(*) FROM sessions") == [(0,)]
    say(store, session_id, "after all")
    assert store.flush() and [one.turns for one in store.sessions()] == [1]


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
