"""What each part of a prompt weighs: the tokens that it adds to what is sent. Blocks, for workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from docstra_tui.context.fit import Memo
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Turn

PLAIN = "answer_question"
QUESTION = "?"
"""Stands behind what is weighed: without one, the empty lines in front of it would belong to nothing."""


class Scale:
    """Weighs for one model; each item once. A tokenizer joins what meets, so parts sum up to the whole
    only within a few tokens: count the whole where it matters."""

    def __init__(self, llm: BaseLLM) -> None:
        self.llm = llm
        self.item = Memo(self._item)
        """Tokens of an item."""
        self._turns: dict[tuple[str, str, str], int] = {}
        self._empty: int | None = None
        self._unasked: int | None = None
        self._was_exact = False

    @property
    def empty(self) -> int:
        """Tokens of a prompt without a file or a turn, and next to no question."""
        if self._empty is None:
            self._empty = self._count()
            self._was_exact = self.llm.counts_exactly
        return self._empty

    @property
    def is_exact(self) -> bool:
        """False when what was weighed is an estimate, or partly one."""
        return self._was_exact and self.llm.counts_exactly

    @property
    def is_current(self) -> bool:
        """False once the model counts in another way than when the weighing began: begin again."""
        return self._empty is None or self._was_exact == self.llm.counts_exactly

    def question(self, task: str, fields: Mapping[str, Any]) -> int:
        """Tokens of a question."""
        asked = self.llm.prompt_builder.conversation(task, (), (), **fields)
        if self._unasked is None:
            self._unasked = self._count(question="")
        return max(0, self.llm.count_tokens(asked.messages) - self._unasked)

    def turn(self, turn: Turn) -> int:
        """Tokens of question and answer, without the items that came with them."""
        mark = (turn.task, turn.answer, repr(turn.fields))
        if mark not in self._turns:
            self._turns[mark] = self._count(history=(replace(turn, context=()),)) - self.empty
        return max(0, self._turns[mark])

    def _item(self, item: ContextItem) -> int:
        return max(0, self._count((item,)) - self.empty)

    def _count(
        self,
        items: tuple[ContextItem, ...] = (),
        history: tuple[Turn, ...] = (),
        question: str = QUESTION,
    ) -> int:
        asked = self.llm.prompt_builder.conversation(PLAIN, items, history, question=question)
        return self.llm.count_tokens(asked.messages)
