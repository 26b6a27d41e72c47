"""What is read may be kept in 8 bits: nearly the same numbers in half the room, used as any other cache."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers.cache_utils import DynamicLayer

from docstra_tui.llm.inference.cache_layers import copy_layer, crop_to, tensors_of
from docstra_tui.llm.inference.compact_layer import CompactLayer, packed, unpacked
from docstra_tui.llm.inference.growing_layer import GrowingLayer
from docstra_tui.llm.inference.room import growth_of
from docstra_tui.llm.local import LocalLLM
from tests.llm.inference.test_room import free

WORDS = "some words to read " * 40


def states(tokens: int, seed: int = 0, head: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(1, 2, tokens, head), torch.randn(1, 2, tokens, head)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("head", [32, 20])
def test_a_channel_far_above_the_others_does_not_round_them_away(head: int, dtype: torch.dtype) -> None:
    numbers = states(50, head=head)[0].to(dtype)
    numbers[..., 3] *= 200
    codes, scales = packed(numbers)
    off = (unpacked(codes, scales, dtype).float() - numbers.float()).abs()
    if head == 32:
        assert off[..., 16:].max() < 0.03
    assert (off / numbers.float().abs().amax(-1, keepdim=True)).max() < 0.01
    assert unpacked(*packed(torch.zeros(1, 1, 2, 32)), dtype).abs().max() == 0
    assert codes.dtype == torch.int8 and codes.shape == numbers.shape


def test_it_gives_what_was_written_whole_or_bit_by_bit() -> None:
    keys, values = states(300)
    whole, parts = CompactLayer(), CompactLayer()
    expected = whole.update(keys, values)
    for start, end in ((0, 200), (200, 201), (201, 300)):
        given = parts.update(keys[..., start:end, :], values[..., start:end, :])
    assert all(map(torch.equal, expected, given))
    assert (expected[0] - keys).abs().max() < 0.03
    assert parts.get_seq_length() == 300 and parts.get_mask_sizes(1) == (301, 0)


def test_it_is_cropped_copied_reset_and_made_of_others() -> None:
    keys, values = states(300)
    layer = CompactLayer.of(full(keys, values))
    expected = CompactLayer().update(keys[..., :150, :], values[..., :150, :])
    twin = copy_layer(layer, 149)
    crop_to(layer, 149)
    layer.rest()
    for one in (layer, twin):
        assert one.get_seq_length() == 149
        assert all(map(torch.equal, one.update(keys[..., 149:150, :], values[..., 149:150, :]), expected))
    assert {id(t) for t in tensors_of(layer)}.isdisjoint(id(t) for t in tensors_of(twin))
    layer.reset()
    assert layer.get_seq_length() == 0 and not tensors_of(layer)
    assert CompactLayer.of(GrowingLayer()).get_seq_length() == 0
    with pytest.raises(ValueError, match="negative"):
        layer.crop(3)


def full(keys: torch.Tensor, values: torch.Tensor) -> DynamicLayer:
    layer = GrowingLayer()
    layer.update(keys, values)
    return layer


def test_an_answer_goes_on_from_it_and_others_do_not(llm: LocalLLM) -> None:
    exact = llm.generate(WORDS)
    llm.kv_cache = "int8"
    fresh = llm.stream(WORDS)
    answer = str(fresh)
    assert (fresh.usage.reused_tokens or 0) > 100  # what had been read as it is was packed
    known = llm._generator.prefixes.latest
    assert known is not None and known.is_compact
    bare = growth_of(known.cache)
    assert bare is not None
    again = llm.stream(WORDS)
    assert str(again) == answer and (again.usage.reused_tokens or 0) > 150
    llm.kv_cache = "full"
    assert llm.measure(WORDS).cached == 0
    whole = llm.stream(WORDS)
    assert str(whole) == exact and whole.usage.reused_tokens == 0


def test_it_takes_about_half_and_is_offered_where_that_helps(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: dict[str, int] = {}
    for kind in ("full", "int8"):
        llm._generator.prefixes.clear()
        llm.kv_cache = kind  # type: ignore[assignment]
        assert llm.generate(WORDS)
        sizes[kind] = llm._generator.prefixes.nbytes()
    assert sizes["int8"] < 0.32 * sizes["full"]  # of float32
    llm._generator.prefixes.clear()
    room = llm._generator.room
    room.held = 0
    with free(monkeypatch, room.bytes_for(400)):
        llm.kv_cache = "full"
        whole = llm.measure(WORDS).room
        assert whole is not None and whole.compact is not None and whole.compact > whole.tokens
        llm.kv_cache = "int8"
        compact = llm.measure(WORDS).room
        assert compact is not None and (compact.tokens, compact.compact) == (whole.compact, None)


def test_reading_ahead_packs_too(llm: LocalLLM) -> None:
    llm.kv_cache = "int8"
    prompt: list[Any] = [{"role": "user", "content": WORDS}]
    ahead = llm.warm(prompt, 500)
    assert ahead.cached == ahead.tokens > 0
    assert llm._generator.prefixes.latest is not None and llm._generator.prefixes.latest.is_compact
    stream = llm.stream(WORDS)
    assert str(stream) and stream.usage.reused_tokens == ahead.cached
