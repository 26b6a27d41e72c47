"""Answers written by our own loop are those of `generate`, token by token, with and without drafts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from docstra_tui.llm.answer import Event, Finished, Reading
from docstra_tui.llm.inference.decoding.drafts import Drafts, Payoff
from docstra_tui.llm.inference.decoding.step import ModelStep, Slot
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.sampling import Sampling
from tests.llm.inference.cached import narrow, some_ids
from tests.llm.small_models import small_model
from tests.tiny_models import tiny_hybrid, tiny_model, tiny_tokenizer

KINDS = ("llama", "qwen2", "gemma3", "qwen3", "mixtral", "qwen3_moe", "hybrid", "mamba2")
TOKENS = 24


class Eager(Payoff):
    """Drafts whenever it can."""

    def best(self, match: int, most: int) -> int:
        return min(5, most)


@pytest.fixture(scope="module", params=KINDS)
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    torch.set_num_threads(1)
    kind = request.param
    tokenizer = tiny_tokenizer("gemma3" if kind == "gemma3" else "llama", 2048)
    if kind == "hybrid":
        model = tiny_hybrid(tokenizer)
    elif kind in ("llama", "qwen2", "gemma3"):
        model = tiny_model(kind, tokenizer, layers=3, window=2048, seed=1)
    else:
        model = small_model(kind)
    yield Generator(model, tokenizer, cache_bytes=1 << 28, decode="auto")


@pytest.fixture(scope="module", params=["llama", "gemma3"])
def drafting(request: pytest.FixtureRequest) -> Generator:
    """Models that can draft: all of the text is attended to, or a window of it."""
    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer(request.param, 2048)
    model = tiny_model(request.param, tokenizer, layers=2, window=2048, seed=0)
    if request.param == "llama":
        narrow(model)
    return Generator(model, tokenizer, cache_bytes=1 << 28, decode="auto")


def written(generator: Generator, request: Request) -> tuple[list[int], list[Event], Finished]:
    """The cached ids behind the prompt, what was shown and how it ended, from an empty cache.

    How far the prompt is read is told by the clock.
    """
    generator.prefixes.clear()
    told: list[Event] = []
    ended = generator.answer(request, told.append, lambda: False)
    assert isinstance(ended, Finished), ended
    shown = [event for event in told if not isinstance(event, Reading)]
    return generator.prefixes._prompts[-1].ids[len(request.ids) :], shown, ended


def both(generator: Generator, request: Request, payoff: Payoff | None = None) -> tuple[Any, Any]:
    """What our loop writes, and what `generate` does."""
    step, known = generator.writer.step, generator.writer.payoff
    assert step is not None
    generator.writer.payoff = payoff or known
    ours = written(generator, request)
    generator.writer.step = None
    try:
        return ours, written(generator, request)
    finally:
        generator.writer.step, generator.writer.payoff = step, known


def quoting(seed: int) -> list[int]:
    """A prompt that says everything twice."""
    return some_ids(seed, 30) * 2


@pytest.mark.parametrize("temperature", [0.0, 0.6])
@pytest.mark.parametrize("payoff", [None, Eager()], ids=["usual", "eager"])
def test_the_tokens_are_those_of_generate(
    generator: Generator, temperature: float, payoff: Payoff | None
) -> None:
    for seed in range(2):
        sampling = Sampling(seed=seed, frequency_penalty=0.3 * seed, logit_bias={5: -100.0})
        request = Request(quoting(seed), TOKENS, temperature, sampling=sampling)
        ours, right = both(generator, request, payoff)
        assert ours == right
        assert ours[0]


def test_right_drafts_save_steps_and_wrong_ones_leave_no_trace(drafting: Generator) -> None:
    two_words = Sampling(logit_bias={20: 90.0, 30: 90.0}, seed=1)  # which stood in any order soon
    for temperature in (0.0, 4.0):
        counting = Counted(drafting)
        step, drafting.writer.step = drafting.writer.step, counting
        try:
            request = Request(quoting(3), 60, temperature, sampling=two_words)
            ours, plain = both(drafting, request, Eager())
        finally:
            drafting.writer.step = step
        assert ours == plain and len(ours[0]) == 59
        assert len(counting.sizes) < 59 if temperature == 0.0 else sum(counting.sizes) > 59


@pytest.mark.parametrize("left", range(2, 9))
def test_nothing_is_drafted_behind_the_window(monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    """Some models have a table of places, and raise where there is none; on a GPU the device is gone then."""
    window = 256
    generator = Generator(small_model("gpt2"), tiny_tokenizer("llama", 2048), cache_bytes=1 << 28)
    monkeypatch.setattr(Drafts, "guess", lambda self, most: [7] * min(5, most) if self._usual else [])
    for runs_ahead in (False, True):
        generator.writer.runs_ahead = runs_ahead
        counting = generator.writer.step = Counted(generator)
        ours, right = both(generator, Request(some_ids(1, window - left), left, 0.0))
        assert ours == right
        assert left < 7 or max(counting.sizes) > 1


class Counted(ModelStep):
    """Counts what is read in each step."""

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator._forward)
        self.sizes: list[int] = []

    def logits(self, slots: Any) -> torch.Tensor:
        self.sizes += [len(slot.ids) for slot in slots]
        return super().logits(slots)


def test_a_step_gives_the_logits_behind_each_id(drafting: Generator) -> None:
    ids = some_ids(7, 40)
    forward = drafting._forward
    with torch.inference_mode():
        whole = forward(torch.tensor([ids]), 0, None, len(ids))
        cache = forward.new_cache()
        forward(torch.tensor([ids[:30]]), 0, cache)
        got = ModelStep(forward).logits([Slot(cache, 30, ids[30:])])
    assert torch.allclose(got, whole[30:], atol=1e-5)
    assert cache.get_seq_length() == 40


@pytest.mark.parametrize("pieces", range(1, 9))
def test_stopped_among_drafts_the_cache_is_what_was_said(drafting: Generator, pieces: int) -> None:
    prompt = quoting(5)
    known, drafting.writer.payoff = drafting.writer.payoff, Eager()
    shown: list[Event] = []
    try:
        right = written(drafting, Request(prompt, 40, 0.0))[0]
        drafting.prefixes.clear()
        ended = drafting.answer(Request(prompt, 40, 0.0), shown.append, lambda: len(shown) >= pieces)
    finally:
        drafting.writer.payoff = known
    assert isinstance(ended, Finished) and ended.reason == "cancelled"
    (kept,) = drafting.prefixes._prompts
    ids = kept.ids[len(prompt) :]
    assert ids == right[: len(ids)]
    assert kept.cache.get_seq_length() == len(kept.ids)
    # The next question goes on from there as if all of it were read anew.
    request = Request([*kept.ids, *some_ids(6, 9)], 6, 0.0)
    again = drafting.answer(request, lambda event: None, lambda: False)
    assert isinstance(again, Finished) and again.usage.reused_tokens == len(prompt) + len(ids)
    reused = drafting.prefixes._prompts[-1].ids[len(request.ids) :]
    assert reused == written(drafting, request)[0]
