"""The beginning of a very long session: read back from the store when somebody scrolls up to it.

It is there for looking, and gone with the next question, so that a session takes no more memory the
longer it is. Runs on the screen's thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.tui.transcript.saved_turns import followed, shown_turn
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.tui.transcript.view import TranscriptView


class OlderTurns:
    """Those that the chat does not hold."""

    def __init__(self, conversation: TranscriptView, jobs: JobQueue) -> None:
        self._conversation = conversation
        self._jobs = jobs
        self._session: ChatSession | None = None
        self._first: SavedTurn | None = None
        """The one at the top."""
        self.turns: list[SavedTurn] = []
        """Those that are shown."""

    def use(self, session: ChatSession) -> None:
        """This chat is shown now."""
        self._session, self.turns = session, []
        self._begin_again()

    def read(self) -> None:
        """Put some more above the first."""
        session, first = self._session, self._first
        if session is not None and first is not None:
            self._jobs.do(
                lambda: session.older(first),
                lambda turns: self._came(first, turns),
                lambda error: None,  # the next scroll to the top asks again
                key="older turns",
            )

    def forget(self) -> None:
        """Only what the chat holds is shown again."""
        if self.turns:
            self._conversation.drop_first(len(self.turns))
            self.turns = []
            self._begin_again()

    def _begin_again(self) -> None:
        session = self._session
        has_older = session is not None and bool(session.skipped and session.turns)
        self._first = session.turns[0] if session is not None and has_older else None
        self._conversation.has_older = has_older

    def _came(self, first: SavedTurn, turns: list[SavedTurn]) -> None:
        if self._first is not first:
            return  # another chat, or a question meanwhile
        if not turns:
            self._conversation.has_older = False
            return
        self._first = turns[0]
        self.turns[:0] = turns
        self._conversation.prepend([followed(shown_turn(turn)) for turn in turns])
        if self._session is not None:
            self._conversation.show_forks(self._session.branches.forks)
