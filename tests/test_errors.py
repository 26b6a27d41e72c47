"""Errors keep their class, words and figures across the engine's socket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docstra_tui import errors
from docstra_tui.error_forms import from_wire, to_wire
from docstra_tui.errors import ContextOverflow, DocstraError, MemoryOverflow
from docstra_tui.llm.messages import as_messages


def every_error() -> list[type[DocstraError]]:
    """Those that cross the socket as themselves; one made elsewhere arrives as what it is made from."""
    found, todo = [], [DocstraError]
    while todo:
        cls = todo.pop()
        if cls.__module__ == errors.__name__:
            found.append(cls)
        todo.extend(cls.__subclasses__())
    return found


def test_kinds_are_unique_and_exit_codes_are_those_of_the_command_line() -> None:
    kinds = [cls.kind for cls in every_error()]
    assert len(set(kinds)) == len(kinds)
    assert {cls.exit_code for cls in every_error()} == {1, 2, 3, 4, 130}


@pytest.mark.parametrize("cls", [cls for cls in every_error() if not issubclass(cls, ContextOverflow)])
def test_an_error_comes_out_of_the_wire_as_it_went_in(cls: type[DocstraError]) -> None:
    back = from_wire(json.loads(json.dumps(to_wire(cls("It broke.", "Mend it.")))))
    assert type(back) is cls
    assert (back.message, back.hint) == ("It broke.", "Mend it.")


def test_an_overflow_keeps_its_figures() -> None:
    back = from_wire(json.loads(json.dumps(to_wire(ContextOverflow(9000, 8192, 512)))))
    assert isinstance(back, ContextOverflow)
    assert (back.prompt_tokens, back.limit, back.reserve) == (9000, 8192, 512)
    assert "9,000" in back.message and "1,320" in back.hint
    assert back.exit_code == 4


def test_what_memory_does_not_hold_keeps_its_figures_and_names_the_ways_out() -> None:
    said = MemoryOverflow(9000, 6000, 512, compact=11_000, on_gpu=True)
    back = from_wire(json.loads(json.dumps(to_wire(said))))
    assert isinstance(back, MemoryOverflow) and vars(back) == vars(said) and back.exit_code == 4
    assert "holds 6,000" in back.message and "3,512" in back.hint
    assert "8 bits" in back.hint and "--device cpu" in back.hint
    hint = MemoryOverflow(9000, 6000, 512, compact=9000).hint
    assert "8 bits" not in hint and "cpu" not in hint and "smaller model" in hint


def test_an_overflow_says_what_to_do_whether_or_not_there_are_files() -> None:
    assert ContextOverflow(9000, 8192, 512).hint.startswith("Shorten it by 1,320 tokens")


@pytest.mark.parametrize("prompt", [None, 3, [None], ["text"]])
def test_a_prompt_of_the_wrong_kind_is_a_sentence(prompt: Any) -> None:
    with pytest.raises(TypeError, match=r"^A (prompt|chat message) .*\.$"):
        as_messages(prompt)


def test_an_overflow_without_figures_is_still_an_error() -> None:
    back = from_wire({"kind": "context_overflow", "message": "Too long.", "details": {"limit": "?"}})
    assert str(back) == "Too long."


def test_a_strangers_exception_becomes_one_short_line() -> None:
    wire = to_wire(ValueError("first line\nsecond line with the prompt"))
    assert wire["message"] == "ValueError: first line"
    assert isinstance(from_wire(wire), errors.GenerationFailed)
    assert to_wire(KeyError())["message"] == "KeyError"


@pytest.mark.parametrize("wire", [{}, {"kind": "made up"}, {"kind": None, "details": []}])
def test_a_wire_that_makes_no_sense_is_still_an_error_with_words(wire: dict) -> None:
    back = from_wire(wire)
    assert type(back) is DocstraError
    assert back.message
