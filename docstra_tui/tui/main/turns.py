"""The turns on the screen: what is asked goes into the queue, what comes of it into the conversation.

Reports with messages that bubble up from the conversation. Runs on the screen's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from docstra_tui.errors import ContextOverflow, EngineDied
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.program import Program
from docstra_tui.tui.transcript.saved_turns import ending_of, shown_turns
from docstra_tui.workspace.files.selection import ReadReport
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.jobs import Deliver, later
from docstra_tui.workspace.turns.queue import TurnQueue
from docstra_tui.workspace.turns.requests import NotTicked
from docstra_tui.workspace.turns.runner import Outcome
from docstra_tui.workspace.turns.waiting import bring_back, not_sent_yet

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Reading
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.tui.main.older_turns import OlderTurns
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer


class TurnBegan(Message):
    """A turn's question stands in the conversation."""


class TurnsChanged(Message):
    """What waits, or how far the turn is, is different."""


class TurnEnded(Message):
    """A turn is over."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Turns:
    """One screen's conversation and the queue behind it."""

    def __init__(
        self,
        conversation: TranscriptView,
        composer: Composer,
        files: WatchedSelection,
        older: OlderTurns,
        dialogs: Dialogs,
        deliver: Deliver,
        program: Program,
    ) -> None:
        self.queue = TurnQueue(files, self, deliver)
        self._conversation = conversation
        self._composer = composer
        self._files = files
        self._older = older
        self._dialogs = dialogs
        self._deliver = deliver
        self._program = program
        self._session: ChatSession | None = None
        self._is_whole = True
        """The last answer is as long as the model made it."""
        self._is_half = False
        """An answer that is shown was being written by another program."""

    def use(self, session: ChatSession) -> None:
        """Show and continue this chat."""
        before, self._session = self._session, session
        self.queue.use(session)
        session.admission.count_changed = lambda: later(self._deliver, self.changed)
        self._load(session.turns)
        self._older.use(session)
        self._composer.remember([turn.question for turn in session.turns])
        self._take_words(before, session)

    def show_path(self, turn_id: int = 0) -> None:
        """Other turns of the chat are gone on from; one of them may be marked."""
        session = self._session
        if session is not None:
            self._load(session.turns)
            self._older.use(session)
            self._composer.remember([turn.question for turn in session.turns])
            self._files.recount()
            self._conversation.go_to_turn(turn_id)

    def _load(self, turns: Sequence[SavedTurn]) -> None:
        self._conversation.load(shown_turns(turns))
        self._is_half = any(turn.status == "streaming" for turn in turns)
        self._show_forks()

    def _show_forks(self) -> None:
        """Which of several in its place each turn is."""
        if self._session is not None:
            self._conversation.show_forks(self._session.branches.forks)

    def _take_words(self, before: ChatSession | None, session: ChatSession) -> None:
        """Into the composer comes what was written for this chat and not asked. What stands there stays
        with the chat before, where that is one with turns; else it comes along."""
        written = self._composer.kept
        comes_along = before is not None and not (before.turns and session.turns)
        if before is not None:
            before.draft = "" if comes_along else written
        count = bring_back(session, [written] if comes_along or before is None else [])
        if before is not None:
            session.take_over(before)
        if session.draft != written:
            self._composer.write(session.draft)
        if count:
            self._dialogs.warn(not_sent_yet(count))

    # What the queue tells

    @property
    def written(self) -> str:
        return self._composer.kept

    def began(self, request: TurnRequest) -> None:
        self._older.forget()
        self._program.attention.began()
        session, question = self._session, request.question
        if request.parent is not None and session is not None:  # beside what followed that turn until now
            self._load(session.branches.before(request))
        number = question.id if question is not None else 0
        if request.goes_on is not None:
            self._conversation.go_on()
        else:
            self._conversation.begin_turn(request.shown, request.files, number)
        self._conversation.wait("reading…")
        self._conversation.post_message(TurnBegan())

    def read(self, report: ReadReport) -> None:
        """It stands under the answer when that is over."""

    def piece(self, text: str) -> None:
        self._conversation.append(text)

    def thought(self, text: str) -> None:
        self._conversation.think(text)

    def reframed(self) -> None:
        self._conversation.reframe()

    def reading(self, reading: Reading) -> None:
        """Whoever tells how long one waits asks the queue."""

    def changed(self) -> None:
        if self.queue.is_reading:
            self._files.recount()
            self._show_forks()  # what is asked beside others has its place now
        if not (self.queue.busy or self.queue.waiting):
            self._program.attention.ended(has_focus=self._program.app_focus, is_whole=self._is_whole)
        self._conversation.post_message(TurnsChanged())

    def ended(self, outcome: Outcome) -> None:
        self._is_whole = outcome.error is None and not outcome.stopped
        turns = self._session.turns if self._session is not None else []
        became = outcome.turn is not None and outcome.turn.question != outcome.request.shown
        # What was sent, if anything, is not what was shown so far; or more of another program's is there.
        if outcome.is_withdrawn or became or self._is_half:
            self._load(turns)
        else:
            self._end_shown(outcome)
            self._show_forks()
        if (error := outcome.error) is not None and outcome.is_withdrawn and not _is_said(outcome):
            self._dialogs.fail_with(error)
        if outcome.request.parent is not None and self._session is not None:
            self._older.use(self._session)
        self._composer.remember([turn.question for turn in turns])
        self._files.recount()
        self._conversation.post_message(TurnEnded(outcome))

    def wants_back(self, outcome: Outcome) -> bool:
        return True

    def give_back(self, text: str) -> None:
        self._composer.write(text)

    def warn(self, text: str) -> None:
        self._dialogs.warn(text)

    def _end_shown(self, outcome: Outcome) -> None:
        ending = ending_of(outcome)
        if isinstance(outcome.error, EngineDied):  # a notice says it, and what to do
            ending = replace(ending, status="interrupted", error="", hint="")
        self._name_files(outcome.turn)
        self._conversation.end_turn(replace(ending, notes=(*outcome.report.notes, *ending.notes)))

    def _name_files(self, turn: SavedTurn | None) -> None:
        """Under the answer stand the files that the model got, whatever was ticked."""
        shown = self._conversation.document.turns
        if shown and shown[-1].is_streaming:
            shown[-1].files = tuple(item.label for item in turn.files) if turn is not None else ()


def _is_said(outcome: Outcome) -> bool:
    """True where somebody stopped a question, was asked about what kept it back, or is told by the queue."""
    is_asked = outcome.request.goes_on is None and isinstance(outcome.error, ContextOverflow)
    return is_asked or outcome.stopped or isinstance(outcome.error, (SecretsFound, NotTicked))
