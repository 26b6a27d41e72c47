"""What a trial finds out of a template: the thinking switch, the marks, and what becomes of what is said."""

from __future__ import annotations

from functools import cache

import pytest

from docstra_tui.llm.inference.template_behaviour import Behaviour
from docstra_tui.llm.inference.template_trial import Trial
from docstra_tui.llm.thinking.wish import Think
from tests.llm.inference import templates
from tests.tiny_models import CHATML, NO_SYSTEM_ROLE

VARIABLES = {"bos_token": "<s>", "eos_token": "</s>"}


@cache
def behaviour(template: str) -> Behaviour:
    return Trial(template, VARIABLES).result()


@pytest.mark.parametrize(
    ("template", "variable", "off", "on", "usual"),
    [
        (templates.SWITCHED, "enable_thinking", False, True, "on"),
        (templates.SWITCHED_ON, "thinking", False, True, "off"),
        (templates.EFFORT, "reasoning_effort", "no_think", "high", "off"),
        (templates.BUDGET, "thinking_budget", 0, -1, "on"),
    ],
)
def test_the_variable_that_switches_thinking_is_found_by_rendering_with_it(
    template: str, variable: str, off: object, on: object, usual: str
) -> None:
    switch = behaviour(template).think
    assert switch is not None
    assert (switch.variable, switch.usual) == (variable, usual)
    assert switch.settings("off") == {variable: off}
    assert switch.settings("on") == switch.settings(500) == {variable: on}
    assert switch.settings("auto") == {}


def test_a_word_switches_where_no_variable_does() -> None:
    switch = behaviour(templates.WORD).think
    assert switch is not None
    assert [switch.word(think) for think in ("auto", "off", "on")] == ["", "/no_think", "/think"]  # type: ignore[arg-type]
    assert not switch.settings("off") and not switch.variable


@pytest.mark.parametrize("template", [CHATML, templates.OPENS, templates.EFFORT_WRITTEN])
def test_a_template_without_a_switch_says_so(template: str) -> None:
    found = behaviour(template)
    assert found.think is None
    assert "no switch" in found.think_note
    assert found.settings("off") == {}


@pytest.mark.parametrize(
    ("template", "costs", "words"),
    [
        (templates.SWITCHED, "", ""),
        (templates.WORD, "", ""),
        (templates.SWITCHED_BEFORE_FILES, "files", "before the files: they are read again"),
        (templates.SWITCHED_IN_ANSWERS, "answers", "earlier answers are written: they are read again"),
    ],
)
def test_what_switching_costs_is_known(template: str, costs: str, words: str) -> None:
    found = behaviour(template)
    assert found.think is not None and found.think.costs == costs
    assert words in found.think_note and bool(found.think_note) == bool(words)


@pytest.mark.parametrize(
    ("template", "opens", "tails"),
    [
        (CHATML, "", {"auto": "<|im_end|>\n<|im_start|>assistant\n"}),
        (templates.OPENS, "<think>\n", {"auto": "<|im_end|>\n<|im_start|>assistant\n<think>\n"}),
        (
            templates.SWITCHED,
            "<think>\n",
            {
                "auto": "<|im_end|>\n<|im_start|>assistant\n<think>\n",
                "on": "<|im_end|>\n<|im_start|>assistant\n<think>\n",
                "off": "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
            },
        ),
    ],
)
def test_what_stands_behind_the_question_is_known(template: str, opens: str, tails: dict[str, str]) -> None:
    found = behaviour(template)
    assert (found.opens, found.tails) == (opens, tails)
    assert found.tail(300) == found.tail("on") == tails.get("on", tails["auto"])


@pytest.mark.parametrize(
    ("template", "wishes"),
    [(CHATML, ()), (templates.OPENS, ("auto",)), (templates.SWITCHED, ("auto", "off", "on"))],
)
def test_where_the_next_prompt_parts_from_this_one_is_known(template: str, wishes: tuple[Think, ...]) -> None:
    found = behaviour(template)
    header = len("<|im_end|>\n<|im_start|>assistant\n")
    assert found.parts_from == dict.fromkeys(wishes, header)
    assert [found.appends(wish) for wish in ("auto", 7)] == [not wishes, not wishes or "on" not in wishes]


@pytest.mark.parametrize(
    ("template", "role"),
    [
        (CHATML, "kept"),
        (NO_SYSTEM_ROLE, "refused"),
        (templates.SYSTEM_MOVES, "moved"),
        (templates.SYSTEM_IS_LEFT_OUT, "dropped"),
    ],
)
def test_what_becomes_of_the_system_text_is_known(template: str, role: str) -> None:
    found = behaviour(template)
    assert found.system == role and found.takes_system == (role == "kept")


@pytest.mark.parametrize(
    ("template", "triggers"),
    [
        (CHATML, {}),
        (templates.WORD, dict.fromkeys(("system", "user", "assistant"), ("/think", "/no_think"))),
        (templates.CUTS_THINKING, {"assistant": ("</think>",)}),
        (templates.CUTS_PAIRS, {"assistant": ("</think>",)}),
        (templates.CUTS_EARLIER, {"assistant": ("</think>",)}),
        (templates.CUTS_WHEN_ON, {"assistant": ("</think>",)}),
        (templates.CUTS_AND_WRITES, {"assistant": ("</think>",)}),
        (templates.REFUSES_MARKS, dict.fromkeys(("system", "user", "assistant"), ("<|channel|>",))),
    ],
)
def test_words_that_a_template_does_not_let_through_are_found(
    template: str, triggers: dict[str, tuple[str, ...]]
) -> None:
    assert behaviour(template).triggers == triggers


def test_what_cannot_be_mended_is_said() -> None:
    found = behaviour(templates.NO_BLANK_LINES)
    assert found.squeezes and "leaves out blank lines of" in found.note
    assert not behaviour(CHATML).squeezes


def test_the_rest_of_what_a_prompt_is_put_by() -> None:
    assert behaviour(templates.TRIMS).trims and not behaviour(CHATML).trims
    assert behaviour(templates.PARTS_ONLY).takes_parts and not behaviour(CHATML).takes_parts
    assert behaviour(templates.DATED).reads_clock and not behaviour(CHATML).reads_clock
    assert behaviour(templates.ALTERNATES).alternates and not behaviour(CHATML).alternates


def test_a_template_that_takes_too_long_over_the_details_is_used_without_them() -> None:
    slow = "{% for a in range(99999) %}{% for b in range(3000) %}{% endfor %}{% endfor %}"
    template = "{% if enable_thinking is defined %}" + slow + "{% endif %}" + templates.TRIMS
    found = behaviour(template)
    assert found.takes_system and found.think is None and not found.trims
    assert found.after_answer.startswith("<|im_end|>")
