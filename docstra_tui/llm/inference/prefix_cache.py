"""The caches of all conversations, so that a prompt is read only from where it is new.

As in `cached_prompt`, everything here runs in the inference thread; only `reusable` may be asked from
others, so lists are replaced and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch

from docstra_tui.llm.inference.cached_prompt import CachedPrompt

WORTH_COPYING = 64
"""Tokens: a shorter beginning is read again rather than copied, a shorter end given up rather than kept."""


class PrefixCache:
    """The caches of all conversations, the most recently used ones within `limit` bytes."""

    def __init__(self, new_cache: Callable[[], Any], limit: int) -> None:
        self._new_cache = new_cache
        self.limit = limit
        """Bytes for all caches together; the one in use is always kept, if need be without snapshots."""
        self.free = limit
        """Bytes that all caches together may take now, for the memory that is free."""
        self._prompts: list[CachedPrompt] = []
        """Least recently used first."""
        self._taken: CachedPrompt | None = None
        """The one that is read into or written from now."""
        self._beside: list[CachedPrompt] = []
        """Those of answers that are written together: only copied from until they are put back."""
        self._token_bytes = 0.0
        """What one more token takes, as seen on the latest prompt; 0.0 before there was one."""
        self._state_bytes = 0
        """What the layers that do not grow take, once."""

    def take(self, ids: Sequence[int], more: int = 0, *, compact: bool = False) -> CachedPrompt:
        """The cache to read `ids` into, back at what it shares with them, and room for the rest and `more`.

        A cache that would lose much by going back is copied, as long as both fit: it is most likely
        another conversation over the same files, which goes on too. Put the cache back with `keep`; one
        that is not put back is forgotten, as it must be after an error. A `compact` one is kept in 8 bits,
        and serves no other than such questions.
        """
        taken = self._take(ids, more, compact)
        if compact and not taken.is_compact:
            taken.compact()
        return taken

    def _take(self, ids: Sequence[int], more: int, compact: bool) -> CachedPrompt:
        self._taken = None
        self._taken = self._begun(ids, more, compact, is_beside=False)
        return self._taken

    def take_beside(self, ids: Sequence[int], more: int = 0) -> CachedPrompt:
        """The same for an answer that is written while others are: until `leave` or `forget`, as many as
        are taken so are in use at once. Nobody's cache counts as left behind for it."""
        prompt = self._begun(ids, more, False, is_beside=True)
        self._beside = [*self._beside, prompt]
        return prompt

    def _begun(self, ids: Sequence[int], more: int, compact: bool, *, is_beside: bool) -> CachedPrompt:
        best, reuse, lost = self._nearest(ids, compact)
        is_in_use = any(best is prompt for prompt in self._beside)
        unread = int(self._token_bytes * (len(ids) - reuse + more))
        if best is not None and (lost > WORTH_COPYING or is_in_use) and reuse >= WORTH_COPYING:
            # A copy has layers of its own, and reading on leaves two snapshots of its own.
            size = int(self._token_bytes * reuse) + 3 * self._state_bytes + unread
            if self._fits_beside(best, size):
                was_left, best.is_left_behind = best.is_left_behind, False  # its copy must not make it go
                self._make_room(size)
                twin = best.branch(reuse, self._new_cache())
                best.is_left_behind = was_left if is_beside or is_in_use else True
                return twin
        if best is None or not reuse or is_in_use or reuse < WORTH_COPYING < lost:
            self._make_room(unread + self._state_bytes)
            return CachedPrompt(self._new_cache())
        self._prompts = [prompt for prompt in self._prompts if prompt is not best]
        best.rewind(reuse)
        best.is_left_behind = False
        self._make_room(unread + _nbytes([best]))
        return best

    def _nearest(self, ids: Sequence[int], compact: bool) -> tuple[CachedPrompt | None, int, int]:
        """The cache to go on from, how many tokens of it can stay, and how many would be `lost`.

        Where several have as much in common, one that loses little, else the most recently used one.
        """
        found: tuple[CachedPrompt | None, int, int] = (None, 0, 0)
        for prompt in [*self._beside, *self._serving(compact)]:
            reuse, lost = prompt.reusable(ids), prompt.lost(ids)
            if (reuse, lost <= WORTH_COPYING) >= (found[1], found[2] <= WORTH_COPYING):
                found = (prompt, reuse, lost)
        return found

    def _serving(self, compact: bool) -> list[CachedPrompt]:
        """Those that may be gone on from."""
        return [prompt for prompt in self._prompts if compact or not prompt.is_compact]

    def refresh(self, ids: Sequence[int], *, compact: bool = False) -> bool:
        """True when all of `ids` are here; the cache that has them counts as used now."""
        serving = reversed(self._serving(compact))
        whole = (p for p in serving if p.reusable(ids, needs_logits=False) == len(ids))
        holder = next(whole, None)
        if holder is not None:
            holder.is_left_behind = False
            self._prompts = [*(p for p in self._prompts if p is not holder), holder]
        return holder is not None

    def keep(self, prompt: CachedPrompt) -> None:
        """Put a cache back as the most recently used one, and hold to the limit."""
        if not prompt.ids:
            self._taken = None
            return
        self._taken = prompt
        prompt.rest()
        if not prompt.is_compact:
            self._token_bytes, self._state_bytes = prompt.rates()
        self._prompts = [
            known
            for known in self._prompts
            if known.is_compact < prompt.is_compact or not _is_part_of(known, prompt)
        ]
        self._make_room()
        while self.nbytes() > self.limit and prompt.drop_snapshot():
            pass
        self._prompts = [*self._prompts, prompt]
        self._taken = None

    def leave(self, prompt: CachedPrompt) -> None:
        """Put back one of several: it is kept as long as nothing else needs the room."""
        self.forget(prompt)
        if not prompt.ids:
            return
        prompt.rest()
        prompt.is_left_behind = True
        others = [p for p in self._prompts if not p.is_left_behind]
        left = [p for p in self._prompts if p.is_left_behind and not _is_part_of(p, prompt)]
        while left and _nbytes([*left, *others, *self._beside, prompt]) > self._most:
            left.pop(0)
        if _nbytes([*others, *self._beside, prompt]) <= self._most:
            left.append(prompt)
        self._prompts = [*left, *others]

    def forget(self, prompt: CachedPrompt) -> None:
        """One of several cannot be trusted."""
        self._beside = [other for other in self._beside if other is not prompt]

    def has_room(self, size: int) -> bool:
        """True when answers of `size` bytes can be written together and no conversation loses its cache."""
        return _nbytes(prompt for prompt in self._prompts if not prompt.is_left_behind) + size <= self._most

    @property
    def _most(self) -> int:
        return min(self.limit, self.free)

    def _fits_beside(self, prompt: CachedPrompt, size: int) -> bool:
        """True when `size` more bytes fit without giving up `prompt`: those that go before it may go."""
        at = next((n for n, other in enumerate(self._prompts) if other is prompt), len(self._prompts))
        stay = [other for other in self._prompts[at:] if other is prompt or not other.is_left_behind]
        return _nbytes([*stay, *self._beside]) + size <= self._most

    def _make_room(self, size: int = 0) -> None:
        """Let go of caches that are not in use until `size` more bytes fit, those left behind first."""
        while self._prompts and self.nbytes() + size > self._most:
            first = min(self._prompts, key=lambda prompt: not prompt.is_left_behind)
            self._prompts = [prompt for prompt in self._prompts if prompt is not first]

    def forget_taken(self) -> None:
        """The cache in use cannot be trusted."""
        self._taken = None

    def reusable(self, ids: Sequence[int], *, compact: bool = False) -> int:
        """How many leading tokens of `ids` are here. May be asked from another thread."""
        taken = self._taken
        prompts = [*self._serving(compact), *self._beside]
        if taken is not None and (compact or not taken.is_compact):
            prompts.append(taken)
        return max((prompt.reusable(ids) for prompt in prompts), default=0)

    def behind(self, ids: Sequence[int]) -> list[Sequence[int]]:
        """What is here of answers to the prompt `ids`: what stands behind it, in each cache that begins with
        it. May be asked from another thread."""
        size, begin = len(ids), list(ids)
        every = [prompt.ids for prompt in self._prompts]
        return [known[size:] for known in every if len(known) > size and known[:size] == begin]

    @property
    def latest(self) -> CachedPrompt | None:
        """The most recently used one; None where there is none."""
        return self._prompts[-1] if self._prompts else None

    def keep_latest(self) -> None:
        """Forget all but the most recently used one."""
        self._prompts = self._prompts[-1:]

    def tensors(self) -> Iterator[torch.Tensor]:
        """Of all that is kept."""
        for prompt in self._prompts:
            yield from prompt.tensors()

    def clear(self) -> None:
        """Forget everything but what answers are written from together."""
        self._taken = None
        self._prompts = []

    @property
    def can_go(self) -> int:
        """Bytes of what no answer that is written together with others needs."""
        return self.nbytes() - _nbytes(self._beside)

    def nbytes(self) -> int:
        """Memory of all caches, snapshots and marks, the cache in use among them, in bytes."""
        taken = [self._taken] if self._taken is not None else []
        return _nbytes([*self._prompts, *self._beside, *taken])


def _is_part_of(known: CachedPrompt, prompt: CachedPrompt) -> bool:
    """True when `known` holds nothing that `prompt` does not."""
    return len(known.ids) <= len(prompt.ids) and prompt.ids[: len(known.ids)] == known.ids


def _nbytes(prompts: Iterable[CachedPrompt]) -> int:
    """What they hold together: what a branch shares with its origin counts once."""
    return sum({id(t): t.nbytes for prompt in prompts for t in prompt.tensors()}.values())
