"""What each part of a prompt weighs: the tokens that it adds to what is sent. Blocks, for workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from docstra_tui.context.fitting.memo import Memo
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import WINDOWS_COUNTED, estimate
from docstra_tui.llm.prompt import Message, Turn
from docstra_tui.session.turn_request import PLAIN

QUESTION = "?"
"""Stands behind what is weighed: without one, the empty lines in front of it would belong to nothing."""

BATCH, BATCH_CHARACTERS = 16, 60_000
"""Items and characters that are weighed in one go: a fraction of a second, after which a stop is noticed."""


class Scale:
    """Weighs for one model; each item once. A tokenizer joins what meets, so parts sum up to the whole
    only within a few tokens: count the whole where it matters."""

    def __init__(self, llm: BaseLLM) -> None:
        self.llm = llm
        self.item = Memo(self._item)
        """Tokens of an item."""
        self._beyond: set[str] = set()
        """Fingerprints of what alone has more than eight windows."""
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

    def weight(self, item: ContextItem) -> int:
        """Tokens of an item, without asking anybody: by its length where it was not weighed."""
        return self.item(item) if self.item.knows(item) else by_length(item)

    def knows(self, item: ContextItem) -> bool:
        """False where `weight` goes by length."""
        return self.item.knows(item) and item.sha256 not in self._beyond

    @property
    def most(self) -> int | None:
        """Tokens after which nobody weighs on; None where the window is unknown. May raise, and block."""
        window = self.llm.window
        return None if window is None else WINDOWS_COUNTED * window

    def add(
        self,
        items: Sequence[ContextItem],
        told: Callable[[int], None] = lambda done: None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Weigh these, several in one go, until together they have more than eight windows; True when they
        have. `told` hears how many are done. Ends early where `is_wanted` says so. Blocks.
        """
        together, most = 0, self.most
        for done, batch in _batches(items):
            missing = [item for item in batch if not self.item.knows(item)]
            if missing:
                if not is_wanted():
                    break
                self._weigh(missing)
                told(done)
            together += sum(map(self.item, batch))
            if most is not None and together > most:
                return True
        return False

    def _weigh(self, items: Sequence[ContextItem]) -> None:
        empty = self.empty
        asked = [self._asked((item,)) for item in items]
        for item, measure in zip(items, self.llm.count_each(asked), strict=True):
            tokens = max(0, measure.tokens - empty)
            if measure.is_least:
                self._beyond.add(item.sha256)
                tokens = max(tokens, by_length(item))
            self.item.put(item, tokens)

    def question(self, task: str, fields: Mapping[str, Any]) -> int:
        """Tokens of a question."""
        asked = self.llm.prompt_builder.asked(task, (), (), fields)
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
        return self.llm.count_tokens(self._asked(items, history, question))

    def _asked(
        self, items: tuple[ContextItem, ...], history: tuple[Turn, ...] = (), question: str = QUESTION
    ) -> list[Message]:
        return self.llm.prompt_builder.conversation(PLAIN, items, history, question=question).messages


def by_length(item: ContextItem) -> int:
    """Tokens of an item where nobody counts."""
    return estimate([{"role": "user", "content": item.content}])


def _batches(items: Sequence[ContextItem]) -> Iterator[tuple[int, list[ContextItem]]]:
    """A few of them, and how many there were up to here."""
    batch: list[ContextItem] = []
    size = 0
    for done, item in enumerate(items, 1):
        batch.append(item)
        size += len(item.content)
        if len(batch) >= BATCH or size >= BATCH_CHARACTERS or done == len(items):
            yield done, batch
            batch, size = [], 0
