"""Where questions become turns: between the composer, the queue, the chat and the conversation.

Runs on the screen's thread; the turn itself runs in `turns.TurnRunner`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstra_tui.context.picks import Pick
from docstra_tui.errors import ContextOverflow, DocstraError, EngineDied
from docstra_tui.tui.commands import TaskCommand
from docstra_tui.tui.lane import Deliver
from docstra_tui.tui.picks import FilePicks, ReadReport
from docstra_tui.tui.shown import shown_turn, turn_ending
from docstra_tui.tui.transcript.ending import TurnEnding
from docstra_tui.tui.turns import Outcome, TurnRequest, TurnRunner

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.running import RunningTurn
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.tui.older_turns import OlderTurns
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer


@dataclass(frozen=True)
class Reports:
    """Whom the desk tells what happened."""

    began: Callable[[], None]
    """A turn's question stands in the conversation."""
    changed: Callable[[], None]
    """Something the status bar shows is different."""
    ended: Callable[[Outcome], None]
    """A turn is over."""
    engine_died: Callable[[DocstraError], None]
    warn: Callable[[str], None]
    """A sentence for a toast; already safe to show."""


class TurnDesk:
    """One conversation's turns."""

    def __init__(
        self,
        conversation: TranscriptView,
        composer: Composer,
        picks: FilePicks,
        older: OlderTurns,
        reports: Reports,
        deliver: Deliver,
    ) -> None:
        self.runner = TurnRunner(conversation.append, lambda: _deliver(deliver, self.look))
        self._conversation = conversation
        self._composer = composer
        self._picks = picks
        self._older = older
        self._reports = reports
        self._session: ChatSession | None = None
        self._read = ReadReport()
        """What the turn's thread found when it read the files."""
        self.ready = False
        """True while the model can answer; turns wait until then."""

    def use(self, session: ChatSession) -> None:
        """Show and continue this chat."""
        self._session = session
        self._conversation.load([shown_turn(turn) for turn in session.turns])
        self._older.use(session)
        self._composer.remember([turn.question for turn in session.turns])
        if session.draft:
            self._composer.put_back(session.draft)

    # Asking

    def ask(self, text: str) -> bool:
        """Ask `text` about the ticked files; False when it has to stay in the composer."""
        if self.runner.waits_typed:
            self._reports.warn("One question waits already. Esc stops the answer and forgets it.")
            return False
        self.submit(text, lambda session: session.ask(text), typed=True)
        return True

    def run_task(self, command: TaskCommand, words: str, paths: Sequence[str]) -> None:
        """Start a task over `paths`: a turn each, or one over all of them."""
        if command.name == "ask":
            if not self.ask(words):
                self._composer.put_back(words)
        elif command.name == "examples":
            self.submit(f"Generate examples: {words}", lambda session: session.examples(words))
        elif command.name == "custom":
            self.submit(words, lambda session: session.custom(words))
        else:
            for path in paths:
                self._submit_file(command, path)

    def submit(self, shown: str, start: Callable[[ChatSession], RunningTurn], *, typed: bool = False) -> None:
        """Let a turn over all ticked files run when it is its turn."""

        def read_and_start(session: ChatSession) -> RunningTurn:
            self._read = self._picks.read(session)  # as they are now, not as they were when ticked
            return start(session)

        self.runner.submit(TurnRequest(shown, self._picks.paths, read_and_start, typed))
        self.start_next()

    def _submit_file(self, command: TaskCommand, path: str) -> None:
        def start(session: ChatSession) -> RunningTurn:
            report = self._read = self._picks.read(session)
            for item in session.wholes:
                if Pick(item.path or "", item.start_line, item.end_line).label == path:
                    return session.document(item) if command.name == "document" else session.explain(item)
            raise DocstraError(f"{path} cannot be read: {report.get(path, 'it is not ticked any more')}.")

        self.runner.submit(TurnRequest(f"{command.title} {path}", (path,), start))
        self.start_next()

    def start_next(self) -> None:
        """Start what waits, if the model is there and nothing runs."""
        if self.ready and self._session is not None:
            request = self.runner.start_next(self._session)
            if request is not None:
                self._older.forget()
                self._conversation.begin_turn(request.shown, request.files)
                self._conversation.wait("reading…")
                self._reports.began()
        self._reports.changed()

    def stop(self) -> bool:
        """Stop the answer and forget what waits; False when there was nothing to stop."""
        had = self.runner.busy or bool(self.runner.waiting)
        self._give_back(self.runner.stop())
        if had:
            self._reports.changed()
        return had

    # While it runs

    def look(self) -> None:
        """The turn was started, its first piece has come, or it is over."""
        outcome = self.runner.take()
        if outcome is not None:
            self._end(outcome)
        elif not self.runner.has_text:
            self._picks.recount()
        self._reports.changed()

    def _end(self, outcome: Outcome) -> None:
        if outcome.turn is None and isinstance(outcome.error, ContextOverflow):
            self._withdraw()
        else:
            ending = ending_of(outcome)
            if isinstance(outcome.error, EngineDied):  # a notice says it, and what to do
                ending = replace(ending, status="interrupted", error="", hint="")
            self._name_files(outcome.turn)
            self._conversation.end_turn(replace(ending, notes=(*self._read.notes, *ending.notes)))
        if outcome.error is not None:
            dropped = self.runner.stop()
            self._give_back((outcome.request, *dropped))
            tasks = sum(not request.typed for request in dropped)
            if tasks:
                self._reports.warn(f"{tasks} waiting turn{'s were' if tasks > 1 else ' was'} not sent.")
            if isinstance(outcome.error, EngineDied):
                self._reports.engine_died(outcome.error)
        if self._session is not None:
            self._composer.remember([turn.question for turn in self._session.turns])
        self._picks.recount()
        self._reports.ended(outcome)
        self.start_next()

    def _name_files(self, turn: SavedTurn | None) -> None:
        """Under the answer stand the files that the model got, whatever was ticked."""
        shown = self._conversation.document.turns
        if shown and shown[-1].is_streaming:
            shown[-1].files = tuple(item.label for item in turn.files) if turn is not None else ()

    def _withdraw(self) -> None:
        """Nothing was sent: the conversation is what it was before."""
        turns = self._session.turns if self._session is not None else []
        self._conversation.load([shown_turn(turn) for turn in turns])

    def _give_back(self, requests: Sequence[TurnRequest]) -> None:
        """A typed question that was not answered goes back to where it was written."""
        for request in requests:
            if request.typed:
                self._composer.put_back(request.shown)


def _deliver(deliver: Deliver, look: Callable[[], None]) -> None:
    try:
        deliver(look)
    except RuntimeError:  # the loop closed in between: nobody is left to look
        pass


def ending_of(outcome: Outcome) -> TurnEnding:
    """How a turn ended, for the eye."""
    if outcome.turn is not None:
        return turn_ending(outcome.turn, outcome.error)
    if outcome.error is not None:
        return TurnEnding("failed", error=outcome.error.message, hint=outcome.error.hint)
    return TurnEnding("cancelled")
