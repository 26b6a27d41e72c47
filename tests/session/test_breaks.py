"""The first place where the next prompt departs from the last one has its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Turn
from docstra_tui.session.breaks import Shot, first_break, shot_of, why_new

A = ContextItem("a = 1\n", "a.py")
B = ContextItem("b = 1\n", "b.py")
C = ContextItem("c = 1\n", "c.py")


def shot(history: list[Turn], waiting: tuple[ContextItem, ...] = (), question: str = "next?") -> Shot:
    return shot_of("Be kind.", history, waiting, ("answer_question", {"question": question}), model="m")


SENT = shot([], (A, B), "first?")


def later(*items: ContextItem, answer: str = "yes", waiting: tuple[ContextItem, ...] = ()) -> Shot:
    return shot([Turn.of("first?", answer, items)], waiting)


@pytest.mark.parametrize(
    ("following", "reason"),
    [
        (later(A, B), ""),
        (later(A, B, waiting=(C,)), ""),
        (later(replace(A, content="a = 2\n", sha256=""), B), "a.py was edited"),
        (later(B), "a.py was removed"),
        (later(B, A), "the order changed: a.py stands further back"),
        (later(C, A, B), "c.py stands in front of a.py now"),
        (
            later(A, replace(B, content="def b", sha256="", detail="outline")),
            "b.py is sent as outline now",
        ),
        (
            later(A, ContextItem("b", "b.py", start_line=1, end_line=1)),
            "b.py is sent as lines 1-1 now",
        ),
        (shot([], (A, B), "another?"), "turn 1 came to nothing and is not sent again"),
        (replace(later(A, B), model="n"), "another model answers: n, before it was m"),
        (replace(later(A, B), start=1), "the engine was started again"),
    ],
)
def test_the_first_difference_has_its_reason(following: Shot, reason: str) -> None:
    assert first_break(SENT, following) == reason


def test_a_turn_that_is_left_out_is_named() -> None:
    one, two = Turn.of("one?", "1"), Turn.of("two?", "2")
    assert first_break(shot([one, two]), shot([two])) == "turn 1 is left out or summarised"


def test_nothing_sent_yet_is_no_break() -> None:
    assert first_break(None, SENT) == ""
    assert why_new(None, SENT, cached=0, reusable=None) == "nothing was sent or read ahead yet"
    assert why_new(None, SENT, cached=40, reusable=None) == ""
    assert why_new(None, SENT, cached=None, reusable=None) == ""  # nobody tells: nothing is claimed


def test_a_session_from_before_was_sent_although_nobody_here_saw_it() -> None:
    opened = later(A, B)
    assert why_new(None, opened, cached=0, reusable=None).startswith("nothing of this session is held")
    assert why_new(None, opened, cached=None, reusable=None) == ""


def test_the_cache_may_be_gone_although_nothing_changed() -> None:
    assert why_new(SENT, later(A, B), cached=990, reusable=1000) == ""
    assert "let it go" in why_new(SENT, later(A, B), cached=100, reusable=1000)
    thought = later(A, B, answer="<think>hm</think>yes")
    assert "thinking" in why_new(SENT, thought, cached=100, reusable=1000)
    thought = shot_of("Be kind.", [Turn.of("first?", "yes", (A, B))], (), ("ask", {}), model="m", thought={1})
    assert (
        why_new(SENT, thought, cached=100, reusable=1000)
        == "the thinking of earlier answers is not sent again"
    )
    assert why_new(SENT, thought, cached=990, reusable=1000) == ""


def test_switching_thinking_costs_what_its_template_puts_behind_it() -> None:
    switched = replace(later(A, B), think="off")
    assert why_new(SENT, switched, cached=990, reusable=1000) == ""
    reason = why_new(SENT, switched, cached=100, reusable=1000)
    assert reason == "thinking was switched to off, which the model's template puts before the files"
