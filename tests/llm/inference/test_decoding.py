"""Answers written by our own loop are those of `generate`, token by token, with and without drafts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from docstra_tui.llm.answer import Event, Finished
from docstra_tui.llm.inference.decoding.drafts import Payoff
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
    yield Generator(model, tokenizer, cache_bytes=1 << 28)


@pytest.fixture(scope="module")
def llama() -> Generator:
    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer("llama", 2048)
    model = tiny_model("llama", tokenizer, layers=2, window=2048, seed=0)
    narrow(model)
    return Generator(model, tokenizer, cache_bytes=1 << 28)


def written(generator: Generator, request: Request) -> tuple[list[int], list[Event], Finished]:
    """The cached ids behind the prompt, what was shown and how it ended, from an empty cache."""
    generator.prefixes.clear()
    shown: list[Event] = []
    ended = generator.answer(request, shown.append, lambda: False)
    assert isinstance(ended, Finished), ended
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


def test_right_drafts_save_steps_and_wrong_ones_leave_no_trace(llama: Generator) -> None:
    prompt = quoting(3)
    right = written(llama, Request(prompt, TOKENS, 0.0))[0]
    told = prompt + right + some_ids(4, 3) + prompt[-3:]  # what it will say again, or not
    for ids in (told, prompt):
        request = Request(ids, TOKENS, 0.0)
        counting = Counted(llama)
        step, llama.writer.step = llama.writer.step, counting
        try:
            ours, plain = both(llama, request, Eager())
        finally:
            llama.writer.step = step
        assert ours == plain
        assert any(size > 1 for size in counting.sizes)
        assert sum(counting.sizes) > len(counting.sizes)


class Counted(ModelStep):
    """Counts what is read in each step."""

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator._forward)
        self.sizes: list[int] = []

    def logits(self, slots: Any) -> torch.Tensor:
        self.sizes += [len(slot.ids) for slot in slots]
        return super().logits(slots)


def test_a_step_gives_the_logits_behind_each_id(llama: Generator) -> None:
    ids = some_ids(7, 40)
    forward = llama._forward
    with torch.inference_mode():
        whole = forward(torch.tensor([ids]), 0, None, len(ids))
        cache = forward.new_cache()
        forward(torch.tensor([ids[:30]]), 0, cache)
        got = ModelStep(forward).logits([Slot(cache, 30, ids[30:])])
    assert torch.allclose(got, whole[30:], atol=1e-5)
    assert cache.get_seq_length() == 40


@pytest.mark.parametrize("pieces", range(1, 9))
def test_stopped_among_drafts_the_cache_is_what_was_said(llama: Generator, pieces: int) -> None:
    prompt = quoting(5)
    known, llama.writer.payoff = llama.writer.payoff, Eager()
    shown: list[Event] = []
    try:
        right = written(llama, Request(prompt, 40, 0.0))[0]
        llama.prefixes.clear()
        ended = llama.answer(Request(prompt, 40, 0.0), shown.append, lambda: len(shown) >= pieces)
    finally:
        llama.writer.payoff = known
    assert isinstance(ended, Finished) and ended.reason == "cancelled"
    (kept,) = llama.prefixes._prompts
    ids = kept.ids[len(prompt) :]
    assert ids == right[: len(ids)]
    assert kept.cache.get_seq_length() == len(kept.ids)
    # The next question goes on from there as if all of it were read anew.
    request = Request([*kept.ids, *some_ids(6, 9)], 6, 0.0)
    again = llama.answer(request, lambda event: None, lambda: False)
    assert isinstance(again, Finished) and again.usage.reused_tokens == len(prompt) + len(ids)
    reused = llama.prefixes._prompts[-1].ids[len(request.ids) :]
    assert reused == written(llama, request)[0]
