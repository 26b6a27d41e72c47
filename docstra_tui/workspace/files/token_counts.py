"""What each ticked file adds to the prompt: counted in the background, once for each content."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.errors import DocstraError
from docstra_tui.workspace.jobs import JobQueue

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

    def __init__(self, jobs: JobQueue, told: Callable[[], None]) -> None:
        self._jobs = jobs
        self._told = told
        self._session: ChatSession | None = None
        self._llm: BaseLLM | None = None
        self._counts: dict[Key, Count] = {}
        self._wanted: tuple[ContextItem, ...] = ()
        self.is_beyond = False
        """True when those wanted have more than eight windows together: what is not counted is estimated."""

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
        self.is_beyond = False
        self.go_on()

    def go_on(self) -> None:
        """Count what is missing; nobody could so far, perhaps."""
        session, wanted, llm = self._session, self._wanted, self._llm
        if session is None or llm is None or not wanted or self.is_beyond:
            return

        def work() -> tuple[dict[Key, Count], bool]:
            until = time.monotonic() + WORK_SECONDS
            scale, is_beyond = session.scale, False
            with contextlib.suppress(DocstraError):  # nobody can count now; the next look tries again
                is_beyond = scale.add(
                    wanted, is_wanted=lambda: self._wanted is wanted and time.monotonic() < until
                )
            return {
                _key(item): Count(scale.weight(item), scale.is_exact and scale.knows(item))
                for item in wanted
                if is_beyond or scale.item.knows(item)
            }, is_beyond

        self._jobs.do(
            work, lambda found: self._counted(llm, wanted, *found), lambda error: None, key="tokens"
        )

    def _counted(
        self, llm: BaseLLM, wanted: tuple[ContextItem, ...], found: dict[Key, Count], is_beyond: bool
    ) -> None:
        if llm is not self._llm:
            return
        new = {key: count for key, count in found.items() if self._counts.get(key) != count}
        self._counts.update(new)
        self.is_beyond = is_beyond and self._wanted is wanted
        if new:
            self._told()
            self.go_on()


def _key(item: ContextItem) -> Key:
    return (*item.key, item.sha256)
