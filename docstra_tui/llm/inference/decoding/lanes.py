"""Where the keys and values of texts stand while recorded steps write them: always at the same addresses.

A lane is one text's part of the buffers. The prompt's own cache lives there meanwhile, so nothing is copied
back when an answer is over; it gets buffers of its own again when another text needs the lane.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import Cache
from transformers.cache_utils import CacheLayerMixin

from docstra_tui.llm.inference.growing_layer import GrowingLayer


class Lanes:
    """Buffers of all layers for some texts of `room` tokens at most."""

    def __init__(self, like: Sequence[GrowingLayer], count: int, room: int, most_ids: int) -> None:
        """`like` are the layers of a cache that has read something."""
        self.count = count
        self.room = room
        self.most_ids = most_ids
        # Behind the room, a lane that nobody uses is written too, by the steps of the others.
        self.buffers = [_buffers(layer, count, room + most_ids) for layer in like]
        self._held: list[Callable[[], Any]] = [_nobody] * count
        """The cache in each lane; who forgets a prompt need not ask here."""
        self._given = [self._views(lane) for lane in range(count)]
        """What its layers got as their buffers."""
        self._addresses = [[keys.data_ptr() for keys, _ in given] for given in self._given]

    def place(self, caches: Sequence[Any]) -> list[int]:
        """The lane of each cache; one that has none takes that of a cache which is not among them."""
        held = [next((n for n in range(self.count) if self.holds(n, cache)), None) for cache in caches]
        free = [n for n in range(self.count) if n not in held]
        free.sort(key=lambda n: self._held[n]() is not None)  # the empty ones first
        found = []
        for cache, lane in zip(caches, held, strict=True):
            if lane is None:
                lane = free.pop(0)
                self._take(lane, cache)
            found.append(lane)
        return found

    def holds(self, lane: int, cache: Any) -> bool:
        """True where every layer of `cache` still writes into this lane: one that grew or rested left it, and
        tensors can be moved elsewhere as they are."""
        if self._held[lane]() is not cache:
            return False
        given = zip(cache.layers, self._given[lane], self._addresses[lane], strict=True)
        return all(_is_in(layer, keys) and keys.data_ptr() == address for layer, (keys, _), address in given)

    def _views(self, lane: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [
            (keys[lane : lane + 1, :, : self.room], values[lane : lane + 1, :, : self.room])
            for keys, values in self.buffers
        ]

    def leave(self) -> None:
        """Give every cache buffers of its own."""
        for lane in range(self.count):
            self._vacate(lane)

    def _take(self, lane: int, cache: Any) -> None:
        self._vacate(lane)
        self._given[lane] = self._views(lane)
        for layer, (keys, values) in zip(cache.layers, self._given[lane], strict=True):
            layer.move(keys, values)
            for buffer in (keys, values):  # what is not seen must still be numbers
                buffer[..., layer.get_seq_length() :, :].zero_()
        self._held[lane] = weakref.ref(cache)

    def _vacate(self, lane: int) -> None:
        cache = self._held[lane]()
        self._held[lane] = _nobody
        if cache is None:
            return
        for layer, (keys, _) in zip(cache.layers, self._given[lane], strict=True):
            if _is_in(layer, keys):
                layer.move_out()

    @property
    def device(self) -> torch.device:
        """Where the buffers are."""
        return self.buffers[0][0].device


def _is_in(layer: Any, keys: torch.Tensor) -> bool:
    """True for a layer that still writes there; another may have come in its place, as one of 8 bits."""
    return type(layer) is GrowingLayer and layer.rooms[0] is keys


def _nobody() -> None:
    """The cache of an empty lane."""


def _buffers(layer: GrowingLayer, count: int, room: int) -> tuple[torch.Tensor, torch.Tensor]:
    keys, values = layer.rooms
    assert keys is not None and values is not None
    size = (count, keys.shape[1], room)
    return keys.new_zeros((*size, keys.shape[3])), values.new_zeros((*size, values.shape[3]))


class LaneLayer(CacheLayerMixin):
    """One layer of all lanes, as a model's forward pass sees it while a step is recorded.

    `places`, of shape (lanes, new), says where each new token stands, and only the first `reach` tokens are
    seen: both are the step's, not the layer's.
    """

    def __init__(self, buffers: tuple[torch.Tensor, torch.Tensor], places: torch.Tensor, reach: int) -> None:
        super().__init__()
        self.keys, self.values = buffers
        self.is_initialized = True
        self._places = places
        self._lanes = torch.arange(places.shape[0], device=places.device)[:, None]
        self._reach = reach

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Nothing to do."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        seen = []
        for buffer, new in ((self.keys, key_states), (self.values, value_states)):
            assert buffer is not None
            buffer.transpose(1, 2).index_put_((self._lanes, self._places), new.transpose(1, 2))
            seen.append(buffer[:, :, : self._reach])
        return seen[0], seen[1]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._reach, 0

    def get_seq_length(self) -> int:
        """What is asked for positions, which are given; a step that asks all the same is not right."""
        return 0

    def get_max_length(self) -> int:
        return self._reach


def lane_cache(lanes: Lanes, places: torch.Tensor, reach: int) -> Cache:
    """All lanes as a cache to hand to a model."""
    return Cache(layers=[LaneLayer(buffers, places, reach) for buffers in lanes.buffers])
