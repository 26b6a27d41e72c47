"""What a question would take, and what is looked at, is what is sent."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from docstra_tui.errors import ContextOverflow
from docstra_tui.session.chat import ChatSession
from tests.fakes import FakeLLM
from tests.session.talk import A


def test_the_prompt_that_is_looked_at_while_a_turn_runs_is_that_turns(
    llm: FakeLLM, session: ChatSession
) -> None:
    llm.enqueue("One.")
    list(session.ask("First?"))
    session.set_context([A])  # enters with the turn that runs, and has nobody's answer yet
    gate = threading.Semaphore(0)
    llm.enqueue("Two.", gate=gate)
    running = session.ask("Second?")
    gate.release()
    assert next(running) == "Two."
    shown = session.show_prompt("typed meanwhile")
    assert "a = 1" in shown.new_text and "Second?" in shown.new_text
    assert shown.why == ""  # and not that its file was removed
    running.cancel()
    list(running)


def test_while_a_turn_runs_the_budget_is_the_one_of_that_turn(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    llm.enqueue("one ", "two")
    before = session.count("why is it so?")
    running = session.ask("why is it so?")
    assert session.count() == before
    next(running)
    assert session.count() == session.count("something else") == before
    assert sum(tokens for _, tokens in session.weigh("")) == before.used
    assert before.used == llm.count_tokens(llm.calls[0].messages)
    list(running)
    assert session.count("").used != before.used


def test_a_question_that_was_refused_is_not_counted(session: ChatSession) -> None:
    empty = session.count()
    with pytest.raises(ContextOverflow):
        session.ask("x " * 9999)
    assert session.count() == empty


def test_the_budget_counts_what_would_be_sent(llm: FakeLLM, session: ChatSession) -> None:
    empty = session.count()
    session.set_context([A])
    with_file = session.count("two words")
    assert with_file.used > empty.used
    assert (with_file.limit, with_file.reserve, with_file.exact, with_file.fits) == (8192, 512, True, True)
    llm.enqueue("one")
    list(session.ask("two words"))
    assert session.count().used == llm.count_tokens(llm.calls[-1].messages) + 1
    tight = ChatSession(FakeLLM(window=100), Path("."), reserve=90)
    assert not tight.count("x " * 50).fits
    assert ChatSession(FakeLLM(window=None), Path(".")).count("x " * 9999).fits
    assert ChatSession(FakeLLM(window=10, exact=False), Path(".")).count("x " * 99).fits
