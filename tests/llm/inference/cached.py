"""What a generator answers with its caches, and what it would answer without."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from docstra_tui.llm.inference.decoding.drafts import Payoff
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefill import decoder_layers
from docstra_tui.llm.inference.recipe import Request

CLOSE_LOGITS = 5e-6


WEIGHTS = 0.05
"""Standard deviation of the random weights; the bounds above are for logits of this size."""


TIE = 1e-4
"""Where the two best logits are closer than this, either id is right."""


class Never(Payoff):
    """Nothing is drafted."""

    def best(self, match: int, most: int) -> int:
        return 0


def narrow(model: Any) -> None:
    """Bring a model's wide random weights to the size that the bounds are for."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(WEIGHTS / parameter.std())


def answer(
    generator: Generator, ids: list[int], tokens: int = 6, cut: int = 0, parting: int = 0
) -> tuple[list[int], int]:
    """The ids that come out (the stop id left out), and how many prompt tokens were reused."""
    request = Request(ids, max_new_tokens=tokens, temperature=0.0, cut=cut, parting=parting)
    finished = generator.answer(request, lambda text: None, lambda: False)
    assert not isinstance(finished, Exception), finished
    latest = generator.prefixes._prompts[-1]
    assert latest.ids[: len(ids)] == ids
    return latest.ids[len(ids) :], finished.usage.reused_tokens or 0


@torch.inference_mode()
def plain_logits(generator: Generator, ids: list[int]) -> torch.Tensor:
    """The next token's logits without any cache."""
    return generator._model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]


@torch.inference_mode()
def cached_logits(generator: Generator, ids: list[int]) -> torch.Tensor:
    """The next token's logits from what the cache would reuse of `ids`, on a copy."""
    prompt = max(generator.prefixes._prompts, key=lambda known: known.reusable(ids))
    reuse = prompt.reusable(ids)
    twin = prompt.branch(reuse, generator._forward.new_cache())
    return generator._forward(torch.tensor([ids]), reuse, twin.cache)[0]


@torch.inference_mode()
def agrees(generator: Generator, ids: list[int], written: list[int]) -> None:
    """Every written id is the plain model's, up to the first near tie."""
    said = ids + written
    logits = generator._model(input_ids=torch.tensor([said]), use_cache=False).logits[0, len(ids) - 1 : -1]
    for after, id_ in zip(logits, written, strict=True):
        best = torch.topk(after, 2)
        if best.values[0] - best.values[1] <= TIE:
            return
        assert int(best.indices[0]) == id_


@contextmanager
def memory_limit(generator: Generator, limit: int) -> Iterator[None]:
    """Hold the caches to `limit` bytes for a while."""
    before, generator.prefixes.limit = generator.prefixes.limit, limit
    try:
        yield
    finally:
        generator.prefixes.limit = before


def after(calls: int) -> Any:
    """An `is_cancelled` that says yes after so many calls: a call a layer."""
    left = [calls]

    def is_cancelled() -> bool:
        left[0] -= 1
        return left[0] < 0

    return is_cancelled


def live_bytes(generator: Generator) -> int:
    """What the latest cache takes without any snapshot."""
    prompt = generator.prefixes._prompts[-1]
    token, states = prompt.rates()
    return round(token * len(prompt.ids)) + states


def is_within_limit(generator: Generator) -> bool:
    """Nothing is kept beyond the limit but the one cache in use."""
    prefixes = generator.prefixes
    if prefixes.nbytes() <= prefixes.limit:
        return True
    return len(prefixes._prompts) == 1 and prefixes.nbytes() == live_bytes(generator)


@contextmanager
def tokens_read(generator: Generator) -> Iterator[list[int]]:
    """How many tokens each pass sends through the first layer, while nothing is drafted."""
    read: list[int] = []
    payoff, generator.writer.payoff = generator.writer.payoff, Never()
    layer = decoder_layers(generator._model)[0]
    hook = layer.register_forward_pre_hook(lambda _, args, kw: read.append(width(args, kw)), with_kwargs=True)
    try:
        yield read
    finally:
        hook.remove()
        generator.writer.payoff = payoff


def some_ids(seed: int, count: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.randrange(10, 300) for _ in range(count)]


def width(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    hidden = args[0] if args else kwargs["hidden_states"]
    return int(hidden.shape[1])


def converse(generator: Generator, start: list[int], turns: int, seed: int = 50) -> list[list[int]]:
    """Ask `turns` questions, each after all that was said; the contexts they began at."""
    contexts, said = [], list(start)
    for turn in range(turns):
        contexts.append(said)
        question = some_ids(seed + turn, 20)
        written, _ = answer(generator, said + question, tokens=20, cut=len(said))
        said = said + question + written
    return [*contexts, said]
