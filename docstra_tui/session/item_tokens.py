"""What a context item adds to the prompt: the conversation's tokens with it, less those without."""

from __future__ import annotations

from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem


class ItemTokens:
    """Counts for one model. Blocks; for one thread."""

    def __init__(self, llm: BaseLLM) -> None:
        self._llm = llm
        self._without: tuple[int, bool] | None = None

    def count(self, item: ContextItem) -> tuple[int, bool]:
        """Tokens, and whether that is exact. Raises `DocstraError` while nobody can count."""
        if self._without is None or self._without[1] != self._llm.counts_exactly:
            self._without = self._measure(())
        tokens, is_exact = self._measure((item,))
        return max(0, tokens - self._without[0]), is_exact and self._without[1]

    def _measure(self, items: tuple[ContextItem, ...]) -> tuple[int, bool]:
        asked = self._llm.prompt_builder.conversation("answer_question", items, (), question="")
        tokens = self._llm.count_tokens(asked.messages)
        return tokens, self._llm.counts_exactly
