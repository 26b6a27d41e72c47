"""A conversation's place among the saved sessions. One that is not saved has one too: it keeps nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, SavedTurn, WaitingQuestion

OLDER = 200
"""Turns that are read back at once."""


class Record:
    """Saves what is said in one session. Any thread; only `settle`, `begin`, `turns` and `older` wait."""

    def __init__(self, store: SessionStore | None = None, session_id: str | None = None) -> None:
        self.id = session_id
        """None where nothing is saved."""
        self._place = (store, session_id) if store is not None and session_id is not None else None

    @property
    def problem(self) -> str | None:
        """Why it is not being saved, ready to show; None while it is."""
        return self._place[0].problem if self._place is not None else None

    def lacks(self, turns: Iterable[SavedTurn]) -> bool:
        """True when the disk lacks one of the turns, a bit of one, what waits or what is typed."""
        if self._place is None:
            return False
        store, session_id = self._place
        return store.lacks_words(session_id) or any(store.is_behind(turn.id) for turn in turns)

    # Before a turn

    def save_draft(self, text: str) -> None:
        """What is typed."""
        if self._place is not None:
            store, session_id = self._place
            store.save_draft(session_id, text)

    def accept(self, question: WaitingQuestion, draft: str, choice: ModelChoice) -> None:
        """A question waits, and `draft` is typed beside it."""
        if self._place is not None:
            store, session_id = self._place
            store.accept(session_id, question, draft=draft, choice=choice)

    def settle(self, question: WaitingQuestion) -> bool:
        """Wait until the disk has it; False when it has not, and `problem` says why."""
        return self._place is None or self._place[0].settle(question.id)

    def take_back(self, numbers: Collection[int], draft: str) -> None:
        """These wait no more; what they said is in `draft`."""
        if self._place is not None:
            store, session_id = self._place
            store.take_back(session_id, numbers, draft)

    def reorder(self, questions: Iterable[WaitingQuestion]) -> None:
        """They wait in this order, as the moments say at which they were accepted."""
        if self._place is not None:
            self._place[0].reorder(questions)

    def take_over(self, questions: Iterable[WaitingQuestion]) -> None:
        """These wait here, and no more in the session that they were accepted in."""
        if self._place is not None:
            store, session_id = self._place
            for question in questions:
                store.move_waiting(session_id, question.id)

    # A turn

    def begin(self, turn: SavedTurn, choice: ModelChoice) -> None:
        """The disk has the question when this returns, or `problem` says why not."""
        if self._place is not None:
            store, session_id = self._place
            store.begin_turn(session_id, turn, choice)

    def add_piece(self, turn: SavedTurn, piece: str) -> None:
        """A bit more of the answer."""
        if self._place is not None:
            self._place[0].add_piece(turn.id, piece)

    def add_thought(self, turn: SavedTurn, thought: str) -> None:
        """A bit more of what is thought before it; the turn says how long that took."""
        if self._place is not None:
            self._place[0].add_thought(turn.id, thought, turn.thinking_s)

    def reframe(self, turn: SavedTurn) -> None:
        """All that came as its answer was thought."""
        if self._place is not None:
            self._place[0].reframe(turn.id)

    def keep_settings(self, turn: SavedTurn) -> None:
        """It is known with which ones it was sent."""
        if self._place is not None:
            self._place[0].keep_settings(turn)

    def end(self, turn: SavedTurn, choice: ModelChoice, *, has_begun: bool) -> None:
        """How a turn ended. Of one that was stopped before it was sent, what was asked stays."""
        if self._place is not None:
            store, session_id = self._place
            if not has_begun:
                store.keep_turn(session_id, turn, choice)
            store.end_turn(turn.id, turn)

    # Other branches

    def turns(self, numbers: Sequence[int], characters: int | None = None) -> list[SavedTurn]:
        """Turns of whatever branch; of them the last with about so many characters. Raises `StoreError`."""
        if self._place is None:
            return []
        store, session_id = self._place
        return store.turns(session_id, numbers, characters)

    def show_path(self, tip: int) -> None:
        """The path down to this turn is shown from now on."""
        if self._place is not None:
            store, session_id = self._place
            store.show_path(session_id, tip)

    def mark_deleted(self, number: int, is_deleted: bool) -> None:
        """A turn is gone, or there again."""
        if self._place is not None:
            store, session_id = self._place
            store.mark_deleted(session_id, number, is_deleted)

    def older(self, before: SavedTurn) -> list[SavedTurn]:
        """Up to `OLDER` turns that were asked before another. Raises `StoreError`."""
        if self._place is None:
            return []
        store, session_id = self._place
        return store.turns_before(session_id, before, OLDER)
