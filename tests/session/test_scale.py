"""A file's weight is what adding it adds to the rendered prompt, and says when it is an estimate."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Turn
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.scale import Scale
from tests.fakes import FakeLLM

ITEM = ContextItem("one two three\n", "a.py", "python")


def prompt_tokens(llm: FakeLLM, *items: ContextItem) -> int:
    asked = llm.prompt_builder.conversation("answer_question", items, (), question="Why?")
    return llm.count_tokens(asked.messages)


def test_a_file_weighs_what_it_adds() -> None:
    llm = FakeLLM()
    other = ContextItem("four five\n", "b.py", "python")
    scale = Scale(llm)
    assert scale.item(ITEM) == prompt_tokens(llm, ITEM) - prompt_tokens(llm)
    assert scale.item(other) == prompt_tokens(llm, ITEM, other) - prompt_tokens(llm, ITEM)
    assert scale.is_exact


def test_what_many_files_weigh_is_what_they_add_together() -> None:
    llm = FakeLLM()
    scale = Scale(llm)
    items = [ContextItem(f"x = {number}\n", f"{number}.py", "python") for number in range(50)]
    together = prompt_tokens(llm, *items) - prompt_tokens(llm)
    assert sum(scale.item(item) for item in items) == together


def test_replacing_a_file_makes_the_model_read_all_that_is_behind_it(tmp_path: Path) -> None:
    llm = FakeLLM("so " * 50)
    session = ChatSession(llm, tmp_path)
    other = ContextItem("four five\n", "b.py", "python")
    session.set_context([ITEM, other])
    list(session.ask("why is it so?"))
    newer = ContextItem("one two\n", "a.py", "python")
    scale = session.scale
    [turn] = session.turns

    spoken = scale.turn(Turn(turn.answer, turn.task, turn.fields))
    assert spoken > 50
    assert session.read_again(ITEM, newer) == scale.item(newer) + scale.item(other) + spoken
    assert session.read_again(other, other) == scale.item(other) + spoken


def test_an_estimate_says_that_it_is_one() -> None:
    scale = Scale(FakeLLM(exact=False))
    scale.item(ITEM)
    assert not scale.is_exact


def test_estimates_are_forgotten_once_the_model_can_count(tmp_path: Path) -> None:
    llm = FakeLLM(exact=False)
    session = ChatSession(llm, tmp_path)
    guessing = session.scale
    guessing.item(ITEM)
    assert session.scale is guessing

    llm.exact = True

    assert not guessing.is_exact
    session.scale.item(ITEM)
    assert session.scale is not guessing and session.scale.is_exact


def test_a_session_takes_over_what_another_weighed(tmp_path: Path) -> None:
    llm = FakeLLM()
    first, second = ChatSession(llm, tmp_path), ChatSession(llm, tmp_path)
    first.scale.item(ITEM)

    second.scale = first.scale

    assert second.scale.item.knows(ITEM)
    second.llm = FakeLLM()
    assert not second.scale.item.knows(ITEM)
