"""A reused cache gives what a fresh one gives, whatever was edited, stopped or switched before.

Ids alone do not show a wrong recurrent state: on these models it moves the logits by about 3e-5 while
the greedy ids still agree, where a correct snapshot moves them by 3e-7. So the logits are compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from transformers import DynamicCache

from docstra_tui.llm.generation import Generator, Request
from docstra_tui.llm.prefill import decoder_layers
from docstra_tui.llm.prefix_cache import CachedPrompt, PrefixCache, common_prefix
from tests.tiny_models import tiny_hybrid, tiny_model, tiny_tokenizer

CLOSE_LOGITS = 5e-6
WEIGHTS = 0.05
"""Standard deviation of the random weights; the bounds above are for logits of this size."""
TIE = 1e-4
"""Where the two best logits are closer than this, either id is right."""


def narrow(model: Any) -> None:
    """Bring a model's wide random weights to the size that the bounds are for."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(WEIGHTS / parameter.std())


@pytest.fixture(scope="module", params=["llama", "gemma3", "qwen3_5"])
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    torch.set_num_threads(1)
    arch = request.param
    tokenizer = tiny_tokenizer("llama" if arch == "qwen3_5" else arch, 4096)
    if arch == "qwen3_5":
        model = tiny_hybrid(tokenizer)
    else:
        model = tiny_model(arch, tokenizer, layers=4, window=4096, seed=0)
        narrow(model)
    yield Generator(model, tokenizer, cache_bytes=1 << 30)


def answer(generator: Generator, ids: list[int], tokens: int = 6, cut: int = 0) -> tuple[list[int], int]:
    """The ids that come out (the stop id left out), and how many prompt tokens were reused."""
    finished = generator.answer(
        Request(ids, max_new_tokens=tokens, temperature=0.0, cut=cut), lambda text: None, lambda: False
    )
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
    twin = prompt.branch(reuse, DynamicCache(config=generator._model.config))
    rest = torch.tensor([ids[reuse:]])
    return generator._model(input_ids=rest, past_key_values=twin.cache).logits[0, -1]


def agrees(generator: Generator, ids: list[int], written: list[int]) -> None:
    """Every written id is the plain model's, up to the first near tie."""
    for at, id_ in enumerate(written):
        logits = plain_logits(generator, ids + written[:at])
        best = torch.topk(logits, 2)
        if best.values[0] - best.values[1] <= TIE:
            return
        assert int(best.indices[0]) == id_


