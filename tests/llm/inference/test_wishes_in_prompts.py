"""A wish for thinking, as the model's template puts it into the prompt."""

from __future__ import annotations

from typing import Any

import pytest

from docstra_tui.llm.inference.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.thinking.wish import Think
from tests.tiny_models import CHATML, tiny_tokenizer

SWITCHED = CHATML + (
    "{% if add_generation_prompt and enable_thinking is defined and not enable_thinking %}"
    "{{ '(no thinking)' }}{% endif %}"
)
EFFORT = "{{ '[' + (reasoning_effort or 'medium') + ']' }}" + CHATML
BOTH = EFFORT + (
    "{% if add_generation_prompt %}{{ '(thinks)' if enable_thinking is defined and enable_thinking else '' }}"
    "{% endif %}"
)
STRICT = (
    "{% if reasoning_effort is defined and reasoning_effort not in ['none', 'high'] %}"
    "{{ raise_exception('unknown effort') }}{% endif %}"
    "{{ '[' + (reasoning_effort or 'none') + ']' }}"
) + CHATML


def rendered(template: str, think: Think) -> str:
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.chat_template = template
    chat = ChatTokenizer(tokenizer, 2048)
    question: list[Any] = [{"role": "user", "content": "Why?"}]
    text = tokenizer.decode(chat.render(question, think=think))
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize(
    ("template", "think", "what", "stands"),
    [
        (SWITCHED, "auto", "(no thinking)", False),
        (SWITCHED, "on", "(no thinking)", False),
        (SWITCHED, 40, "(no thinking)", False),
        (SWITCHED, "low", "(no thinking)", False),
        (SWITCHED, "off", "(no thinking)", True),
        (EFFORT, "auto", "[medium]", True),
        (EFFORT, "low", "[low]", True),
        (EFFORT, "high", "[high]", True),
        (BOTH, "high", "(thinks)", True),
        (BOTH, "high", "[high]", True),
        (CHATML, "high", "high", False),
        (STRICT, "auto", "[none]", True),
        (STRICT, "off", "[none]", True),
        (STRICT, "low", "[high]", True),
        (STRICT, "max", "[high]", True),
    ],
)
def test_each_wish_is_put_as_the_template_takes_it(
    template: str, think: Think, what: str, stands: bool
) -> None:
    assert (what in rendered(template, think)) is stands


def test_what_is_read_ahead_has_the_wish_too() -> None:
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.chat_template = EFFORT
    chat = ChatTokenizer(tokenizer, 2048)
    question: list[Any] = [{"role": "user", "content": "x = 1\n" * 30}]
    ahead = chat.stable_prefix(question, 100, think="low")
    assert "[low]" in tokenizer.decode(ahead)
    assert chat.render(question, think="low")[: len(ahead) - 2] == ahead[:-2]


def test_an_effort_that_the_template_refuses_is_tried_once() -> None:
    tokenizer = tiny_tokenizer("llama", 2048)
    tokenizer.chat_template = STRICT
    chat = ChatTokenizer(tokenizer, 2048)
    question: list[Any] = [{"role": "user", "content": "x = 1\n" * 30}]

    ids = chat.render(question, 100_000, think="medium")

    assert ids == chat.render(question, think="on") == chat.render(question, think="medium")
    assert chat.stable_prefix(question, 100, think="medium") == chat.stable_prefix(question, 100, think="on")
