"""However an answer is cut into events, the same of it is thinking and the same is answer."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.llm.answer import Event, Reframed, Thought
from docstra_tui.llm.http.manners import Manners
from docstra_tui.llm.http.raw_thinking import RawThinking
from docstra_tui.llm.http.sse import ChunkReader

WORDS = st.sampled_from(
    (
        "<think>",
        "</think>",
        "<thi",
        "nk>",
        "\n",
        "\n\n",
        "```\n",
        "`",
        " ",
        "I think. ",
        "Answer.",
        "[THINK]",
        "<",
    )
)
TEXTS = st.lists(WORDS, max_size=12).map("".join)


def read(
    pieces: list[str], manners: Manners, reason: str = "stop", *, is_each_last: bool = False
) -> tuple[str, str]:
    """The answer and the thinking of a text in these pieces; `is_each_last`: the server says so of each."""
    reader = ChunkReader(RawThinking(manners, "auto"))
    events: list[Event] = []
    word = reason if is_each_last else None
    for piece in pieces:
        choice = {"delta": {"content": piece}, "finish_reason": word}
        events += reader.read("message", json.dumps({"choices": [choice]}))
    last = {"choices": [{"delta": {}, "finish_reason": reason}]}
    events += reader.read("message", json.dumps(last)) + reader.read("message", "[DONE]") + reader.rest()
    answer = thinking = ""
    for event in events:
        if isinstance(event, str):
            answer += event
        elif isinstance(event, Thought):
            thinking += event.text
        elif isinstance(event, Reframed):
            answer, thinking = "", thinking + answer
    assert (reader.has_text, reader.has_thought) == (bool(answer.strip()), bool(thinking.strip()))
    return answer, thinking


@settings(deadline=None, max_examples=300)
@given(
    text=TEXTS,
    cuts=st.lists(st.integers(0, 60), max_size=8),
    is_known=st.booleans(),
    reason=st.sampled_from(["stop", "length"]),
    is_each_last=st.booleans(),
)
def test_where_it_is_cut_makes_no_difference(
    text: str, cuts: list[int], is_known: bool, reason: str, is_each_last: bool
) -> None:
    manners = [Manners(), Manners()]
    if is_known:
        for one in manners:
            one.remember_opened("auto")
    at = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [text[start:end] for start, end in pairwise(at)]
    found = read(pieces, manners[0], reason, is_each_last=is_each_last)
    assert found == read([text], manners[1], reason)
    assert manners[0].opens_thinking("auto") == manners[1].opens_thinking("auto")


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_no_word_is_lost(text: str) -> None:
    answer, thinking = read([text], Manners())
    both = answer + thinking
    for word in ("I think.", "Answer."):
        assert both.count(word) == text.count(word)


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("<think> opens a block.", "<think> opens a block."),
        ("\n<thinking>A form.</thinking> is its shape.", "\n<thinking>A form.</thinking> is its shape."),
        ("<think>\nA plan.\n</think>\n\nYes.", "Yes."),
        ("<think>A plan. And more", ""),
        ("</think>\n\nYes.", "Yes."),
        ("<thi", "<thi"),
        ("Yes.", "Yes."),
    ],
)
def test_text_behind_a_field_for_thinking_is_left_out_only_where_it_says_the_same(
    content: str, answer: str, size: int
) -> None:
    reader = ChunkReader(RawThinking(Manners(), "auto"))
    deltas = [{"reasoning_content": "A plan."}]
    deltas += [{"content": content[at : at + size]} for at in range(0, len(content), size)]
    events = [event for delta in deltas for event in reader.take({"choices": [{"delta": delta}]})]
    events += reader.take({"choices": [{"delta": {}, "finish_reason": "stop"}]}) + reader.rest()

    assert "".join(event for event in events if isinstance(event, str)) == answer
    assert [event for event in events if isinstance(event, Thought)] == [Thought("A plan.")]
