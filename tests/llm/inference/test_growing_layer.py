"""A cache layer that is written in place holds what transformers' own holds, whatever is done to it."""

from __future__ import annotations

import random

import pytest
import torch
from transformers.cache_utils import DynamicLayer

from docstra_tui.llm.inference.cache_layers import copy_layer, crop_to, tensors_of
from docstra_tui.llm.inference.growing_layer import SMALLEST_ROOM, GrowingLayer


def states(tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(1, 2, tokens, 8), torch.randn(1, 2, tokens, 4)


@pytest.mark.parametrize("seed", range(3))
def test_it_holds_what_the_usual_layer_holds(seed: int) -> None:
    rng = random.Random(seed)
    ours, usual = GrowingLayer(), DynamicLayer()
    for _ in range(60):
        kind = rng.choice(["new", "new", "long", "crop", "copy", "rest", "reset"])
        if kind in ("new", "long"):
            new = states(1 if kind == "new" else rng.randrange(2, 400))
            for got, right in zip(ours.update(*new), usual.update(*new), strict=True):
                assert torch.equal(got, right)
        elif kind == "crop":
            length = rng.randrange(usual.get_seq_length() + 1)
            crop_to(ours, length)
            crop_to(usual, length)
        elif kind == "copy":
            before, length = ours, rng.randrange(usual.get_seq_length() + 1)
            ours, usual = copy_layer(ours, length), copy_layer(usual, length)
            if before.keys is not None:
                before.keys.fill_(7.0)  # of the copy nothing may be in it
        elif kind == "rest":
            ours.rest()
        elif rng.random() < 0.2:
            ours.reset()
            usual.reset()
        assert ours.get_seq_length() == usual.get_seq_length()
        assert ours.get_mask_sizes(1) == usual.get_mask_sizes(1)
        if usual.get_seq_length():
            assert torch.equal(ours.keys, usual.keys) and torch.equal(ours.values, usual.values)


def test_a_token_copies_nothing_that_was_there() -> None:
    layer = GrowingLayer()
    layer.update(*states(1000))
    before = [t.data_ptr() for t in tensors_of(layer)]
    for _ in range(100):
        layer.update(*states(1))
    assert [t.data_ptr() for t in tensors_of(layer)] == before


def test_it_counts_what_it_holds_and_gives_idle_room_back() -> None:
    layer = GrowingLayer()
    layer.update(*states(1000))
    token = 2 * (8 + 4) * 4
    assert sum(t.nbytes for t in tensors_of(layer)) == layer.room * token > 1000 * token
    assert layer.room == 1000 + SMALLEST_ROOM
    crop_to(layer, 10)
    kept = layer.keys.clone()
    layer.rest()
    assert layer.room == 10 and sum(t.nbytes for t in tensors_of(layer)) == 10 * token
    assert torch.equal(layer.keys, kept)
    twin = copy_layer(layer, 4)
    assert sum(t.nbytes for t in tensors_of(twin)) == 4 * token


def test_what_is_assigned_becomes_the_buffer() -> None:
    layer = GrowingLayer()
    keys, values = states(5)
    layer.update(keys, values)
    layer.batch_repeat_interleave(2)
    assert layer.get_seq_length() == 5 and torch.equal(layer.keys, keys.repeat_interleave(2, 0))
    more = [t.repeat(2, 1, 1, 1) for t in states(3)]
    got, _ = layer.update(*more)
    assert torch.equal(got, torch.cat([keys.repeat_interleave(2, 0), more[0]], dim=-2))


def test_what_is_expected_is_made_room_for_once() -> None:
    layer = GrowingLayer()
    layer.expected = 3000
    layer.update(*states(200))
    before = [t.data_ptr() for t in tensors_of(layer)]
    for _ in range(14):
        layer.update(*states(200))
    assert [t.data_ptr() for t in tensors_of(layer)] == before
