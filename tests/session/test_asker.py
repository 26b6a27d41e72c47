"""A question becomes a turn, and every turn has one end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui.errors import AnswerFailed, DocstraError, EngineDied, GenerationFailed, NoAnswer
from docstra_tui.llm.answer import Finished, FinishReason, Reframed, Thought, Usage
from docstra_tui.llm.measure import Measure
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.running import RunningTurn
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import plain_question
from tests.fakes import FakeLLM
from tests.session.stored import until
from tests.session.talk import A


def test_a_question_is_answered_and_kept(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("Hello ", "world", usage=Usage(10, 2, 4))
    session.set_context([A])
    running = session.ask("What is it?")
    assert running.turn.status == "streaming"
    assert list(running) == ["Hello ", "world"]
    turn = session.turns[0]
    assert (turn.question, turn.answer, turn.status) == ("What is it?", "Hello world", "done")
    assert (turn.finish_reason, turn.usage, turn.error) == ("stop", Usage(10, 2, 4), None)
    assert turn.ttft_s is not None and turn.tokens_per_s is not None
    assert turn.context == (A,) and turn.files == (A,)
    assert session.title == "What is it?"
    assert list(running) == []


def test_a_part_answer_is_kept_whatever_ended_it(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("half an ", EngineDied("The engine died.", "Restart it."))
    running = session.ask("first")
    assert list(running) == ["half an "]
    assert (running.turn.status, running.turn.answer) == ("failed", "half an ")
    assert isinstance(running.turn.error, EngineDied)
    llm.enqueue("fine")
    list(session.ask("second"))
    assert [message["content"] for message in llm.calls[-1].messages][2] == "half an "


def test_an_answer_without_text_is_a_failed_turn_that_says_so(llm: FakeLLM, own_places: Path) -> None:
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue(" ", usage=Usage(7, 1))
    assert list(session.ask("What is it?")) == [" "]
    turn = session.turns[0]
    assert (turn.status, turn.finish_reason, turn.usage) == ("failed", "stop", Usage(7, 1))
    assert isinstance(turn.error, NoAnswer) and not turn.has_answer
    store.close()

    kept = SessionStore()
    again = ChatSession.resume(llm, kept, session.id or "").turns[0]
    assert (again.status, again.error and again.error.message) == ("failed", turn.error.message)
    kept.close()


def test_what_a_model_thinks_is_kept_apart_and_never_sent_again(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue(Thought("Let me "), Thought("see."), "Twice.", usage=Usage(10, 5, 4, 3))
    running = session.ask("How often?")
    assert list(running) == ["Twice."]
    turn = session.turns[0]
    assert (turn.thinking, turn.answer, turn.status) == ("Let me see.", "Twice.", "done")
    assert turn.thinking_s is not None and turn.usage.thinking_tokens == 3
    llm.enqueue("Then no more.")
    list(session.ask("And then?"))
    assert "see." not in str(llm.calls[-1].messages) and "Twice." in str(llm.calls[-1].messages)
    assert session.turns[1].thinking == "" and session.turns[1].thinking_s is None


def test_one_question_may_be_thought_about_more_than_the_others(llm: FakeLLM, session: ChatSession) -> None:
    for _ in range(3):
        llm.enqueue("Twice.")
    before = session.ahead_mark
    llm.think = "off"
    assert session.ahead_mark != before  # what is read ahead may be another text now
    list(session.ask("How often?"))
    list(session.run(replace(plain_question("Are you sure?"), think=500)))
    list(session.ask("And then?"))
    assert [call.think for call in llm.calls] == [None, 500, None]


def test_a_model_says_why_switching_its_thinking_made_it_read_again(
    llm: FakeLLM, session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm.enqueue(Thought("Hm"), "Twice.", usage=Usage(1000, 5, 4))
    list(session.ask("How often?"))
    monkeypatch.setattr(llm, "measure", lambda prompt: Measure(1100, 10))
    assert session.show_prompt("And then?").why == "the thinking of earlier answers is not sent again"
    llm.think = "off"
    assert "switched to off" in session.show_prompt("And then?").why


def test_a_saved_thought_is_never_sent_again(llm: FakeLLM, own_places: Path) -> None:
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue(Thought("Let me see."), "Twice.", usage=Usage(10, 5, 4, 3))
    list(session.ask("How often?"))
    assert "see." not in str(session.show_prompt("And then?")) + str(session._dialogue.told_now())
    store.close()

    kept = SessionStore()
    again = ChatSession.resume(llm, kept, session.id or "")
    kept.close()
    assert again.turns == session.turns and again.turns[0].thinking == "Let me see."
    list(again.ask("And then?"))
    assert "see." not in str(llm.calls[-1].messages) and "Twice." in str(llm.calls[-1].messages)


def test_what_came_as_the_answer_may_have_been_thought(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("The loop ", "ends.", Reframed(), "Twice.")
    assert list(session.ask("How often?")) == ["The loop ", "ends.", "Twice."]
    assert (session.turns[0].thinking, session.turns[0].answer) == ("The loop ends.", "Twice.")


def test_a_model_that_only_thought_gave_no_answer(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue(Thought("So much to "), Thought("weigh"), reason="length")
    assert list(session.ask("How often?")) == []
    turn = session.turns[0]
    assert (turn.status, turn.thinking, turn.finish_reason) == ("failed", "So much to weigh", "length")
    assert isinstance(turn.error, NoAnswer) and "budget for thinking" in turn.error.message
    assert not turn.has_answer


@pytest.mark.parametrize("reason", ["filtered", "failed", "length"])
def test_why_an_answer_ended_is_kept_as_it_was(reason: FinishReason, llm: FakeLLM, own_places: Path) -> None:
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    broke = AnswerFailed("It stopped.") if reason != "length" else None
    llm.enqueue("half", Finished(reason, problem=broke))
    list(session.ask("Why?"))
    store.close()
    kept = SessionStore()
    [turn] = ChatSession.resume(llm, kept, session.id or "").turns
    kept.close()
    status = "done" if broke is None else "failed"
    assert (turn.answer, turn.finish_reason, turn.status) == ("half", reason, status)
    assert turn.error is None if broke is None else str(turn.error) == "It stopped."


def test_a_foreign_error_becomes_one_of_ours(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("x", ZeroDivisionError("oops"))
    running = session.ask("first")
    list(running)
    assert isinstance(running.turn.error, GenerationFailed)
    assert "oops" in str(running.turn.error)


def test_stopping_keeps_the_part_and_ends_once(llm: FakeLLM, session: ChatSession) -> None:
    gate = threading.Semaphore(0)
    llm.enqueue("one ", "two ", "three", gate=gate)
    running = session.ask("first")
    pieces: list[str] = []
    reader = threading.Thread(target=lambda: pieces.extend(running))
    reader.start()
    gate.release()
    until(lambda: running.turn.answer == "one ")
    running.cancel()
    reader.join(5)
    assert pieces == ["one "]
    assert (running.turn.status, running.turn.finish_reason) == ("cancelled", "cancelled")
    running.cancel()
    assert running.turn.status == "cancelled"


def test_a_turn_cancelled_before_it_began_asks_nobody(llm: FakeLLM, session: ChatSession) -> None:
    running = session.ask("first")
    running.cancel()
    assert running.ended and list(running) == [] and llm.calls == []
    llm.enqueue("fine")
    assert list(session.ask("second")) == ["fine"]


def test_ctrl_c_in_the_reading_thread_stops_the_answer(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("one ", KeyboardInterrupt())
    running = session.ask("first")
    with pytest.raises(KeyboardInterrupt):
        list(running)
    assert (running.turn.status, running.turn.answer) == ("cancelled", "one ")


def test_a_panic_of_a_library_is_an_end_too(llm: FakeLLM, session: ChatSession) -> None:
    """What is written in Rust raises what is no `Exception`."""

    class PanicException(BaseException):
        pass

    llm.enqueue("one ", PanicException())
    running = session.ask("first")
    with pytest.raises(PanicException):
        list(running)
    assert (running.turn.status, running.turn.answer) == ("cancelled", "one ")
    llm.enqueue("two")
    assert list(session.ask("second")) == ["two"]


def test_one_answer_at_a_time(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("one")
    running = session.ask("first")
    with pytest.raises(DocstraError, match="still being written"):
        session.ask("second")
    list(running)
    llm.enqueue("two")
    assert list(session.ask("second")) == ["two"]


def test_an_answer_that_nobody_stopped_was_cut_off(llm: FakeLLM, session: ChatSession) -> None:
    """As where the program leaves: what it was asked of is closed."""
    stops: dict[str, Callable[[RunningTurn], None]] = {
        "cancelled": lambda turn: turn.cancel(),
        "interrupted": lambda turn: turn.cancel("interrupted"),
        "closed": lambda turn: turn._stream.cancel(),  # type: ignore[union-attr]
    }
    for name, stop in stops.items():
        llm.enqueue("one ", "two ", "three")
        running = session.ask("Why?")
        assert next(running) == "one "
        stop(running)
        assert list(running) == []
        assert running.turn.status == ("interrupted" if name == "closed" else name)
    llm.enqueue("one ", SystemExit(129))
    running = session.ask("Why?")
    with pytest.raises(SystemExit):
        list(running)
    assert running.turn.status == "interrupted"
