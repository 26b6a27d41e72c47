"""Many questions at once: how many are on their way, and what the end of one means to the others."""

from __future__ import annotations

import threading
import time

import pytest

from docstra_tui.errors import ContextOverflow, EngineDied, GenerationFailed
from docstra_tui.llm.many import Many
from tests.fakes import FakeLLM


def until(condition) -> None:
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    assert condition()


def test_each_question_is_answered_once_and_says_that_it_is_one_of_many() -> None:
    llm = FakeLLM(*(f"answer {number}" for number in range(9)))
    found = {answered.index: answered for answered in Many(llm, [f"question {n}" for n in range(9)])}
    assert sorted(found) == list(range(9))
    assert sorted(answered.text for answered in found.values()) == [f"answer {n}" for n in range(9)]
    assert all(answered.is_whole for answered in found.values())
    assert all(call.batch for call in llm.calls)
    assert sorted(call.question for call in llm.calls) == [f"question {n}" for n in range(9)]


def test_only_so_many_are_on_their_way_and_the_next_is_asked_when_one_ends() -> None:
    llm, gate = FakeLLM(), threading.Semaphore(0)
    for _ in range(5):
        llm.enqueue("x", gate=gate)
    answers = iter(Many(llm, list("abcde"), in_flight=2))
    reader = threading.Thread(target=lambda: [None for _ in answers])
    reader.start()
    until(lambda: len(llm.calls) == 2)
    time.sleep(0.02)
    assert len(llm.calls) == 2
    gate.release(10)
    reader.join(5)
    assert not reader.is_alive() and len(llm.calls) == 5


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ContextOverflow(9, 8, 1), ContextOverflow), (RuntimeError("a bug"), GenerationFailed)],
)
def test_what_fails_ends_no_other_and_keeps_its_part(error: Exception, kind: type[Exception]) -> None:
    llm = FakeLLM()
    llm.enqueue("part", error)
    for _ in range(3):
        llm.enqueue("whole")
    found = list(Many(llm, list("abcd"), in_flight=1))
    assert [answered.text for answered in found] == ["part", "whole", "whole", "whole"]
    assert isinstance(found[0].error, kind)
    assert [answered.is_whole for answered in found] == [False, True, True, True]


def test_what_is_refused_at_once_has_no_answer_at_all() -> None:
    llm = FakeLLM()
    llm.enqueue(ContextOverflow(9, 8, 1))
    (found,) = Many(llm, ["a"])
    assert found.stream is None and found.text == "" and isinstance(found.error, ContextOverflow)


def test_cancelling_stops_what_runs_and_asks_nothing_more() -> None:
    llm = FakeLLM("first")
    never = threading.Semaphore(0)
    for _ in range(4):
        llm.enqueue("x", gate=never)
    many = Many(llm, list("abcde"), in_flight=2)
    found = []
    for answered in many:
        found.append(answered)
        if len(found) == 1:
            many.cancel()
    assert len(llm.calls) == len(found) == 2
    assert [answered.is_whole for answered in found] == [True, False]
    assert found[1].error is None


def test_who_leaves_early_cancels_the_rest() -> None:
    llm = FakeLLM("first")
    llm.enqueue("x", gate=threading.Semaphore(0))
    answers = iter(Many(llm, ["a", "b"]))
    next(answers)
    answers.close()
    until(lambda: not any(thread.name == "one of many" for thread in threading.enumerate()))


def test_after_an_error_for_all_the_caller_ends_it() -> None:
    llm = FakeLLM()
    llm.enqueue(EngineDied("It is gone."))
    many = Many(llm, list("abc"), in_flight=1)
    for answered in many:
        assert isinstance(answered.error, EngineDied)
        many.cancel()
    assert len(llm.calls) == 1
