"""What was asked in all sessions."""

from __future__ import annotations

import time

from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.session.stored import say


def test_every_text_is_there_once_the_newest_first(store: SessionStore) -> None:
    one, other = store.create("/p", "m"), store.create("/q", "m")
    say(store, one, "Why?")
    say(store, other, "How?")
    say(store, one, "Why?")
    found = store.asked()
    assert [(asked.text, asked.root) for asked in found] == [("Why?", "/p"), ("How?", "/q")]
    assert [asked.text for asked in store.asked("/q")] == ["How?"] and store.asked("/r") == []
    assert [asked.text for asked in store.asked(most=1)] == ["Why?"]
    assert time.time() - 60 < found[1].at <= found[0].at


def test_what_acts_is_made_visible_as_in_a_paste(store: SessionStore) -> None:
    say(store, store.create("/p", "m"), "Why\x1b]52;c;eA==\x07\u202e \U000e0041?\n\tindeed")
    assert [asked.text for asked in store.asked()] == ["Why␛]52;c;eA==␇⟨U+202E⟩ ⟨U+E0041⟩?\n\tindeed"]


def test_what_was_deleted_was_not_asked(store: SessionStore) -> None:
    session_id = store.create("/p", "m")
    turns = [say(store, session_id, text) for text in ("Why?", "How?")]
    store.mark_deleted(session_id, turns[1].id)
    assert [asked.text for asked in store.asked()] == ["Why?"]
    store.mark_deleted(session_id, None)
    assert store.asked() == []


def test_a_question_to_each_part_is_what_was_written(store: SessionStore) -> None:
    session_id = store.create("/p", "m")
    for task, shown in ((PART, "Where?\n\n(part 2 of 2: b.py)"), (JOIN, "Where?\n\n(from 2 parts)")):
        store.begin_turn(session_id, SavedTurn(shown, task=task))
    assert [asked.text for asked in store.asked()] == ["/each Where?"]


def test_thousands_are_there_at_once(store: SessionStore) -> None:
    session_id = store.create("/p", "m")
    for number in range(3_000):
        store.keep_turn(session_id, SavedTurn(f"question {number}", answer="words " * 200))
    assert store.flush(20)
    began = time.process_time()
    assert len(store.asked()) == 3_000
    assert time.process_time() - began < 1.0
