"""KV caches kept with the exact ids they hold, so that a prompt is read only from where it is new.

A cache may be reused up to the longest common prefix of its ids and the prompt's, never the whole
prompt (its last token must be read again, for its logits). Going back needs care: only layers of plain
full attention can be cropped. Sliding-window layers have thrown their past away and linear-attention
layers never had one, so those are copied ("snapshot") where the conversation can be cut, and put back.
transformers' own `is_croppable` and `crop` cannot be asked: the first says True for sliding layers that
refuse, and recurrent layers accept a crop and are then silently wrong.

Everything here runs in the inference thread.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import DummyLayer, DynamicLayer, DynamicSlidingWindowLayer

WORTH_COPYING = 64
"""Tokens: a shorter common prefix is read again rather than copied out of another conversation."""


@dataclass(frozen=True)
class Snapshot:
    """The layers that cannot be cropped, as they were after `length` tokens."""

    length: int
    layers: dict[int, Any]
    """Copies by the layer's index."""


class CachedPrompt:
    """One cache and the ids in it."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self.ids: list[int] = []
        """Exactly what the cache holds."""
        self._snapshots: list[Snapshot] = []
        """By rising length."""
        self._mark: Snapshot | None = None
        """The latest point that is sure, while a prompt is read."""

    def reusable(self, ids: Sequence[int]) -> int:
        """How many leading tokens of the prompt `ids` need not be read again."""
        common = max(min(common_prefix(self.ids, ids), len(ids) - 1), 0)
        if common == len(self.ids) or self._can_be_cropped():
            return common
        return max((s.length for s in self._snapshots if s.length <= common), default=0)

    def rewind(self, length: int) -> None:
        """Go back to the first `length` tokens, a number that `reusable` gave."""
        if length < len(self.ids):
            self._restore(length)

    def snapshot(self) -> None:
        """Remember this point, so that `rewind` can come back to it."""
        if (
            not self.ids
            or not self.needs_snapshots
            or any(s.length == len(self.ids) for s in self._snapshots)
        ):
            return
        if self._mark is None or self._mark.length != len(self.ids):
            self.mark()
        if self._mark is not None:
            self._snapshots.append(self._mark)
            self._snapshots.sort(key=lambda s: s.length)

    def mark(self) -> None:
        """Note that all layers agree here: what `settle` goes back to when the next pass is left."""
        if fixed := self._fixed_layers():
            layers = {index: copy_layer(self.cache.layers[index]) for index in fixed}
            self._mark = Snapshot(len(self.ids), layers)

    def settle(self) -> None:
        """After a forward pass that was left half way: back to the last ids that are sure.

        Plain layers are cropped to the known length each; where there are others, which may or may not
        have moved on, the nearest snapshot is put back.
        """
        if self.needs_snapshots:
            self._restore(max((s.length for s in self._points()), default=0))
        else:
            self._restore(len(self.ids))

    def branch(self, length: int, empty: Any) -> CachedPrompt:
        """A copy of the first `length` tokens in the new cache `empty`; this one stays as it is."""
        twin = CachedPrompt(empty)
        states = next((s.layers for s in self._snapshots if s.length == length), {})
        twin.cache.layers = [
            copy_layer(states.get(index, layer), length) for index, layer in enumerate(self.cache.layers)
        ]
        twin.ids = self.ids[:length]
        twin._snapshots = [s for s in self._snapshots if s.length <= length]
        return twin

    def _restore(self, length: int) -> None:
        snapshot = next((s for s in self._points() if s.length == length), None)
        states = snapshot.layers if snapshot is not None else {}
        for index, layer in enumerate(self.cache.layers):
            if not length:
                layer.reset()
            elif index in states:
                self.cache.layers[index] = copy_layer(states[index])
            else:
                _crop_to(layer, length)
        self.ids = self.ids[:length]
        self._snapshots = [s for s in self._snapshots if s.length <= length]
        self._mark = None

    def _points(self) -> list[Snapshot]:
        return self._snapshots if self._mark is None else [*self._snapshots, self._mark]

    @property
    def needs_snapshots(self) -> bool:
        """True when some layers cannot be cropped for ever."""
        return bool(self._fixed_layers())

    def _fixed_layers(self) -> list[int]:
        """Indices of the layers that cannot be cropped, or not for ever."""
        croppable = (DynamicLayer, DummyLayer)
        return [i for i, layer in enumerate(self.cache.layers) if type(layer) not in croppable]

    def _can_be_cropped(self) -> bool:
        """True as long as every layer still holds all there was."""
        return all(is_plain(layer) for layer in self.cache.layers)

    def nbytes(self) -> int:
        """Memory of the cache and its snapshots, in bytes."""
        layers = [*self.cache.layers, *(layer for s in self._points() for layer in s.layers.values())]
        return sum(t.nbytes for t in {id(t): t for layer in layers for t in _tensors(layer)}.values())


class PrefixCache:
    """The caches of all conversations, the most recently used ones within `limit` bytes."""

    def __init__(self, new_cache: Callable[[], Any], limit: int) -> None:
        self._new_cache = new_cache
        self.limit = limit
        """Bytes for all caches together; the one in use is always kept."""
        self._prompts: list[CachedPrompt] = []
        """Least recently used first."""
        self._taken: CachedPrompt | None = None
        """The one that is read into or written from now."""

    def take(self, ids: Sequence[int]) -> CachedPrompt:
        """The cache to read `ids` into, rewound to what it shares with them.

        Put it back with `keep`; one that is not put back is forgotten, as it must be after an error.
        """
        self._taken = self._take(ids)
        return self._taken

    def _take(self, ids: Sequence[int]) -> CachedPrompt:
        best = max(self._prompts, key=lambda prompt: prompt.reusable(ids), default=None)
        reuse = best.reusable(ids) if best is not None else 0
        if best is not None and reuse and 2 * reuse >= len(best.ids):
            self._prompts.remove(best)  # the same conversation going on, or a short step back
            best.rewind(reuse)
            return best
        if best is not None and reuse >= WORTH_COPYING:
            return best.branch(reuse, self._new_cache())
        return CachedPrompt(self._new_cache())

    def keep(self, prompt: CachedPrompt) -> None:
        """Put a cache back as the most recently used one, and make room for it."""
        self._taken = None
        self._prompts = [known for known in self._prompts if not _is_part_of(known, prompt)]
        self._prompts.append(prompt)
        while len(self._prompts) > 1 and self.nbytes() > self.limit:
            self._prompts.pop(0)

    def forget_taken(self) -> None:
        """The cache in use cannot be trusted."""
        self._taken = None

    def reusable(self, ids: Sequence[int]) -> int:
        """How many leading tokens of `ids` are here. May be asked from another thread."""
        taken = self._taken
        prompts = [*self._prompts, taken] if taken is not None else [*self._prompts]
        return max((prompt.reusable(ids) for prompt in prompts), default=0)

    def clear(self) -> None:
        """Forget everything."""
        self._taken = None
        self._prompts.clear()

    def nbytes(self) -> int:
        """Memory of all caches, in bytes."""
        return sum(prompt.nbytes() for prompt in self._prompts)


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the longest common prefix."""
    size = min(len(one), len(other))
    low = 0
    # Compare in slices first: conversations share thousands of ids and slices compare in C.
    step = 1024
    while low + step <= size and one[low : low + step] == other[low : low + step]:
        low += step
    while low < size and one[low] == other[low]:
        low += 1
    return low


