"""How much memory a prompt will take, told before any of it is read, against what is free.

What is read lies in the cache: so many bytes a token, and what does not grow. Both are seen on the first
prompt, so nothing depends on what a configuration calls its figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

from docstra_tui.errors import MemoryOverflow
from docstra_tui.llm.inference import growing_layer, memory
from docstra_tui.llm.inference.cache_layers import tensors_of
from docstra_tui.llm.inference.compact_layer import BYTES
from docstra_tui.llm.inference.growing_layer import GrowingLayer
from docstra_tui.llm.inference.parking import Parking
from docstra_tui.llm.loading.layer_shape import shape_of
from docstra_tui.llm.measure import Room

SHARE = 0.9
"""Of what is free so much is promised: others take memory too."""
SLACK = 1 + 1 / growing_layer.SHARE
"""A cache that is written in place keeps so much free behind its end, or `SMALLEST_ROOM`."""
STATES = 3
"""How often what does not grow is held: in the cache, as a snapshot, and as the mark of what is read."""
STEP = 64
"""Tokens: finer than this nobody needs to know how long a prompt may be."""
WORKING = 4
"""One part in this many of it may be taken by reading itself, which only needs smaller chunks for less."""
UNKNOWN = 1 << 60
GROWING = ("keys", "values", "indexer_keys")


@dataclass(frozen=True)
class Growth:
    """Bytes that a cache takes."""

    token: float
    """For one more token."""
    states: int = 0
    """Of what does not grow with the prompt."""
    compact: float = 0.0
    """As `token` in 8 bits, and one layer of it unpacked; 0.0 where no layer can be packed."""

    def each(self, compact: bool) -> float:
        """For one more token, in 8 bits or as it is."""
        return self.compact if compact and self.compact else self.token


class MemoryRoom:
    """What one model's device has room for."""

    def __init__(self, model: Any, parking: Parking) -> None:
        self._model = model
        self._parking = parking
        self._activations = max(1, _activations(model))
        self.held = 0
        """Bytes of all that was read before, which can go; as of when nothing ran."""
        self._growth: Growth | None = None
        """None where no prompt was read yet, or its cache is of a form of its own."""

    def learn(self, cache: Any) -> None:
        """See on a cache with a prompt in it what a token takes."""
        self._growth = growth_of(cache)

    @property
    def chunk(self) -> int:
        """Tokens that may be read at once."""
        return self._promised() // (WORKING * self._activations)

    def bytes_for(self, tokens: int, compact: bool = False) -> int:
        """What a prompt of so many tokens takes, its answer among them; 0 where nobody knows."""
        growth = self._growth
        if growth is None:
            return 0
        held = max(tokens * SLACK, tokens + growing_layer.SMALLEST_ROOM)
        return int(held * growth.each(compact)) + STATES * growth.states

    @property
    def for_caches(self) -> int:
        """Bytes that all caches together may take."""
        return self.held + self._for_caches()

    def of(self, window: int, compact: bool = False) -> Room | None:
        """How long a prompt may be; None where the window is less, or nobody knows."""
        if self._parking.is_parked:  # what is free then, is known when it is back
            return None
        tokens = self._tokens(compact)
        if tokens is None or tokens >= window:
            return None
        packed = None if compact else self._tokens(True)
        more = packed if packed is not None and packed > tokens else None
        return Room(tokens, more, bool(self._parking.devices))

    def within(self, window: int, compact: bool = False) -> int:
        """The window, or how long a prompt may be where that is less."""
        room = self.of(window, compact)
        return window if room is None else room.tokens

    def require(self, tokens: int, reserve: int, window: int, compact: bool = False) -> int:
        """How long prompt and answer may be together. Raises `MemoryOverflow`."""
        room = self.of(window, compact)
        if room is None:
            return window
        if tokens + reserve > room.tokens:
            raise MemoryOverflow(tokens, room.tokens, reserve, compact=room.compact, on_gpu=room.on_gpu)
        return room.tokens

    def _tokens(self, compact: bool) -> int | None:
        growth = self._growth
        if growth is None or growth.token <= 0:
            return None
        left = self.held + self._for_caches() - STATES * growth.states
        held = left / growth.each(compact)
        return max(0, int(min(held / SLACK, held - growing_layer.SMALLEST_ROOM))) // STEP * STEP

    def _for_caches(self) -> int:
        return self._promised() * (WORKING - 1) // WORKING

    def _promised(self) -> int:
        try:
            return int(memory.free(self._model) * SHARE)
        except RuntimeError:  # a device that is gone does not tell, and refuses by itself
            return UNKNOWN


def growth_of(cache: Any) -> Growth | None:
    """What it takes, as seen on what is in it; None for a form of its own, or an empty one."""
    token, states, packed, widest = 0.0, 0, 0.0, 0.0
    layers = getattr(cache, "layers", None)
    if not isinstance(layers, list):
        return None
    for layer in layers:
        found = {id(tensor): tensor.nbytes for tensor in tensors_of(layer)}
        grown = 0.0
        for tensor in _growing(layer):
            grown += tensor.nbytes / tensor.shape[-2]
            found.pop(id(tensor), None)
        if getattr(layer, "is_sliding", False):
            states += int(grown * layer.sliding_window) + sum(found.values())
        else:
            token += grown
            if type(layer) in (GrowingLayer, DynamicLayer):
                packed += BYTES * sum(t.numel() / t.shape[-2] for t in _growing(layer))
                widest = max(widest, grown)
            else:
                packed += grown
            states += 0 if grown else sum(found.values())
    compact = packed + widest if widest else 0.0
    return Growth(token, states, compact) if token or states else None


def _growing(layer: Any) -> Iterator[torch.Tensor]:
    for name in GROWING:
        tensor = getattr(layer, name, None)
        if isinstance(tensor, torch.Tensor) and tensor.ndim > 2 and tensor.shape[-2]:
            yield tensor


def _activations(model: Any) -> int:
    """Bytes for each token of a chunk while one layer reads it."""
    shape = shape_of(model.config, 0)
    if shape is None:
        return 0
    numbers = 4 * shape.hidden + 3 * shape.inner + 3 * shape.heads * shape.head
    return numbers * int(getattr(model.dtype, "itemsize", 4))
