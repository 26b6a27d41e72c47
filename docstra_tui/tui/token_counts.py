"""What each ticked file adds to the prompt: counted in the background, once for each content."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.errors import DocstraError
from docstra_tui.tui.lane import Lane

if TYPE_CHECKING:
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession

WORK_SECONDS = 0.25
"""Counting goes on this long before the screen hears of it, and may want something else."""

UNKNOWN = "…"

Key = tuple[str | None, int | None, int | None, str]


@dataclass(frozen=True)
class Count:
    """Tokens of a file, or of several."""

    tokens: int
    is_exact: bool = True
    is_whole: bool = True
    """False while some of it is not counted yet."""

    def __str__(self) -> str:
        if not self.is_whole:
            return UNKNOWN
        return f"{'' if self.is_exact else '≈'}{figures.tokens(self.tokens)}"


def total(counts: Iterable[Count | None]) -> Count | None:
    """The sum; None of nothing. Looks no further than the first that is not known."""
    tokens, is_exact, is_some = 0, True, False
    for count in counts:
        if count is None:
            return Count(tokens, is_exact, is_whole=False)
        is_some = True
        tokens += count.tokens
        is_exact = is_exact and count.is_exact
    return Count(tokens, is_exact) if is_some else None


class TokenCounts:
    """Counts by content, for the model in use."""

    def __init__(self, lane: Lane, told: Callable[[], None]) -> None:
        self._lane = lane
        self._told = told
        self._session: ChatSession | None = None
        self._llm: BaseLLM | None = None
        self._counts: dict[Key, Count] = {}
        self._wanted: tuple[ContextItem, ...] = ()

    def of(self, item: ContextItem) -> Count | None:
        """None while it is not known."""
        return self._counts.get(_key(item))

    def want(self, items: Sequence[ContextItem], session: ChatSession | None) -> None:
        """Count these; what was wanted before and is not now is not counted any more."""
        llm = session.llm if session is not None else None
        if llm is not self._llm:
            self._llm, self._counts = llm, {}
        self._session = session
        self._wanted = tuple(items)
        self.go_on()

    def go_on(self) -> None:
        """Count what is missing; nobody could so far, perhaps."""
        session, wanted, llm = self._session, self._wanted, self._llm
        if session is None or llm is None or not wanted:
            return

        def work() -> dict[Key, Count]:
            from docstra_tui.session.outgoing import SecretsFound

            found: dict[Key, Count] = {}
            until = time.monotonic() + WORK_SECONDS
            scale = session.scale
            for item in wanted:
                if not self._is_missing(item, llm.counts_exactly):
                    continue
                if self._wanted is not wanted or time.monotonic() > until:
                    break
                try:
                    tokens = scale.item(item)
                except SecretsFound:
                    continue  # not counted elsewhere before somebody decided
                except DocstraError:
                    break  # nobody can count now; the next look tries again
                found[_key(item)] = Count(tokens, scale.is_exact)
            return found

        self._lane.do(work, lambda found: self._counted(llm, found), lambda error: None, key="tokens")

    def _is_missing(self, item: ContextItem, can_be_exact: bool) -> bool:
        known = self._counts.get(_key(item))
        return known is None or (can_be_exact and not known.is_exact)

    def _counted(self, llm: BaseLLM, found: dict[Key, Count]) -> None:
        if found and llm is self._llm:
            self._counts.update(found)
            self._told()
            self.go_on()


def _key(item: ContextItem) -> Key:
    return (*item.key, item.sha256)