def is_plain(layer: Any) -> bool:
    """True when dropping the last tokens of `layer` gives what it was before them.

    That is full attention, and a sliding window that has not dropped anything yet.
    """
    if type(layer) in (DynamicLayer, DummyLayer):
        return True
    if type(layer) is DynamicSlidingWindowLayer:
        if not layer.is_initialized:
            return True
        return bool(layer.keys.shape[-2] == layer.cumulative_length)
    return False


def copy_layer(layer: Any, length: int | None = None) -> Any:
    """A layer with tensors of its own; of a plain layer, only the first `length` tokens.

    Not `copy.deepcopy`: a tensor that is a view would bring its whole storage along.
    """
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


def _crop_to(layer: Any, length: int) -> None:
    """Drop what a plain layer holds beyond `length` tokens."""
    if getattr(layer, "is_initialized", False) and (extra := layer.get_seq_length() - length) > 0:
        layer.crop(-extra)


def _is_part_of(known: CachedPrompt, prompt: CachedPrompt) -> bool:
    """True when `known` holds nothing that `prompt` does not."""
    return len(known.ids) <= len(prompt.ids) and prompt.ids[: len(known.ids)] == known.ids


def _tensors(layer: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for value in vars(layer).values():
        values = value.values() if isinstance(value, dict) else (value,)
        found.extend(v for v in values if isinstance(v, torch.Tensor))
    return found
