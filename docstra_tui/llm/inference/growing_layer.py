"""A layer of full attention that is written in place, into a buffer with room for what comes.

transformers' own joins old and new at every token, which copies all that was read: at 3,600 tokens a sixth of
what a token takes.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

SMALLEST_ROOM = 256
"""Tokens that a buffer grows by at least."""
SHARE = 8
"""It grows by one part in this many of what it holds: a long text is seldom copied, and little is idle."""


class InPlaceLayer(DynamicLayer):
    """What is written into buffers with room behind their end: its length is a number of its own."""

    def __init__(self, **kwargs: Any) -> None:
        self._length = 0
        super().__init__(**kwargs)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        self.is_initialized = True

    def get_seq_length(self) -> int:
        return self._length

    def crop(self, tokens_to_remove: int) -> None:
        if tokens_to_remove > 0:
            raise ValueError(f"crop({tokens_to_remove}): how many tokens go is said as a negative number")
        self._length = max(self._length + tokens_to_remove, 0)


def with_room(tokens: int) -> int:
    """How many tokens a buffer is made for that has to hold so many."""
    return tokens + max(SMALLEST_ROOM, tokens // SHARE)


def is_too_wide(room: int, tokens: int) -> bool:
    """True for more room than the usual growth behind so many tokens."""
    return room * SHARE > tokens * (SHARE + 2)


class GrowingLayer(InPlaceLayer):
    """Keys and values of shape (batch, heads, tokens, dimensions), as `DynamicLayer` has them.

    `keys` and `values` are views of the buffers: they hold good until the next `update`. What is assigned to
    them becomes a buffer without room.
    """

    def __init__(self, **kwargs: Any) -> None:
        self.expected = 0
        """How many tokens it will hold soon, as far as is known: so that it grows once."""
        self._key_room: torch.Tensor | None = None
        self._value_room: torch.Tensor | None = None
        super().__init__(**kwargs)

    @property
    def keys(self) -> torch.Tensor | None:
        room = self._key_room
        return None if room is None else room[..., : self._length, :]

    @keys.setter
    def keys(self, value: torch.Tensor | None) -> None:
        self._key_room = value
        self._length = 0 if value is None else value.shape[-2]

    @property
    def values(self) -> torch.Tensor | None:
        room = self._value_room
        return None if room is None else room[..., : self._length, :]

    @values.setter
    def values(self, value: torch.Tensor | None) -> None:
        self._value_room = value

    @property
    def room(self) -> int:
        """How many tokens it can hold before it has to grow."""
        return 0 if self._key_room is None else self._key_room.shape[-2]

    @property
    def rooms(self) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """The whole buffers of keys and values."""
        return self._key_room, self._value_room

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        start, new = self._length, key_states.shape[-2]
        self.make_room(new, key_states, value_states)
        keys, values = self._key_room, self._value_room
        assert keys is not None and values is not None
        keys.narrow(-2, start, new).copy_(key_states)
        values.narrow(-2, start, new).copy_(value_states)
        self._length = end = start + new
        return keys.narrow(-2, 0, end), values.narrow(-2, 0, end)

    def make_room(self, new: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """See that `new` more tokens fit; `keys` and `values` are like them, but for their number."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        end = self._length + new
        if end > self.room:
            size = with_room(max(end, self.expected))
            self._key_room = _resized(self._key_room, keys, self._length, size)
            self._value_room = _resized(self._value_room, values, self._length, size)

    def wrote(self, new: int) -> None:
        """`new` tokens were written into `rooms` behind what was there."""
        self._length += new

    def rest(self) -> None:
        """Give room back that is more than the usual growth: behind a crop, or a short text."""
        self.expected = 0
        if is_too_wide(self.room, self._length):
            self.move_out()

    def move(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Go on in these buffers, which have the room: what it holds is copied there."""
        for room, known in ((keys, self._key_room), (values, self._value_room)):
            if known is not None:
                room.narrow(-2, 0, self._length).copy_(known.narrow(-2, 0, self._length))
        self._key_room, self._value_room = keys, values

    def move_out(self) -> None:
        """Go on in buffers of its own."""
        if self._key_room is not None and self._value_room is not None:
            self._key_room = _resized(self._key_room, self._key_room, self._length, self._length)
            self._value_room = _resized(self._value_room, self._value_room, self._length, self._length)

    def copied(self, length: int | None = None) -> GrowingLayer:
        """A layer with tensors of its own, of the first `length` tokens."""
        twin = copy.copy(self)
        if self._key_room is not None and self._value_room is not None:
            size = self._length if length is None else min(length, self._length)
            twin._key_room = _resized(self._key_room, self._key_room, size, size)
            twin._value_room = _resized(self._value_room, self._value_room, size, size)
            twin._length = size
        return twin


def _resized(known: torch.Tensor | None, like: torch.Tensor, length: int, size: int) -> torch.Tensor:
    """A buffer of `size` tokens with the first `length` of `known`."""
    *leading, _, dimensions = like.shape
    room = like.new_empty((*leading, size, dimensions))
    if known is not None and length:
        room.narrow(-2, 0, length).copy_(known.narrow(-2, 0, length))
    return room
