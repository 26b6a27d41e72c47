"""A layer of full attention that keeps what is read in 8 bits: about half of 16, for where memory is short.

Each run of numbers has a scale of its own: a few channels of some models' keys are a hundred times the
others, and one scale for all of a head would round the others away.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

from docstra_tui.llm.inference.growing_layer import InPlaceLayer, is_too_wide, with_room

RUN = 16
"""Numbers that share a scale."""
BYTES = 1 + 2 / RUN
"""What a number takes, its part of a scale among it."""
NAMES = ("keys", "values")


class CompactLayer(InPlaceLayer):
    """Written in place, as `GrowingLayer`; what `update` gives is unpacked for that moment alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._rooms: dict[str, torch.Tensor] = {}
        """Codes and scales of both, with room behind their end."""

    @classmethod
    def of(cls, layer: DynamicLayer) -> CompactLayer:
        """What another layer holds, in 8 bits."""
        packed = cls()
        if layer.is_initialized and layer.get_seq_length():
            assert layer.keys is not None and layer.values is not None
            packed.lazy_initialization(layer.keys, layer.values)
            packed._write(layer.keys, layer.values)
        return packed

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self._write(key_states, value_states)
        return self._unpacked("keys"), self._unpacked("values")

    def reset(self) -> None:
        self._length, self._rooms, self.is_initialized = 0, {}, False

    def rest(self) -> None:
        """Give room back that is more than the usual growth."""
        if any(is_too_wide(room.shape[-2], self._length) for room in self._rooms.values()):
            self._rooms = {name: _cut(room, self._length) for name, room in self._rooms.items()}

    def copied(self, length: int | None = None) -> CompactLayer:
        """A layer with tensors of its own, of the first `length` tokens."""
        twin = copy.copy(self)
        twin._length = self._length if length is None else min(length, self._length)
        twin._rooms = {name: _cut(room, twin._length) for name, room in self._rooms.items()}
        return twin

    def _write(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        start, end = self._length, self._length + keys.shape[-2]
        for name, new in zip(NAMES, (keys, values), strict=True):
            codes, scales = packed(new)
            self._put(name, codes, start, end)
            self._put(f"{name} scales", scales, start, end)
        self._length = end

    def _put(self, name: str, new: torch.Tensor, start: int, end: int) -> None:
        room = self._rooms.get(name)
        if room is None or room.shape[-2] < end:
            wider = new.new_empty((*new.shape[:-2], with_room(end), new.shape[-1]))
            if room is not None:
                wider[..., :start, :] = room[..., :start, :]
            room = self._rooms[name] = wider
        room[..., start:end, :] = new

    def _unpacked(self, name: str) -> torch.Tensor:
        codes, scales = (self._rooms[part][..., : self._length, :] for part in (name, f"{name} scales"))
        return unpacked(codes, scales, self.dtype)


def packed(numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes of -127 to 127, and the scales of their runs."""
    runs = numbers.float().unflatten(-1, (-1, _run(numbers.shape[-1])))
    scales = (runs.abs().amax(-1, keepdim=True) / 127).clamp(min=torch.finfo(torch.float16).tiny)
    scales = scales.to(torch.float16)
    codes = (runs / scales.float()).round().clamp(-127, 127).to(torch.int8)
    return codes.flatten(-2), scales.squeeze(-1)


def unpacked(codes: torch.Tensor, scales: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The numbers, but for what 8 bits cannot say."""
    runs = codes.to(dtype).unflatten(-1, (scales.shape[-1], -1))
    return (runs * scales.to(dtype).unsqueeze(-1)).flatten(-2)


def _run(size: int) -> int:
    return RUN if size % RUN == 0 else size


def _cut(room: torch.Tensor, length: int) -> torch.Tensor:
    return room[..., :length, :].clone()
