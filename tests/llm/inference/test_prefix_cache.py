"""A reused cache gives what a fresh one gives, whatever was edited, stopped or switched before.

Ids alone do not show a wrong recurrent state: on these models it moves the logits by about 3e-5 while
the greedy ids still agree, where a correct snapshot moves them by 3e-7. So the logits are compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from transformers import DynamicCache

from docstra_tui.llm.answer import Finished
from docstra_tui.llm.inference.cached_prompt import CachedPrompt, common_prefix
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefill import gated
from docstra_tui.llm.inference.prefix_cache import PrefixCache
from docstra_tui.llm.inference.recipe import Request
from tests.llm.inference.cached import (
    CLOSE_LOGITS,
    after,
    agrees,
    answer,
    cached_logits,
    converse,
    is_within_limit,
    memory_limit,
    plain_logits,
    some_ids,
    tokens_read,
)


def script(rng: random.Random, vocabulary: int) -> Iterator[tuple[list[int], int, str]]:
    """Two conversations over the same files, edited at random: prompts, where their context ends, and
    what to do with them."""

    def text(low: int, high: int) -> list[int]:
        return [rng.randrange(10, vocabulary) for _ in range(rng.randrange(low, high))]

    files = [text(20, 60) for _ in range(3)]
    conversations: list[list[int]] = [[], []]
    for _ in range(18):
        kind = rng.choice(["ask", "ask", "ask", "stop", "warm", "edit", "remove", "forget", "other"])
        who = rng.randrange(2)
        if kind == "edit":
            files[rng.randrange(len(files))][rng.randrange(20)] = rng.randrange(10, vocabulary)
        elif kind == "remove" and len(files) > 1:
            files.pop(rng.randrange(len(files)))
        elif kind == "forget":
            conversations[who] = conversations[who][: len(conversations[who]) // 2]
        elif kind == "other":
            yield text(10, 150), 0, "ask"
            continue
        context = [id_ for file in files for id_ in file] + conversations[who]
        question = text(2, 12)
        yield context + question, len(context), kind if kind in ("stop", "warm") else "ask"
        conversations[who] = conversations[who] + question + text(30, 110)


@pytest.mark.parametrize(
    ("seed", "megabytes"), [(0, 1000.0), (1, 1000.0), (2, 1000.0), (3, 0.6), (4, 0.3), (5, 0.0)]
)
def test_reuse_changes_nothing_whatever_was_edited(generator: Generator, seed: int, megabytes: float) -> None:
    """With room for everything, for two conversations or so, for hardly one, and for none."""
    generator.prefixes.clear()
    rng = random.Random(seed)
    reused_at_all = 0
    with memory_limit(generator, int(megabytes * 1e6)):
        for ids, cut, kind in script(rng, len(generator._tokenizer) - 10):
            if kind == "warm":
                generator.warm(ids[:cut], lambda: False)
            elif kind == "stop":  # leave in the middle of some layer
                request = Request(ids, max_new_tokens=6, temperature=0.0, cut=cut)
                generator.answer(request, lambda text: None, after(rng.randrange(12)))
            else:
                if generator.prefixes.reusable(ids):
                    difference = (cached_logits(generator, ids) - plain_logits(generator, ids)).abs().max()
                    assert difference <= CLOSE_LOGITS
                parting = rng.choice([0, len(ids), len(ids) - 2, cut])
                written, reused = answer(generator, ids, cut=cut, parting=parting)
                reused_at_all += reused
                agrees(generator, ids, written)
            assert is_within_limit(generator)
    assert reused_at_all > 0 or not megabytes


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
    with tokens_read(generator) as read:
        first, _ = answer(generator, [*files, 11, 12, 13], tokens=2, cut=len(files))
        fresh = sum(read)
        read.clear()
        answer(generator, [*files, 21, 22, 23, 24], tokens=2, cut=len(files))
        again = sum(read)

    assert fresh >= len(files)
    assert again <= 4 + 2
    assert first is not None


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
    parts = len(gated(generator._model))

    kept = generator.warm(files, after(parts * 2 + 1))  # two whole chunks, then a layer of the third

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


def test_reading_ahead_what_is_here_reads_nothing(generator: Generator) -> None:
    """The last file unticked again, or a second client over the same files."""
    generator.prefixes.clear()
    files = some_ids(27, 400)
    generator.warm(files[:250], lambda: False)
    generator.warm(files, lambda: False)

    with tokens_read(generator) as read:
        assert generator.warm(files, lambda: False) == 400
        assert generator.warm(files[:250], lambda: False) == 250
    assert not read

    _, reused = answer(generator, [*files[:250], 5, 6, 7], cut=250)
    assert reused == 250
    assert generator.prefixes.reusable([*files, 5]) == 400  # ticking it again costs nothing


def test_an_answer_still_reads_its_last_token(generator: Generator) -> None:
    generator.prefixes.clear()
    ids = some_ids(28, 150)
    generator.warm(ids[:-1], lambda: False)
    generator.warm(ids, lambda: False)

    written, reused = answer(generator, ids)

    assert reused == len(ids) - 1
    agrees(generator, ids, written)


def test_a_cancel_in_the_first_chunk_loses_nothing_that_was_here(generator: Generator) -> None:
    """Even where the memory is too little for any snapshot."""
    generator.prefixes.clear()
    with memory_limit(generator, 0):
        said = converse(generator, some_ids(36, 200), 2)[-1]
        before = generator.prefixes.reusable([*said, 5, 6])
        request = Request([*said, *some_ids(37, 90)], 6, 0.0, cut=len(said))
        generator.answer(request, lambda text: None, after(2))

        assert generator.prefixes.reusable([*said, 5, 6]) == before >= len(said) - 1


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


def test_a_cancel_in_the_very_first_chunk_is_a_cancel(generator: Generator) -> None:
    generator.prefixes.clear()
    ended = generator.answer(Request(some_ids(3, 40), 4, 0.0), lambda event: None, after(2))
    assert isinstance(ended, Finished) and ended.reason == "cancelled"
