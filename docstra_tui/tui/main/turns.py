"""Where questions become turns: between the composer, the queue, the chat and the conversation.

Runs on the screen's thread; the turn itself runs in `workspace.turns.queue.TurnQueue`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstra_tui.context.fitting.ranges import find_lines
from docstra_tui.context.mentions import write_mention
from docstra_tui.context.picks import Pick
from docstra_tui.errors import ContextOverflow, DocstraError, EngineDied, NotAllowed, NotAsked
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.shown import shown_turn, turn_ending
from docstra_tui.tui.transcript.layout.ending import TurnEnding
from docstra_tui.workspace.commands import Command
from docstra_tui.workspace.files.selection import FileSelection, ReadReport
from docstra_tui.workspace.jobs import Deliver, JobQueue
from docstra_tui.workspace.turns.queue import Outcome, TurnQueue, TurnRequest
from docstra_tui.workspace.turns.waiting import bring_back, joined

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.running import RunningTurn
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.tui.main.older_turns import OlderTurns
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer


@dataclass(frozen=True)
class Reports:
    """Whom the turns tell what happened."""

    began: Callable[[], None]
    """A turn's question stands in the conversation."""
    changed: Callable[[], None]
    """Something the status bar shows is different."""
    ended: Callable[[Outcome], None]
    """A turn is over."""
    engine_died: Callable[[DocstraError], None]
    warn: Callable[[str], None]
    """A sentence for a toast; already safe to show."""


class NotTicked(DocstraError):
    """A file of a task was left out while it waited; the other files are asked about."""


WITHDRAWN = (ContextOverflow, NotAllowed, NotAsked, NotTicked)
"""What keeps a question from being one: the conversation is what it was before."""


