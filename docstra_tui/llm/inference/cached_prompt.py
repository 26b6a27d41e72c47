"""One KV cache with the exact ids it holds, and the points that it can come back to.

A cache may be reused up to the longest common prefix of its ids and the prompt's; for an answer never
the whole prompt (its last token must be read again, for its logits). Going back needs care: only layers
of plain full attention can be cropped. Sliding-window layers have thrown their past away and
linear-attention layers never had one, so those are copied ("snapshot") where the conversation can be
cut, and put back. transformers' own `is_croppable` and `crop` cannot be asked: the first says True for
sliding layers that refuse, and recurrent layers accept a crop and are then silently wrong.

Everything here runs in the inference thread; only `reusable` may be asked from others, so lists are
replaced and never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from docstra_tui.llm.inference.cache_layers import (
    IN_PLACE,
    PLAIN,
    copy_layer,
    crop_to,
    in_8_bits,
    is_plain,
    tensors_of,
)
from docstra_tui.llm.inference.compact_layer import CompactLayer
from docstra_tui.llm.inference.growing_layer import GrowingLayer

SNAPSHOTS = 5
"""Most for one prompt: each holds a whole window of every sliding layer (120 MB for Gemma 3 4B)."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The layers that cannot be cropped, as they were after `length` tokens."""

    length: int
    layers: dict[int, Any]
    """Copies by the layer's index."""
    is_cut: bool = False
    """True where a question began: the next one may begin there too."""


class CachedPrompt:
    """One cache and the ids in it."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self.ids: list[int] = []
        """Exactly what the cache holds."""
        self.is_left_behind = False
        """True since a copy of its beginning went another way: perhaps nobody comes back to its end."""
        self.parting: int | None = None
        """Where the next turn of its conversation leaves it, unless that goes on from its end."""
        self._snapshots: list[Snapshot] = []
        """By rising length, which is the order they were made in."""
        self._mark: Snapshot | None = None
        """The latest point that is sure, while a prompt is read."""

    def reusable(self, ids: Sequence[int], *, needs_logits: bool = True) -> int:
        """How many leading tokens of the prompt `ids` need not be read again.

        All of them only where nobody `needs_logits`: reading ahead writes nothing.
        """
        known = self.ids
        common = max(min(common_prefix(known, ids), len(ids) - needs_logits), 0)
        if common == len(known) or self._can_be_cropped():
            return common
        return max((s.length for s in self._snapshots if s.length <= common), default=0)

    def lost(self, ids: Sequence[int]) -> int:
        """How many tokens only another conversation than that of `ids` could still want."""
        common = common_prefix(self.ids, ids)
        is_same = self.parting is not None and common >= self.parting
        return 0 if is_same else len(self.ids) - common

    def rewind(self, length: int) -> None:
        """Go back to the first `length` tokens, a number that `reusable` gave."""
        if length < len(self.ids):
            self._restore(length)

    def snapshot(self, *, is_cut: bool = False) -> None:
        """Remember this point, so that `rewind` can come back to it."""
        self.mark()
        here = next((point for point in self._points() if point.length == len(self.ids)), None)
        if here is None:
            return
        here = replace(here, is_cut=is_cut or here.is_cut)
        self._snapshots = [*(s for s in self._snapshots if s.length < here.length), here]
        while len(self._snapshots) > SNAPSHOTS:
            self.drop_snapshot()

    def drop_snapshot(self) -> bool:
        """Let go of the snapshot that is missed least; False when there is none.

        Kept longest are the first cut (another conversation over the same files begins there), the latest
        one and the end of the latest prompt. Of the others, the one goes that is nearest to the one before
        it: coming back to it will mean reading on from there.
        """
        cuts = [s for s in self._snapshots if s.is_cut]
        needed = {*cuts[:1], *cuts[-1:], *self._snapshots[-1:]}
        starts = dict(zip(self._snapshots, [0, *(s.length for s in self._snapshots)], strict=False))
        others = [s for s in self._snapshots if s not in needed] or self._snapshots[:1]
        least = min(others, key=lambda s: s.length - starts[s], default=None)
        self._snapshots = [s for s in self._snapshots if s is not least]
        return least is not None

    def mark(self) -> None:
        """Note that all layers agree here: what `settle` goes back to when the next pass is left."""
        fixed = self._fixed_layers()
        if fixed and self.ids and all(point.length != len(self.ids) for point in self._points()):
            self._mark = None  # before the copy: there is never more than one
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

    def expect(self, length: int) -> None:
        """So many tokens will be in it soon."""
        for layer in self.cache.layers:
            if type(layer) is GrowingLayer:
                layer.expected = length

    def rest(self) -> None:
        """Until the next read: hold no memory but for the cache and its snapshots."""
        self._mark = None
        for layer in self.cache.layers:
            if type(layer) in IN_PLACE:
                layer.rest()
                continue
            # After a long chunk the window of a sliding layer is a view that keeps the chunk alive.
            for name, value in vars(layer).items():
                if isinstance(value, torch.Tensor) and value.untyped_storage().nbytes() > 1.25 * value.nbytes:
                    setattr(layer, name, value.clone())

    @property
    def is_compact(self) -> bool:
        """True where it is kept in 8 bits."""
        return any(type(layer) is CompactLayer for layer in self.cache.layers)

    def compact(self) -> None:
        """Keep it in 8 bits from now on."""
        for index, layer in enumerate(self.cache.layers):
            self.cache.layers[index] = in_8_bits(layer)  # one after the other: each makes room for the next

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
                with torch.inference_mode():  # it was read so, and is written to
                    layer.reset()
            elif index in states:
                self.cache.layers[index] = copy_layer(states[index])
            else:
                crop_to(layer, length)
        self.ids = self.ids[:length]
        self.parting = None
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
        return [i for i, layer in enumerate(self.cache.layers) if type(layer) not in PLAIN]

    def _can_be_cropped(self) -> bool:
        """True as long as every layer still holds all there was."""
        return all(is_plain(layer) for layer in self.cache.layers)

    def tensors(self) -> Iterator[torch.Tensor]:
        """Of the cache, its snapshots and its mark; two prompts may share some."""
        for layer in self.cache.layers:
            yield from tensors_of(layer)
        for point in self._points():
            for layer in point.layers.values():
                yield from tensors_of(layer)

    def rates(self) -> tuple[float, int]:
        """Bytes a token of the layers that grow with the prompt, and bytes of all others together."""
        fixed = set(self._fixed_layers())
        sizes = [sum(t.nbytes for t in tensors_of(layer)) for layer in self.cache.layers]
        states = sum(sizes[index] for index in fixed)
        return (sum(sizes) - states) / max(len(self.ids), 1), states


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
