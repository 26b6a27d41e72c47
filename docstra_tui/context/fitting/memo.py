"""Tokens that were counted once and are not counted again."""

from __future__ import annotations

from collections.abc import Callable

from docstra_tui.llm.items import ContextItem

Count = Callable[[ContextItem], int]
"""Tokens that an item adds to the prompt."""


class Memo:
    """Counts each item once. `count` may be slow: ask in a worker, then the plan never waits."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._known: dict[tuple[object, ...], int] = {}

    def __call__(self, item: ContextItem) -> int:
        mark = (*item.key, item.sha256)
        tokens = self._known.get(mark)
        if tokens is None:
            tokens = self._known[mark] = self._count(item)
        return tokens

    def put(self, item: ContextItem, tokens: int) -> None:
        """It was counted elsewhere."""
        self._known[(*item.key, item.sha256)] = tokens

    def knows(self, item: ContextItem) -> bool:
        """True when asking for it takes no time."""
        return (*item.key, item.sha256) in self._known