def script(rng: random.Random, vocabulary: int) -> Iterator[tuple[list[int], int, str]]:
    """A conversation edited at random: prompts, where their context ends, and what to do with them."""

    def text(low: int, high: int) -> list[int]:
        return [rng.randrange(10, vocabulary) for _ in range(rng.randrange(low, high))]

    files = [text(20, 60) for _ in range(3)]
    turns: list[int] = []
    for _ in range(14):
        kind = rng.choice(["ask", "ask", "ask", "stop", "warm", "edit", "remove", "forget", "other"])
        if kind == "edit":
            files[rng.randrange(len(files))][rng.randrange(20)] = rng.randrange(10, vocabulary)
        elif kind == "remove" and len(files) > 1:
            files.pop(rng.randrange(len(files)))
        elif kind == "forget":
            turns = turns[: len(turns) // 2]
        elif kind == "other":
            yield text(10, 150), 0, "ask"
            continue
        context = [id_ for file in files for id_ in file] + turns
        question = text(2, 12)
        yield context + question, len(context), kind if kind in ("stop", "warm") else "ask"
        turns = turns + question + text(0, 8)


@pytest.mark.parametrize("seed", range(4))
def test_reuse_changes_nothing_whatever_was_edited(generator: Generator, seed: int) -> None:
    generator.prefixes.clear()
    rng = random.Random(seed)
    reused_at_all = 0
    for ids, cut, kind in script(rng, len(generator._tokenizer) - 10):
        if kind == "warm":
            generator.warm(ids[:cut], lambda: False)
            continue
        if kind == "stop":  # leave in the middle of some layer
            left = [rng.randrange(12)]

            def is_cancelled(left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] < 0

            request = Request(ids, max_new_tokens=6, temperature=0.0, cut=cut)
            generator.answer(request, lambda text: None, is_cancelled)
            continue
        if generator.prefixes.reusable(ids):
            difference = (cached_logits(generator, ids) - plain_logits(generator, ids)).abs().max()
            assert difference <= CLOSE_LOGITS
        written, reused = answer(generator, ids, cut=cut)
        reused_at_all += reused
        agrees(generator, ids, written)
    assert reused_at_all > 0


def test_the_bounds_would_see_a_state_that_is_one_token_off(generator: Generator) -> None:
    """The check above can fail: a cache that silently lost a token is outside the bound."""
    generator.prefixes.clear()
    ids = some_ids(1, 60)
    answer(generator, ids[:-1], tokens=1)
    generator.prefixes._prompts[-1].ids.insert(0, ids[0])  # claims a token it never read

    shifted = cached_logits(generator, [ids[0], *ids])

    assert (shifted - plain_logits(generator, [ids[0], *ids])).abs().max() > CLOSE_LOGITS


def test_the_second_question_reads_only_itself(generator: Generator) -> None:
    """As a count of tokens that go through the first layer."""
    generator.prefixes.clear()
    files = some_ids(7, 400)
    read: list[int] = []
    layer = decoder_layers(generator._model)[0]
    hook = layer.register_forward_pre_hook(lambda _, args, kw: read.append(width(args, kw)), with_kwargs=True)
    try:
        first, _ = answer(generator, [*files, 11, 12, 13], tokens=2, cut=len(files))
        fresh = sum(read)
        read.clear()
        answer(generator, [*files, 21, 22, 23, 24], tokens=2, cut=len(files))
        again = sum(read)
    finally:
        hook.remove()

    assert fresh >= len(files)
    assert again <= 4 + 2
    assert first is not None


def some_ids(seed: int, count: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.randrange(10, 300) for _ in range(count)]


def width(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    hidden = args[0] if args else kwargs["hidden_states"]
    return int(hidden.shape[1])


def test_files_read_ahead_are_not_read_again(generator: Generator) -> None:
    generator.prefixes.clear()
    files = some_ids(3, 200)

    assert generator.warm(files, lambda: False) == len(files)
    _, reused = answer(generator, [*files, 5, 6, 7])

    assert reused == len(files)


def test_reading_ahead_that_is_interrupted_keeps_what_it_has(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.prefixes.clear()
    monkeypatch.setattr(generator._sizer, "learn", lambda tokens, seconds: None)
    files = some_ids(4, 300)
    generator._sizer.tokens = 64
    layers = len(decoder_layers(generator._model))
    left = [layers * 2 + 1]  # two whole chunks, then a layer of the third

    def is_cancelled() -> bool:
        left[0] -= 1
        return left[0] < 0

    kept = generator.warm(files, is_cancelled)

    assert kept == 128
    written, _ = answer(generator, [*files, 5, 6, 7])
    agrees(generator, [*files, 5, 6, 7], written)


def test_a_stopped_answer_does_not_cost_the_next_question_its_cache(generator: Generator) -> None:
    generator.prefixes.clear()
    files = some_ids(5, 150)
    pieces: list[str] = []
    request = Request([*files, 3, 4], max_new_tokens=500, temperature=0.0, cut=len(files))
    generator.answer(request, pieces.append, lambda: len(pieces) > 3)

    _, reused = answer(generator, [*files, 8, 9], cut=len(files))

    assert reused >= len(files)


def test_an_error_forgets_the_cache_it_happened_in(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.prefixes.clear()
    ids = some_ids(6, 80)
    answer(generator, ids)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(generator._model, "generate", broken)
        generator.answer(Request([*ids, 5], 4, 0.0), lambda text: None, lambda: False)

    assert generator.prefixes.reusable([*ids, 5]) == 0
    written, _ = answer(generator, [*ids, 5])
    agrees(generator, [*ids, 5], written)


def test_conversations_share_the_memory_and_the_oldest_leaves(generator: Generator) -> None:
    generator.prefixes.clear()
    conversations = [some_ids(n, 120) for n in range(3)]
    answer(generator, conversations[0])
    one = generator.prefixes.nbytes()
    limit, generator.prefixes.limit = generator.prefixes.limit, int(one * 2.5)
    try:
        answer(generator, conversations[1])
        answer(generator, conversations[0])  # the first is the recent one now
        answer(generator, conversations[2])

        assert generator.prefixes.nbytes() <= one * 2.5
        assert generator.prefixes.reusable(conversations[0]) > 0
        assert generator.prefixes.reusable(conversations[2]) > 0
        assert generator.prefixes.reusable(conversations[1]) == 0
    finally:
        generator.prefixes.limit = limit


def test_the_whole_prompt_is_never_taken_from_the_cache() -> None:
    """Its last token must be read for its logits; a full cache would feed the prompt twice."""
    prompt = CachedPrompt(DynamicCache())
    prompt.ids = [1, 2, 3]
    cache = PrefixCache(DynamicCache, 1)
    cache.keep(prompt)

    assert cache.reusable([1, 2, 3]) == 2
    assert cache.reusable([1]) == 0


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 5000])
def test_the_common_prefix_ends_at_the_first_difference(size: int) -> None:
    one = list(range(size))

    assert common_prefix(one, [*one, 7]) == size
    assert common_prefix([*one, 1], [*one, 2]) == size
