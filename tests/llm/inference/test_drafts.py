"""What is drafted, and that drafts pay or go: counted in steps of a machine whose times are made up."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from docstra_tui.llm.inference.decoding.drafts import GRAM, LONGEST_MATCH, Drafts, Lookup, Payoff

MOST = 15
Cost = Callable[[int], float]
"""What a step with so many drafted tokens takes."""


def cheap(drafted: int) -> float:
    return 1.0 + 0.05 * drafted


def usual(drafted: int) -> float:
    return 1.0 + (0.25 + 0.08 * drafted if drafted else 0.0)


def dear(drafted: int) -> float:
    return 1.0 + 0.9 * drafted


def seconds(prompt: list[int], answer: list[int], cost: Cost, payoff: Payoff) -> float:
    """How long the answer takes, as `loop.write` goes about it."""
    drafts, at, took = Drafts([*prompt, answer[0]], payoff), 1, 0.0
    while at < len(answer):
        guess = drafts.guess(MOST)
        right = 0
        while right < len(guess) and guess[right] == answer[at + right : at + right + 1 or None][0]:
            right += 1
            if at + right == len(answer):
                break
        written = answer[at : at + right + 1]
        took += cost(len(guess))
        drafts.saw(len(guess), cost(len(guess)), written)
        at += len(written)
    return took


def noise(rng: random.Random, count: int) -> list[int]:
    return [rng.randrange(1000) for _ in range(count)]


def quoting(rng: random.Random, prompt: list[int], share: float, count: int) -> list[int]:
    """An answer of which so much is quoted, a line or a few at a time."""
    said: list[int] = []
    while len(said) < count:
        if rng.random() < share:
            start = rng.randrange(len(prompt) - 40)
            said += prompt[start : start + rng.randrange(8, 40)]
        else:
            said += noise(rng, rng.randrange(8, 40))
    return said[:count]


@pytest.mark.parametrize("cost", [cheap, usual])
def test_an_answer_that_quotes_is_written_faster(cost: Cost) -> None:
    rng, payoff = random.Random(1), Payoff()
    prompt = noise(rng, 1000)
    answer = quoting(rng, prompt, 0.8, 400)
    assert len(answer) / seconds(prompt, answer, cost, payoff) > 1.3


@pytest.mark.parametrize("cost", [cheap, usual, dear])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_no_answer_is_written_much_slower(cost: Cost, share: float) -> None:
    rng, payoff = random.Random(2), Payoff()
    for _ in range(3):
        prompt = noise(rng, 1000)
        answer = quoting(rng, prompt, share, 200)
        assert len(answer) / seconds(prompt, answer, cost, payoff) > 0.97


def test_what_only_looks_like_a_quote_is_not_drafted_for_long() -> None:
    """Three tokens as before, and then always something else."""
    rng, payoff = random.Random(3), Payoff()
    prompt = noise(rng, 1000)
    answer: list[int] = []
    while len(answer) < 600:
        start = rng.randrange(len(prompt) - 10)
        answer += [*prompt[start : start + GRAM], 2000 + rng.randrange(1000)]
    assert len(answer) / seconds(prompt, answer, usual, payoff) > 0.97


def test_drafts_are_tried_again_where_steps_have_become_cheap() -> None:
    rng, payoff = random.Random(4), Payoff()
    prompt = noise(rng, 1000)
    seconds(prompt, quoting(rng, prompt, 0.9, 300), dear, payoff)
    answer = quoting(rng, prompt, 0.9, 600)
    assert len(answer) / seconds(prompt, answer, cheap, payoff) > 1.3


def test_the_text_that_went_on_like_this_before_is_expected() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 6, 9, 9, 1, 2, 3])
    assert (lookup.next(4), lookup.match) == ([4, 5, 6, 9], 3)
    assert lookup.add(4) is True and (lookup.next(2), lookup.match) == ([5, 6], 4)
    assert lookup.add(7) is False and lookup.next(3) == []
    assert lookup.add(8) is None


def test_a_longer_match_reaches_back_and_the_latest_place_counts() -> None:
    start = list(range(30))
    assert Lookup([*start, 77, *start[:25]]).match == LONGEST_MATCH
    assert Lookup([1, 2, 3, 5, 0, 1, 2, 3, 6, 0, 1, 2, 3]).next(1) == [6]


def test_a_text_that_repeats_itself_goes_on_so() -> None:
    assert Lookup([7, 8, 1, 2, 1, 2, 1, 2]).next(5) == [1, 2, 1, 2, 1]
    assert Lookup([4, 5, 5, 5, 5]).next(3) == [5, 5, 5]
    assert Lookup([4, 5]).next(3) == Lookup([]).next(3) == []
