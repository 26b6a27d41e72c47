"""A file's count is what adding it adds to the rendered prompt."""

from __future__ import annotations

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.item_tokens import ItemTokens
from tests.fakes import FakeLLM

ITEM = ContextItem("one two three\n", "a.py", "python")


def prompt_tokens(llm: FakeLLM, *items: ContextItem) -> int:
    asked = llm.prompt_builder.conversation("answer_question", items, (), question="Why?")
    return llm.count_tokens(asked.messages)


def test_a_file_counts_what_it_adds() -> None:
    llm = FakeLLM()
    other = ContextItem("four five\n", "b.py", "python")
    counted = ItemTokens(llm)
    assert counted.count(ITEM) == (prompt_tokens(llm, ITEM) - prompt_tokens(llm), True)
    assert counted.count(other)[0] == prompt_tokens(llm, ITEM, other) - prompt_tokens(llm, ITEM)


def test_an_estimate_says_that_it_is_one() -> None:
    assert ItemTokens(FakeLLM(exact=False)).count(ITEM)[1] is False
