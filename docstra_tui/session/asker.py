"""Makes questions into turns: one at a time, each admitted first, and on the disk before it is sent."""

from __future__ import annotations

from contextlib import ExitStack, suppress

from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import AnswerStream, Listener
from docstra_tui.session.admission import Admission
from docstra_tui.session.branches import Branches
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.going_on import going_on, written
from docstra_tui.session.record import Record
from docstra_tui.session.running import RunningTurn
from docstra_tui.session.telling import Told, told_as
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import ModelChoice, SavedTurn
from docstra_tui.session.unsent import Unsent


class Asker:
    """Begins and ends the turns of one conversation: the keeper of its running one."""

    def __init__(self, dialogue: Dialogue, admission: Admission, branches: Branches) -> None:
        self.choice = ModelChoice()
        """How the model can be opened again; saved with each question."""
        self.record = Record()
        self.unsent = Unsent(self.record)
        self._dialogue = dialogue
        self._admission = admission
        self._branches = branches
        self._running: RunningTurn | None = None
        self._begun = 0
        """The turn that the record heard of last."""
        self.own: set[int] = set()
        """The turns that were asked here; not those of another program, or of an earlier start."""

    def ask(self, request: TurnRequest) -> RunningTurn:
        """The turn of a question. Raises `DocstraError` while another one runs, and what `admit` does."""
        dialogue = self._dialogue
        with ExitStack() as undoing:
            with dialogue.lock:
                self._refuse_second()
                self._admission.expect()
                dialogue.request, dialogue.told = request, None
            undoing.callback(self._not_asked, request)
            with suppress(DocstraError):  # a disk that does not answer holds up no question
                self._branches.look_again()
            if request.parent is not None:
                undoing.callback(self._branches.show, self._branches.shown)
                self._branches.go_back_to(request.parent)
            self._look_at(request)
            asked = self._admission.admit(request)
            with dialogue.lock:
                self._refuse_second()
                dialogue.request = asked
                turn = asked.goes_on if asked.goes_on is not None else self._new_turn(asked)
                self._running = RunningTurn(self, turn, asked)
            undoing.pop_all()
            return self._running

    def _look_at(self, request: TurnRequest) -> None:
        """Raises `DocstraError` where an answer that is to go on cannot."""
        turn = request.goes_on
        if turn is not None:
            going_on(self._dialogue.turns, turn.id)
            self._dialogue.llm.look_at(written(turn))

    def _new_turn(self, asked: TurnRequest) -> SavedTurn:
        """Behind the others."""
        dialogue = self._dialogue
        if not asked.is_alone:
            dialogue.context.bring(asked.focus)
        turn = SavedTurn(asked.shown, asked.task, dict(asked.fields), model=dialogue.model)
        if asked.question is not None:
            turn.id = asked.question.id
        dialogue.append(turn)
        self.own.add(turn.id)
        return turn

    def _not_asked(self, request: TurnRequest) -> None:
        with self._dialogue.lock:
            if self._dialogue.request is request:
                self._dialogue.request = None

    def _refuse_second(self) -> None:
        if self._running is not None and not self._running.ended:
            raise DocstraError("An answer is still being written.", "Stop it first, or wait for it.")

    # For the running turn

    def begin(self, turn: SavedTurn) -> Told:
        """Save the question; what is sent with it."""
        told = self._dialogue.begin(turn)
        self.record.begin(turn, self.choice)
        self._has_begun(turn)
        return told

    def answer(self, turn: SavedTurn, told: Told, listener: Listener) -> AnswerStream:
        """Have the model answer."""
        request = self._dialogue.request
        if request is not None and request.among is not None:
            return request.among.answer(request, listener)
        llm = self._dialogue.llm
        goes_on = request is not None and request.goes_on is not None
        asked = told_as(turn, llm.prompt_builder) if goes_on else turn
        return llm.run_task(
            asked.task,
            context=told.waiting,
            history=told.history,
            fields=asked.fields,
            think=request.think if request is not None else None,
            written=written(turn) if goes_on else None,
            listener=listener,
        )

    def add_piece(self, turn: SavedTurn, piece: str) -> None:
        """A bit more of the answer."""
        self.record.add_piece(turn, piece)

    def add_thought(self, turn: SavedTurn, thought: str) -> None:
        """A bit more of what is thought before it."""
        self.record.add_thought(turn, thought)

    def reframe(self, turn: SavedTurn) -> None:
        """All that came as its answer was thought."""
        self.record.reframe(turn)

    def keep_settings(self, turn: SavedTurn) -> None:
        """What was sent with it beside its words."""
        self.record.keep_settings(turn)

    def end(self, turn: SavedTurn) -> None:
        """The turn has its final status."""
        self._dialogue.end(turn)
        has_begun = self._begun == turn.id
        self.record.end(turn, self.choice, has_begun=has_begun)
        if not has_begun:
            self._has_begun(turn)

    def _has_begun(self, turn: SavedTurn) -> None:
        self._begun = turn.id
        self.unsent.has_begun(turn)
