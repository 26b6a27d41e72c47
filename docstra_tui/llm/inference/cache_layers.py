"""Layers of a KV cache: which can be cropped, how they are copied, what they hold.

Only plain full attention, and a sliding window that has not dropped anything yet, can be cropped; see
`cached_prompt` for what follows from that.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers.cache_utils import CacheLayerMixin, DummyLayer, DynamicLayer, DynamicSlidingWindowLayer

from docstra_tui.llm.inference.compact_layer import CompactLayer
from docstra_tui.llm.inference.growing_layer import GrowingLayer

PLAIN = (GrowingLayer, CompactLayer, DynamicLayer, DummyLayer)
"""Layers that can be cropped for ever."""
IN_PLACE = (GrowingLayer, CompactLayer)
"""Those that keep room behind their end."""


def is_plain(layer: Any) -> bool:
    """True when dropping the last tokens of `layer` gives what it was before them.

    That is full attention, and a sliding window that has not dropped anything yet.
    """
    if type(layer) in PLAIN:
        return True
    if type(layer) is DynamicSlidingWindowLayer:
        keys = layer.keys  # nothing, or one dimension, before the first token; other threads may ask then
        return keys is None or keys.ndim == 1 or bool(keys.shape[-2] == layer.cumulative_length)
    return False


def can_draft(cache: Any) -> bool:
    """True when of one pass the last tokens can be dropped again, by `begin_draft` and `end_draft`."""
    return all(
        type(layer) in PLAIN or (type(layer) is DynamicSlidingWindowLayer and hasattr(layer, "record_past"))
        for layer in cache.layers
    )


def begin_draft(cache: Any) -> None:
    """What sliding windows would drop in the next pass stays until `end_draft`."""
    for layer in cache.layers:
        if type(layer) is DynamicSlidingWindowLayer:
            layer.record_past = True


def end_draft(cache: Any, length: int) -> None:
    """Only the first `length` tokens stay."""
    for layer in cache.layers:
        crop_to(layer, length)
        if type(layer) is DynamicSlidingWindowLayer:
            layer.crop(0)
            layer.record_past = False


def seen_by(cache: Any) -> int | None:
    """How many tokens a cache says that it has seen; None where it holds states alone and does not know."""
    if cache.layers and not any(isinstance(layer, CacheLayerMixin) for layer in cache.layers):
        return None
    return int(cache.get_seq_length())


def copy_layer(layer: Any, length: int | None = None) -> Any:
    """A layer with tensors of its own; of a plain layer, only the first `length` tokens.

    Not `copy.deepcopy`: a tensor that is a view would bring its whole storage along.
    """
    if type(layer) in IN_PLACE:
        return layer.copied(length)
    twin = copy.copy(layer)
    crop = length is not None and is_plain(layer) and getattr(layer, "is_initialized", False)
    for name, value in vars(layer).items():
        if isinstance(value, torch.Tensor):
            if crop and name in ("keys", "values"):
                value = value[..., :length, :]
            setattr(twin, name, value.clone())
        elif isinstance(value, dict):
            copies = {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in value.items()}
            setattr(twin, name, copies)
    if crop and hasattr(twin, "cumulative_length"):
        twin.cumulative_length = min(twin.cumulative_length, length)
    return twin


def in_8_bits(layer: Any) -> Any:
    """A layer of full attention in 8 bits; any other as it is."""
    return CompactLayer.of(layer) if type(layer) in (GrowingLayer, DynamicLayer) else layer


def crop_to(layer: Any, length: int) -> None:
    """Drop what a plain layer holds beyond `length` tokens."""
    if type(layer) is DummyLayer:  # it holds nothing and knows no length
        return
    if getattr(layer, "is_initialized", False) and (extra := layer.get_seq_length() - length) > 0:
        layer.crop(-extra)


def tensors_of(layer: Any) -> list[torch.Tensor]:
    """Everything in it that takes memory."""
    found: list[torch.Tensor] = []
    for value in vars(layer).values():
        values = value.values() if isinstance(value, dict) else (value,)
        found.extend(v for v in values if isinstance(v, torch.Tensor))
    return found
