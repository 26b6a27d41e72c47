"""Keywords end an answer and are never shown; the same characters as text are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.llm.inference.stopping import KeywordFilter, KeywordsStoppingCriteria
from tests.tiny_models import tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer("llama", 2048)


def ids_of(tokenizer: Any, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)


def ends(criteria: KeywordsStoppingCriteria, *rows: list[int]) -> list[bool]:
    return criteria(torch.tensor(rows), None).tolist()


def test_a_keyword_stops_however_the_tokenizer_split_it(tokenizer: Any) -> None:
    criteria = KeywordsStoppingCriteria(["###END"], tokenizer)
    whole = ids_of(tokenizer, "some text ###END")
    one_by_one = [id_ for character in "some text ###END" for id_ in ids_of(tokenizer, character)]

    assert ends(criteria, whole) == [True]
    assert ends(criteria, one_by_one) == [True]
    assert ends(criteria, one_by_one[:-1]) == [False]


def test_the_answer_is_one_bool_per_row(tokenizer: Any) -> None:
    criteria = KeywordsStoppingCriteria(["b"], tokenizer)
    a, b = ids_of(tokenizer, "a"), ids_of(tokenizer, "b")

    result = criteria(torch.tensor([a + b, b + a]), None)

    assert result.dtype == torch.bool
    assert result.tolist() == [True, False]
    assert bool(criteria(torch.tensor([b]), None)) is True


def test_a_special_token_stops_by_its_id_and_not_by_its_spelling(tokenizer: Any) -> None:
    criteria = KeywordsStoppingCriteria(["<|im_end|>"], tokenizer)
    by_id = tokenizer.convert_tokens_to_ids("<|im_end|>")

    assert ends(criteria, [*ids_of(tokenizer, "done"), by_id]) == [True]
    assert ends(criteria, ids_of(tokenizer, "the mark is <|im_end|>")) == [False]


def test_the_prompt_is_never_looked_at(tokenizer: Any) -> None:
    prompt = ids_of(tokenizer, "stop")
    criteria = KeywordsStoppingCriteria(["stop"], tokenizer, prompt_length=len(prompt))

    assert ends(criteria, prompt) == [False]
    assert ends(criteria, prompt + ids_of(tokenizer, " x")) == [False]


def test_only_the_end_of_a_long_answer_is_decoded(tokenizer: Any) -> None:
    """The cost of a call does not grow with the answer."""
    lengths: list[int] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(tokenizer, name)

        def decode(self, ids: list[int], **kwargs: Any) -> str:
            lengths.append(len(ids))
            return tokenizer.decode(ids, **kwargs)

    criteria = KeywordsStoppingCriteria(["STOP"], Watched())
    for size in (50, 500, 5000):
        criteria(torch.zeros((1, size), dtype=torch.long), None)

    assert max(lengths) < 12


@given(
    before=st.text(alphabet="ab<|>/s", max_size=30),
    after=st.text(alphabet="ab<|>/s", max_size=10),
    cuts=st.lists(st.integers(0, 60), max_size=12),
)
def test_a_keyword_is_hidden_at_any_split(before: str, after: str, cuts: list[int]) -> None:
    keyword = "<stop>"
    text = before + keyword + after
    keyword_filter = KeywordFilter([keyword])
    shown = ""
    at = 0
    for cut in sorted({min(cut, len(text)) for cut in cuts} | {len(text)}):
        shown += keyword_filter.feed(text[at:cut])
        assert keyword not in shown
        at = cut
    shown += keyword_filter.flush()

    assert keyword_filter.matched
    assert shown == text[: text.find(keyword)]


def test_a_keyword_that_is_never_completed_is_shown_after_all() -> None:
    keyword_filter = KeywordFilter(["</answer>"])

    shown = keyword_filter.feed("a </ans") + keyword_filter.feed("w") + keyword_filter.flush()

    assert shown == "a </answ"
    assert not keyword_filter.matched
