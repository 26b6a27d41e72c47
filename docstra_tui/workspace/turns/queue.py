"""Questions that wait for their turn, and the turns that they become: one at a time, for either face.

Knows no widget and no prompt: a face says what it shows through `TurnFace`. Runs on the face's thread,
but for the turn itself (`runner`) and the saving.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.jobs import Deliver, JobQueue, later
from docstra_tui.workspace.turns import order
from docstra_tui.workspace.turns.branching import Editing
from docstra_tui.workspace.turns.listener import TurnListener
from docstra_tui.workspace.turns.requests import NotTicked
from docstra_tui.workspace.turns.runner import Outcome, TurnRunner
from docstra_tui.workspace.turns.waiting import joined

MOST = 50
"""Questions that somebody wrote and that may wait at once."""

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Reading
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.workspace.files.selection import ReadReport
    from docstra_tui.workspace.turns.files import TurnFiles


class TurnFace(TurnListener, Protocol):
    """Who shows the turns. Everything but what a `TurnListener` hears is called on the face's thread."""

    @property
    def written(self) -> str:
        """What stands where questions are written."""

    def began(self, request: TurnRequest) -> None:
        """Its turn has come: its files are read, and it is sent."""

    def read(self, report: ReadReport) -> None:
        """Its files were read."""

    def changed(self) -> None:
        """What waits, or how far the turn is, is different."""

    def ended(self, outcome: Outcome) -> None:
        """A turn is over."""

    def wants_back(self, outcome: Outcome) -> bool:
        """After an error: whether what was written comes back at once. Else the session keeps it until
        something else is asked."""

    def give_back(self, text: str) -> None:
        """This is what stands where questions are written now: what was not asked, above what was begun."""

    def warn(self, text: str) -> None:
        """A sentence about what was not asked; already safe to show."""


