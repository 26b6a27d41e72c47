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
        best, reuse, lost = self._nearest(ids, compact)
        unread = int(self._token_bytes * (len(ids) - reuse + more))
        if best is None or not reuse or reuse < WORTH_COPYING < lost:
            return self._start(CachedPrompt(self._new_cache()), unread + self._state_bytes)
        if lost > WORTH_COPYING:
            # A copy has layers of its own, and reading on leaves two snapshots of its own.
            size = int(self._token_bytes * reuse) + 3 * self._state_bytes + unread
            if self._fits_beside(best, size):
                best.is_left_behind = False  # it must not be what goes to make room for its copy
                self._make_room(size)
                self._taken = best.branch(reuse, self._new_cache())
                best.is_left_behind = True
                return self._taken
        self._prompts = [prompt for prompt in self._prompts if prompt is not best]
        best.rewind(reuse)
        return self._start(best, unread)

    def _nearest(self, ids: Sequence[int], compact: bool) -> tuple[CachedPrompt | None, int, int]:
        """The cache to go on from, how many tokens of it can stay, and how many would be `lost`.

        Where several have as much in common, one that loses little, else the most recently used one.
        """
        found: tuple[CachedPrompt | None, int, int] = (None, 0, 0)
        for prompt in self._serving(compact):
            reuse, lost = prompt.reusable(ids), prompt.lost(ids)
            if (reuse, lost <= WORTH_COPYING) >= (found[1], found[2] <= WORTH_COPYING):
                found = (prompt, reuse, lost)
        return found

    def _serving(self, compact: bool) -> list[CachedPrompt]:
        """Those that may be gone on from."""
        return [prompt for prompt in self._prompts if compact or not prompt.is_compact]

    def _start(self, prompt: CachedPrompt, unread: int) -> CachedPrompt:
        prompt.is_left_behind = False
        self._taken = prompt
        self._make_room(unread)
        return prompt

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

    def _fits_beside(self, prompt: CachedPrompt, size: int) -> bool:
        """True when `size` more bytes fit without giving up `prompt`: those that go before it may go."""
        later = self._prompts[self._prompts.index(prompt) :]
        stay = [other for other in later if other is prompt or not other.is_left_behind]
        return _nbytes(stay) + size <= min(self.limit, self.free)

    def _make_room(self, size: int = 0) -> None:
        """Let go of caches that are not in use until `size` more bytes fit, those left behind first."""
        while self._prompts and self.nbytes() + size > min(self.limit, self.free):
            first = min(self._prompts, key=lambda prompt: not prompt.is_left_behind)
            self._prompts = [prompt for prompt in self._prompts if prompt is not first]

    def forget_taken(self) -> None:
        """The cache in use cannot be trusted."""
        self._taken = None

    def reusable(self, ids: Sequence[int], *, compact: bool = False) -> int:
        """How many leading tokens of `ids` are here. May be asked from another thread."""
        taken = self._taken
        prompts = self._serving(compact)
        if taken is not None and (compact or not taken.is_compact):
            prompts.append(taken)
        return max((prompt.reusable(ids) for prompt in prompts), default=0)

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
        """Forget everything."""
        self._taken = None
        self._prompts = []

    def nbytes(self) -> int:
        """Memory of all caches, snapshots and marks, the cache in use among them, in bytes."""
        return _nbytes([*self._prompts, *([self._taken] if self._taken is not None else [])])


def _is_part_of(known: CachedPrompt, prompt: CachedPrompt) -> bool:
    """True when `known` holds nothing that `prompt` does not."""
    return len(known.ids) <= len(prompt.ids) and prompt.ids[: len(known.ids)] == known.ids


def _nbytes(prompts: Iterable[CachedPrompt]) -> int:
    """What they hold together: what a branch shares with its origin counts once."""
    return sum({id(t): t.nbytes for prompt in prompts for t in prompt.tensors()}.values())
