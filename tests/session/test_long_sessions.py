"""A session of any length takes a bounded part of memory: what no window could hold stays in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from tests.fakes import FakeLLM

A = ContextItem("a = 1\n" * 40, "a.py", "python")
B = ContextItem("b = 2\n", "b.py", "python")


def spoken(turns: int) -> list[str]:
    """A saved session with so many turns over one file; a second file comes at the end."""
    store = SessionStore()
    llm = FakeLLM()
    session = ChatSession(llm, Path("/project"), store)
    session.set_context([A])
    for number in range(turns):
        if number == turns - 1:
            session.set_context([A, B])
        llm.enqueue(f"answer {number}")
        list(session.ask(f"question {number}"))
    store.close()
    return [turn.question for turn in session.turns]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """About three turns are held."""
    monkeypatch.setattr("docstra_tui.session.chat.HELD", 60)
    monkeypatch.setattr("docstra_tui.session.record.OLDER", 4)


def resumed(llm: FakeLLM | None = None) -> tuple[ChatSession, SessionStore]:
    store = SessionStore()
    return ChatSession.resume(llm or FakeLLM(), store, "last"), store


def test_only_the_latest_turns_of_a_long_session_are_held(small: None) -> None:
    questions = spoken(10)
    session, store = resumed()
    held = [turn.question for turn in session.turns]
    assert held == questions[-len(held) :] and 3 <= len(held) < 10
    assert session.skipped == 10 - len(held)
    assert session.title == "question 0"
    store.close()


def test_older_turns_are_read_back_in_their_order_until_there_are_no_more(small: None) -> None:
    questions = spoken(10)
    session, store = resumed()
    known = list(session.turns)
    while older := session.older(known[0]):
        assert len(older) <= 4
        known = [*older, *known]
    assert [turn.question for turn in known] == questions
    assert known[0].answer == "answer 0" and known[0].files == (A,)
    assert known[-1].files == (A, B)
    store.close()


def test_what_is_not_held_is_not_sent_and_the_answer_says_so(small: None) -> None:
    spoken(10)
    llm = FakeLLM("fine")
    session, store = resumed(llm)
    list(session.ask("and now?"))
    sent = "".join(message["content"] for message in llm.calls[-1].messages)
    assert "answer 9" in sent and "answer 0" not in sent
    assert sent.count(A.content) == 1 and sent.count(B.content) == 1
    assert sent.index(A.content) < sent.index("answer 9")
    assert session.turns[-1].left_out == (f"turns 1-{session.skipped}",)
    store.close()


def test_turns_keep_their_numbers(small: None) -> None:
    spoken(10)
    session, store = resumed()
    plan = session.fitting.plan(TurnRequest("answer_question", "why?", {"question": "why?"}))
    assert [row.number for row in plan.turns] == list(range(session.skipped + 1, 11))
    assert plan.turns[-1].question == "question 9"
    store.close()


def test_a_long_session_goes_on_and_is_whole_on_the_disk(small: None) -> None:
    questions = spoken(10)
    session, store = resumed(FakeLLM("fine"))
    list(session.ask("eleventh"))
    whole = store.load("last")
    store.close()
    assert [turn.question for turn in whole.turns][-1] == "eleventh"

    again = SessionStore()
    assert [turn.question for turn in again.load("last").turns] == [*questions, "eleventh"]
    again.close()


def test_a_file_that_every_turn_had_is_in_memory_once() -> None:
    spoken(6)
    session, store = resumed()
    files = {id(item) for turn in session.turns for item in turn.files}
    texts = {id(item.content) for turn in session.turns for item in turn.files}
    assert len(files) <= 3 and len(texts) == 2
    store.close()
