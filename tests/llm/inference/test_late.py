"""One step ahead of who listens, the same is written, and nothing more is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from docstra_tui.llm.answer import Event, Finished
from docstra_tui.llm.inference.decoding.choice import draw
from docstra_tui.llm.inference.decoding.drafts import Payoff
from docstra_tui.llm.inference.decoding.step import ModelStep
from docstra_tui.llm.inference.decoding.writing import Arrival
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.sampling import Sampling
from tests.llm.inference.cached import narrow, some_ids
from tests.llm.inference.test_decoding import Eager, quoting, written
from tests.tiny_models import tiny_model, tiny_tokenizer

TOKENS = 24


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer("llama", 2048)
    model = tiny_model("llama", tokenizer, layers=2, window=2048, seed=0)
    narrow(model)
    return Generator(model, tokenizer, cache_bytes=1 << 28)


@pytest.fixture
def ahead(generator: Generator) -> Iterator[list[Any]]:
    """The ids of each step, where the loop runs ahead."""
    seen: list[Any] = []

    class Seen(ModelStep):
        def logits(self, slots: Any) -> torch.Tensor:
            seen.extend(slot.ids for slot in slots)
            return super().logits(slots)

    step, generator.writer.step = generator.writer.step, Seen(generator._forward)
    generator.writer.runs_ahead = True
    yield seen
    generator.writer.step, generator.writer.runs_ahead = step, False


def plainly(generator: Generator, request: Request) -> Any:
    """What `generate` writes."""
    step, generator.writer.step = generator.writer.step, None
    try:
        return written(generator, request)
    finally:
        generator.writer.step = step


class Never(Payoff):
    """Drafts nothing."""

    def best(self, match: int, most: int) -> int:
        return 0


@pytest.fixture(params=[Never(), Eager()], ids=["never", "eager"])
def payoff(request: pytest.FixtureRequest, generator: Generator) -> Iterator[Payoff]:
    known = generator.writer.payoff
    generator.writer.payoff = request.param
    yield generator.writer.payoff
    generator.writer.payoff = known


@pytest.mark.parametrize("temperature", [0.0, 0.6])
def test_the_tokens_are_those_of_generate(
    generator: Generator, ahead: list[Any], payoff: Payoff, temperature: float
) -> None:
    for seed in range(3):
        sampling = Sampling(seed=seed, frequency_penalty=0.3 * (seed == 2), logit_bias={5: -100.0})
        for tokens in (1, 2, 3, TOKENS):
            request = Request(quoting(seed), tokens, temperature, sampling=sampling)
            assert written(generator, request) == plainly(generator, request)
    assert any(isinstance(ids, torch.Tensor) for ids in ahead)  # nobody looked at them
    if isinstance(payoff, Never) or not temperature:
        assert any(len(ids) > 1 for ids in ahead) == isinstance(payoff, Eager)


def test_one_step_more_is_made_where_the_end_comes_as_a_surprise(
    generator: Generator, ahead: list[Any]
) -> None:
    generator.writer.payoff = Never()
    request = Request(some_ids(1, 40), TOKENS, 0.0)
    ids, _, _ = written(generator, request)
    assert len(ahead) == len(ids) == TOKENS - 1  # by its length it is known beforehand

    ahead.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator.recipe, "stop_ids", lambda texts=(): [ids[10]])
        stopped, _, ended = written(generator, request)
    first = ids.index(ids[10])
    assert (stopped, ended.reason) == (ids[:first], "stop")
    assert len(ahead) == first + 1


@pytest.mark.parametrize("stop", [1, 2, 5])
def test_what_was_read_for_nothing_is_taken_back(
    generator: Generator, ahead: list[Any], payoff: Payoff, stop: int
) -> None:
    prompt = quoting(5)
    generator.prefixes.clear()
    shown: list[Event] = []
    ended = generator.answer(Request(prompt, 40, 0.0), shown.append, lambda: len(shown) >= stop)
    assert isinstance(ended, Finished) and ended.reason == "cancelled"
    (kept,) = generator.prefixes._prompts
    read = len(kept.ids)
    assert kept.cache.get_seq_length() == len(kept.ids) > len(prompt)
    request = Request([*kept.ids, *some_ids(6, 9)], 6, 0.0)
    again = generator.answer(request, lambda event: None, lambda: False)
    assert isinstance(again, Finished) and again.usage.reused_tokens == read
    assert generator.prefixes._prompts[-1].ids[len(request.ids) :] == written(generator, request)[0]


def test_a_draw_that_nobody_looks_at_is_that_of_torch() -> None:
    for seed in range(20):
        chances = torch.softmax(3 * torch.randn(1, 5000), -1)
        torch.manual_seed(seed)
        wanted, after = torch.multinomial(chances, num_samples=1)[0], torch.rand(1)
        torch.manual_seed(seed)
        assert torch.equal(draw(chances), wanted)
        assert torch.equal(torch.rand(1), after)


def test_a_token_that_was_chosen_from_no_numbers_is_an_error_one_step_late() -> None:
    token = torch.tensor([7])
    assert Arrival(token).wait().tolist() == Arrival(token, torch.tensor(True)).wait().tolist() == [7]
    with pytest.raises(RuntimeError, match="probability tensor"):
        Arrival(token, torch.tensor(False)).wait()


def test_thinking_that_is_closed_by_force_waits_for_each_token(
    generator: Generator, ahead: list[Any]
) -> None:
    request = Request(quoting(1), TOKENS, 0.0, thinking=4)
    assert written(generator, request) == plainly(generator, request)
    assert ahead and not any(isinstance(ids, torch.Tensor) for ids in ahead)
