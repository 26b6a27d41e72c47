"""What was typed, or accepted, and not asked yet. The disk has it too, by the conversation's record."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from docstra_tui.session.record import Record
from docstra_tui.session.turns import ModelChoice, SavedTurn, WaitingQuestion

APART = 1e-5
"""Seconds between two that wait: by the moment they were accepted, the disk knows their order."""


class Unsent:
    """The draft, and the questions that wait for their turn. Any thread."""

    def __init__(self, record: Record, draft: str = "", waiting: Iterable[WaitingQuestion] = ()) -> None:
        self.waiting = list(waiting)
        """Accepted and not asked yet, in their order."""
        self._record = record
        self._draft = draft
        self._lock = threading.Lock()
        """The turn's thread takes a question away while the screen's adds one."""

    @property
    def draft(self) -> str:
        """What was typed and not sent."""
        return self._draft

    @draft.setter
    def draft(self, text: str) -> None:
        self._draft = text
        self._record.save_draft(text)

    def accept(self, text: str, draft: str, choice: ModelChoice) -> WaitingQuestion:
        """Let a question wait for its turn; `draft` is what is typed beside it."""
        question = WaitingQuestion(text)
        with self._lock:
            self.waiting.append(question)
        self._draft = draft
        self._record.accept(question, draft, choice)
        return question

    def take_back(self, questions: Sequence[WaitingQuestion], draft: str) -> None:
        """These wait no more; what they said is in `draft` now."""
        numbers = {question.id for question in questions}
        self._drop(numbers)
        self._draft = draft
        self._record.take_back(numbers, draft)

    def reorder(self, numbers: Sequence[int]) -> None:
        """They are asked in this order, by number; those that are not named come first. On the disk too."""
        with self._lock:
            rows = sorted(self.waiting, key=lambda one: numbers.index(one.id) if one.id in numbers else -1)
            moments = sorted(one.accepted for one in rows)
            for at in range(1, len(moments)):
                moments[at] = max(moments[at], moments[at - 1] + APART)
            self.waiting = [replace(one, accepted=at) for one, at in zip(rows, moments, strict=True)]
            self._record.reorder(self.waiting)

    def take_over(self, other: Unsent) -> None:
        """What waits in another session is asked in this one."""
        with other._lock:
            moved, other.waiting = other.waiting, []
        with self._lock:
            self.waiting += moved
        self._record.take_over(moved)

    def has_begun(self, turn: SavedTurn) -> None:
        """The question of this turn waits no more."""
        self._drop({turn.id})

    def _drop(self, numbers: set[int]) -> None:
        with self._lock:
            self.waiting = [one for one in self.waiting if one.id not in numbers]