class Turns:
    """One conversation's turns."""

    def __init__(
        self,
        conversation: TranscriptView,
        composer: Composer,
        picks: FileSelection,
        older: OlderTurns,
        reports: Reports,
        deliver: Deliver,
    ) -> None:
        self.queue = TurnQueue(conversation.append, lambda: _deliver(deliver, self.look))
        self._conversation = conversation
        self._composer = composer
        self._picks = picks
        self._older = older
        self._reports = reports
        self._to_screen = deliver
        self._session: ChatSession | None = None
        self._read = ReadReport()
        """What the turn's thread found when it read the files."""
        self._saver = JobQueue("questions", deliver)
        self._is_closed = False
        self.ready = False
        """True while the model can answer; turns wait until then."""

    def use(self, session: ChatSession) -> None:
        """Show and continue this chat."""
        before, self._session = self._session, session
        session.admission.count_changed = lambda: _deliver(self._to_screen, self._reports.changed)
        self._conversation.load([shown_turn(turn) for turn in session.turns])
        self._older.use(session)
        self._composer.remember([turn.question for turn in session.turns])
        self._take_words(before, session)

    def _take_words(self, before: ChatSession | None, session: ChatSession) -> None:
        """Into the composer comes what was written for this chat and not asked. What stands there stays
        with the chat before, where that is one with turns; else it comes along."""
        written = self._composer.text
        comes_along = before is not None and not (before.turns and session.turns)
        if before is not None:
            before.draft = "" if comes_along else written
        count = bring_back(session, [written] if comes_along or before is None else [])
        if before is not None:
            session.take_over(before)
        if session.draft != written:
            self._composer.write(session.draft)
        if count:
            what = "This question was" if count == 1 else f"These {count} questions were"
            self._reports.warn(f"{what} not sent yet. Enter asks.")

    def close(self) -> None:
        """Nothing starts any more; what waits is on the disk. Any thread."""
        self._is_closed = True
        self._saver.close()

    # TurnRequest

    def ask(self, text: str, written: str = "") -> bool:
        """Ask `text` about the ticked files; False when it has to stay in the composer."""
        return self._submit_words(text, lambda session: session.ask(text), written)

    def run_words(self, command: Command, words: str, written: str) -> bool:
        """Start a task over all ticked files; False when its words have to stay where they are."""
        match command.name:
            case "examples":
                shown = f"Generate examples: {words}"
                return self._submit_words(shown, lambda session: session.examples(words), written)
            case "custom":
                return self._submit_words(words, lambda session: session.custom(words), written)
            case _:
                return self.ask(words, written)

    def run_files(self, command: Command, picks: Sequence[Pick]) -> None:
        """Start a task with a turn for each of `picks`."""
        self._submit([self._file_request(command, pick) for pick in picks])

    def _submit_words(self, shown: str, start: Callable[[ChatSession], RunningTurn], written: str) -> bool:
        if self.queue.waits_typed:
            self._reports.warn("One question waits already. Esc gives it back.")
            return False
        self.submit(shown, start, written)
        return True

    def submit(
        self,
        shown: str,
        start: Callable[[ChatSession], RunningTurn],
        written: str = "",
        *,
        typed: bool = True,
    ) -> None:
        """Let a turn over all ticked files run when it is its turn; `written` is what goes back to the
        composer when it is not asked, where that is more than what is shown."""

        def read_and_start(session: ChatSession) -> RunningTurn:
            self._read = self._picks.read(session)  # as they are now, not as they were when ticked
            return start(session)

        self._submit([TurnRequest(shown, self._picks.paths, read_and_start, typed, written)])

    def _submit(self, requests: Sequence[TurnRequest]) -> None:
        """Let them wait. They are shown at once, and asked when the disk has them, or does not answer."""
        session = self._session
        if session is None or not requests:
            return
        left = self._composer.text
        for request in requests:
            if left.strip() == request.text.strip():
                left = ""
        accepted = [replace(one, question=session.accept(one.text, left)) for one in requests]
        questions = [one.question for one in accepted if one.question is not None]
        numbers = {question.id for question in questions}

        def settled(_: object) -> None:
            self.queue.saving -= numbers
            self.start_next()

        self.queue.saving |= numbers
        for request in accepted:
            self.queue.submit(request)
        self._reports.changed()
        self._saver.do(lambda: session.settle(questions[-1]), settled, settled)

    def _file_request(self, command: Command, pick: Pick) -> TurnRequest:
        def start(session: ChatSession) -> RunningTurn:
            report = self._read = self._picks.read(session)
            item = find_lines(session.wholes, *pick)
            if item is None and any(one.path == pick.path for one in session.wholes):
                # Ticked in other lines, which stay as they are: they may stand before an earlier question.
                item = self._picks.read_now(pick)
            if item is None:
                if pick.label not in report.left_out:
                    raise NotTicked(f"{pick.label} is not ticked any more: nothing was asked about it.")
                _, reason = report.left_out[pick.label]
                raise DocstraError(f"{pick.label} cannot be read: {reason}.")
            return session.document(item) if command.name == "document" else session.explain(item)

        written = f"/{command.name} {write_mention(pick.path, pick.start_line, pick.end_line)}"
        return TurnRequest(f"{command.title} {pick.label}", (pick.label,), start, written=written)

    def start_next(self) -> None:
        """Start what waits, if the model is there and nothing runs."""
        if self.ready and self._session is not None and not self._is_closed:
            request = self.queue.start_next(self._session)
            if request is not None:
                self._older.forget()
                self._conversation.begin_turn(request.shown, request.files)
                self._conversation.wait("reading…")
                self._reports.began()
        self._reports.changed()

    def stop(self) -> bool:
        """What waits and somebody wrote comes back to be changed. Where nothing does, the answer stops,
        and with it the other files of its task. False when there was neither."""
        written = self.queue.take_written()
        had = bool(written) or self.queue.busy or bool(self.queue.waiting)
        if written:
            self._give_back(written)
        else:
            self._forget(self.queue.stop())
        if had:
            self._reports.changed()
        return had

    def stop_answer(self) -> None:
        """Only the answer that is being written: what waits is asked when the model is ready again."""
        self.queue.stop_current()
        self._reports.changed()

    # While it runs

    def look(self) -> None:
        """The turn was started, its first piece has come, or it is over."""
        outcome = self.queue.take()
        if outcome is not None:
            self._end(outcome)
        elif not self.queue.has_text:
            self._picks.recount()
        self._reports.changed()

    def _end(self, outcome: Outcome) -> None:
        if outcome.turn is None and isinstance(outcome.error, WITHDRAWN):
            self._withdraw()
        else:
            ending = ending_of(outcome)
            if isinstance(outcome.error, EngineDied):  # a notice says it, and what to do
                ending = replace(ending, status="interrupted", error="", hint="")
            self._name_files(outcome.turn)
            self._conversation.end_turn(replace(ending, notes=(*self._read.notes, *ending.notes)))
        if isinstance(outcome.error, NotTicked):
            self._forget([outcome.request])
            self._reports.warn(sanitize_line(outcome.error.message))
        elif outcome.error is not None:
            self._end_the_others(outcome)
            if isinstance(outcome.error, EngineDied):
                self._reports.engine_died(outcome.error)
        if self._session is not None:
            self._composer.remember([turn.question for turn in self._session.turns])
        self._picks.recount()
        self._reports.ended(outcome)
        self.start_next()

    def _end_the_others(self, outcome: Outcome) -> None:
        """After an error nothing else is sent by itself. What was written comes back; what failed too,
        where it stands nowhere else or nothing was written since."""
        dropped = self.queue.stop()
        written = [request for request in dropped if request.typed]
        failed = outcome.request
        if failed.typed and (outcome.turn is None or not (written or self._composer.text.strip())):
            written.insert(0, failed)
        tasks = [request for request in dropped if not request.typed]
        self._forget(tasks if outcome.turn is not None or failed.typed else [failed, *tasks])
        self._give_back(written)
        if tasks:
            many = len(tasks) > 1
            self._reports.warn(f"{len(tasks)} waiting turn{'s were' if many else ' was'} not sent.")

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
        """What is not asked goes back to where it was written, above what was begun there."""
        if requests:
            text = joined(*(request.text for request in requests), self._composer.text)
            self._no_longer_wait(requests, text)
            self._composer.write(text)

    def _forget(self, requests: Sequence[TurnRequest]) -> None:
        """The other files of a task that was stopped."""
        if requests:
            self._no_longer_wait(requests, self._composer.text)

    def _no_longer_wait(self, requests: Sequence[TurnRequest], text: str) -> None:
        session = self._session
        if session is not None:
            numbers = {request.question.id for request in requests if request.question is not None}
            session.take_back([one for one in session.waiting if one.id in numbers], text)


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