class TurnQueue:
    """The turns of one conversation."""

    def __init__(self, files: TurnFiles, face: TurnFace, deliver: Deliver) -> None:
        self._face = face
        self._runner = TurnRunner(files, face, lambda: later(deliver, self.look))
        self._saver = JobQueue("questions", deliver)
        self._session: ChatSession | None = None
        self._saving: set[int] = set()
        """Numbers of the questions that are on their way to the disk; none starts before it is there."""
        self._is_told = False
        """The face heard what reading the files of the current turn found."""
        self._is_closed = False
        self.waiting: deque[TurnRequest] = deque()
        self._before: int | None = None
        """The question in front of which the next one goes: where it stood before it was changed."""
        self.ready = False
        """True while the model can answer; turns wait until then."""
        self.editing: Editing | None = None
        """In whose place what is written is asked next; None for behind the last one."""
        self.expected = 0
        """Sessions that are on their way here: what waits is asked in the one that comes."""

    def use(self, session: ChatSession, files: TurnFiles | None = None) -> None:
        """Go on with this chat; with other files, where it brings some."""
        self._session = session
        self.editing = None
        if files is not None:
            self._runner.files = files

    def close(self) -> None:
        """Nothing starts any more; what waits is on the disk. Any thread."""
        self._is_closed = True
        _give_up(self.waiting)
        self.waiting.clear()
        self._saver.close()

    # What is so

    @property
    def busy(self) -> bool:
        """True while a turn runs."""
        return self._runner.current is not None

    @property
    def stopping(self) -> bool:
        """True when somebody stopped the turn that runs."""
        return self._runner.stopping

    @property
    def started(self) -> float:
        """When the current turn was sent, on the monotonic clock."""
        return self._runner.started

    @started.setter
    def started(self, now: float) -> None:
        self._runner.started = now

    @property
    def has_text(self) -> bool:
        """True once the first piece of the current turn has come."""
        return self._runner.has_text

    @property
    def is_thinking(self) -> bool:
        """True while the model thinks before it answers."""
        return self._runner.has_thought and not self._runner.has_text

    @property
    def is_reading(self) -> bool:
        """True while the model reads what the current turn sent, and has written nothing yet."""
        return self._runner.is_sent and not (self._runner.has_text or self._runner.has_thought)

    @property
    def reading(self) -> Reading | None:
        """How much of the current turn's prompt is read; None where nobody told."""
        return self._runner.reading

    @property
    def is_saving(self) -> bool:
        """True while the first that waits is not on the disk yet."""
        question = self.waiting[0].question if self.waiting else None
        return question is not None and question.id in self._saving

    # Asking

    def ask(self, request: TurnRequest) -> bool:
        """Let what somebody wrote wait for its turn; False when too many wait already."""
        if sum(waits.typed for waits in self.waiting) >= MOST:
            self._face.warn(f"{MOST} questions wait already. {press('main.back')} gives the last one back.")
            return False
        before, self._before = self._before, None
        self.submit([request])
        self._order(order.last_before(self.waiting, before))
        return True

    def submit(self, requests: Sequence[TurnRequest]) -> None:
        """Let them wait, in the place of what could not be asked before. They are shown at once, and asked
        when the disk has them, or does not answer."""
        session = self._session
        if session is None or not requests:
            return
        left = self._face.written
        if any(left.strip() == request.text.strip() for request in requests):
            left = ""
        requests = self._placed(requests)
        asked = [*self.waiting, *filter(None, [self._runner.current])]
        here = {request.question.id for request in asked if request.question is not None}
        kept = [question for question in session.waiting if question.id not in here]
        # What goes on is a turn already: there is no question of it that could be lost.
        accepted = [
            one if one.goes_on is not None else replace(one, question=session.accept(one.text, left))
            for one in requests
        ]
        if kept:
            session.take_back(kept, left)
        self.waiting.extend(accepted)
        self._settle(session, accepted)

    def _placed(self, requests: Sequence[TurnRequest]) -> Sequence[TurnRequest]:
        """What is written anew goes beside what it was."""
        editing, first = self.editing, requests[0]
        if editing is None or first.parent is not None or first.goes_on is not None:
            return requests
        self.editing = None
        return [replace(first, parent=editing.parent, written=editing.line(first.text)), *requests[1:]]

    def _settle(self, session: ChatSession, accepted: Sequence[TurnRequest]) -> None:
        """These wait; they start when the disk has them."""
        questions = [one.question for one in accepted if one.question is not None]
        numbers = {question.id for question in questions}

        def settled(_: object) -> None:
            self._saving -= numbers
            self.start_next()

        if not questions:
            self.start_next()
            return
        self._saving |= numbers
        self._face.changed()
        self._saver.do(lambda: session.settle(questions[-1]), settled, settled)

    def start_next(self) -> None:
        """Start what waits, if the model is there and nothing runs."""
        session = self._session
        is_free = self.ready and not self.expected and not self._is_closed
        is_free = is_free and not self.busy and not self.is_saving
        if is_free and self.waiting and session is not None:
            request = self.waiting.popleft()
            self._is_told = False
            self._face.began(request)
            self._runner.start(session, request)
        self._face.changed()

    # What waits is changed, by the number of its question

    def change(self, number: int) -> bool:
        """Give one that waits back to be changed: what is written next is asked in its place. False where
        it waits no more."""
        before, taken = order.following(self.waiting, number), self._taken(number)
        self._give_back(taken)
        self._before = before
        self._face.changed()
        return bool(taken)

    def take_back(self, number: int) -> None:
        """Do not ask one that waits. What somebody wrote comes back; a file of a task is forgotten."""
        for one in self._taken(number):
            (self._give_back if one.typed else self._forget)([one])
        self._face.changed()

    def move(self, number: int, step: int) -> bool:
        """Ask one that waits so many places later, or earlier; False where it cannot be."""
        return self._order(order.moved(self.waiting, number, step))

    def _order(self, rows: Sequence[TurnRequest] | None) -> bool:
        if rows is not None and self._session is not None:
            self.waiting = deque(rows)
            self._session.reorder(order.numbers(rows))
            self._face.changed()
        return rows is not None

    def _taken(self, number: int) -> list[TurnRequest]:
        taken, self.waiting = order.split(self.waiting, number)
        return taken

    # Stopping

    def stop(self) -> bool:
        """The last one that waits and that somebody wrote comes back to be changed. Where none does, the
        answer stops, and with it the other files of its task. False when there was neither."""
        last = next((request for request in reversed(self.waiting) if request.typed), None)
        had = bool(self.waiting) or self.busy
        self._before = None
        if last is not None:
            self.waiting = deque(request for request in self.waiting if request is not last)
            self._give_back([last])
        else:
            self._forget(self._take_waiting())
            self._runner.stop()
        if had:
            self._face.changed()
        return had

    def set_aside(self) -> None:
        """Nothing of what waits is asked now. The session keeps it until something else is asked."""
        _give_up(self.waiting)
        self.waiting.clear()
        self._face.changed()

    def stop_answer(self) -> None:
        """Only the answer that is being written: what waits is asked when the model is ready again."""
        self._runner.stop()
        self._face.changed()

    def let_go(self, seconds: float) -> None:
        """Stop the answer on the way out, and wait so long for what there is of it."""
        self._runner.stop(is_leaving=True)
        self._runner.wait(seconds)

    # While a turn runs

    def look(self) -> None:
        """The turn was started, its first piece has come, or it is over."""
        report = self._runner.report
        if report is not None and not self._is_told and self.busy:
            self._is_told = True
            self._face.read(report)
        outcome = self._runner.take()
        if outcome is not None:
            self._end(outcome)
        self._face.changed()

    def _end(self, outcome: Outcome) -> None:
        self._face.ended(outcome)
        if isinstance(outcome.error, NotTicked):
            self._forget([outcome.request])
            self._face.warn(sanitize_line(outcome.error.message))
        elif outcome.error is not None:
            self._end_the_others(outcome)
        elif outcome.following is not None:
            self._go_on(outcome.following)
        self.start_next()

    def _go_on(self, one: TurnRequest) -> None:
        """What is asked next by itself, before what waits."""
        session = self._session
        if session is None or self._is_closed:
            _give_up([one])
        else:
            accepted = replace(one, question=session.accept(one.text, self._face.written))
            self.waiting.appendleft(accepted)
            self._settle(session, [accepted])

    def _end_the_others(self, outcome: Outcome) -> None:
        """After an error nothing else is sent by itself. What was written comes back; what failed too,
        where it stands nowhere else or nothing was written since."""
        dropped = self._take_waiting()
        _give_up([outcome.request])
        written = [request for request in dropped if request.typed]
        failed = outcome.request
        if failed.typed and (outcome.turn is None or not (written or self._face.written.strip())):
            written.insert(0, failed)
        tasks = [request for request in dropped if not request.typed]
        self._forget(tasks if outcome.turn is not None or failed.typed else [failed, *tasks])
        if self._face.wants_back(outcome):
            self._give_back(written)
        if tasks:
            many = len(tasks) > 1
            self._face.warn(f"{len(tasks)} waiting turn{'s were' if many else ' was'} not sent.")

    def _take_waiting(self) -> list[TurnRequest]:
        dropped = list(self.waiting)
        self.waiting.clear()
        return dropped

    def _give_back(self, requests: Sequence[TurnRequest]) -> None:
        """What is not asked goes back to where it was written, above what was begun there."""
        if requests:
            text = joined(*(request.text for request in requests), self._face.written)
            self._no_longer_wait(requests, text)
            self._face.give_back(text)

    def _forget(self, requests: Sequence[TurnRequest]) -> None:
        """The other files of a task that was stopped."""
        if requests:
            self._no_longer_wait(requests, self._face.written)

    def _no_longer_wait(self, requests: Sequence[TurnRequest], text: str) -> None:
        _give_up(requests)
        session = self._session
        if session is not None:
            numbers = {request.question.id for request in requests if request.question is not None}
            session.take_back([one for one in session.waiting if one.id in numbers], text)


def _give_up(requests: Iterable[TurnRequest]) -> None:
    """These are not asked; of what was asked together with them no more is wanted."""
    for request in requests:
        if request.among is not None:
            request.among.cancel()
