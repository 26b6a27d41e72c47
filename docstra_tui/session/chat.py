"""A conversation about files, as the faces use it: asks the model, knows what was said, saves as it goes.

Knows no screen. A turn runs where it is iterated, which a face does in a worker thread; everything
else may be called from any thread and is quick, but for what counts.

What it consists of has modules of its own: what was said (`dialogue`), what was not asked yet (`unsent`),
what it weighs (`measuring`), what to do when that is too much (`fitting`), what lets a question through
(`admission`), its turns (`asker`) and its place on the disk (`record`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.admission import Admission
from docstra_tui.session.asker import Asker
from docstra_tui.session.branches import Branches
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.fitting import Fitting
from docstra_tui.session.going_on import going_on
from docstra_tui.session.measuring import Measuring
from docstra_tui.session.prompt_shown import PromptShown, show_prompt
from docstra_tui.session.record import Record
from docstra_tui.session.running import RunningTurn
from docstra_tui.session.scale import Scale
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest, plain_question
from docstra_tui.session.turns import ModelChoice, SavedTurn, WaitingQuestion, title_of
from docstra_tui.session.unsent import Unsent

RESERVE = 512
"""Tokens of the window kept free for the answer, where nothing else is said."""

HELD = 8_000_000
"""Characters of questions and answers of a resumed session that are held: several times the largest
window. What is older could not be sent, and is read from the store where it is looked at."""


class ChatSession:
    """One conversation. `store=None` keeps it in memory only."""

    def __init__(
        self,
        llm: BaseLLM,
        root: Path,
        store: SessionStore | None = None,
        *,
        model: str = "",
        reserve: int = RESERVE,
    ) -> None:
        self.typed = ""
        """What stands in the composer: counted with the rest."""
        self.saved_choice = ModelChoice()
        """Which model answered last when the session was saved; empty in a new one."""
        self._title = ""
        self._dialogue = Dialogue(llm, root, model or llm.model_name)
        self._measuring = Measuring(self._dialogue, reserve)
        self.fitting = Fitting(self._dialogue, self._measuring)
        """What to send when not everything fits."""
        self.admission = Admission(self._dialogue, self._measuring, self.fitting)
        """Who is asked before a question is sent; may be told to stop counting."""
        self.branches = Branches(self._dialogue, lambda: HELD)
        """The turns beside those that are shown: other answers and questions in the place of one."""
        self._asker = Asker(self._dialogue, self.admission, self.branches)
        self.is_elsewhere = False
        """True when another living program had this session open as it was resumed: what is asked here and
        there stands side by side."""
        if store is not None:
            self._keep(Record(store, store.create(str(root), self.model)))

    @classmethod
    def resume(
        cls,
        llm: BaseLLM,
        store: SessionStore,
        session_id: str,
        *,
        root: Path | None = None,
        model: str = "",
        reserve: int = RESERVE,
    ) -> ChatSession:
        """Go on with a saved session: its id, the beginning of it, or `last`; about the folder `root`, or
        the one that it was about. Raises `StoreError`."""
        found = store.load(session_id, characters=HELD)
        session = cls(llm, root or Path(found.root), model=model, reserve=reserve)
        session._dialogue.put_back(found)
        session._keep(Record(store, found.id), found.draft, found.waiting)
        session._title = found.title
        session.is_elsewhere = found.is_elsewhere
        session.saved_choice = found.choice
        return session

    def _keep(self, record: Record, draft: str = "", waiting: Sequence[WaitingQuestion] = ()) -> None:
        self._asker.record, self._asker.unsent = record, Unsent(record, draft, waiting)
        self.branches.record = record

    # What it is

    @property
    def id(self) -> str | None:
        """Among the saved sessions; None where nothing is saved."""
        return self._asker.record.id

    @property
    def title(self) -> str:
        """One line of at most 60 characters, from the first question; empty before it."""
        return self._title or (title_of(self.turns[0].question) if self.turns else "")

    @title.setter
    def title(self, title: str) -> None:
        self._title = title

    @property
    def root(self) -> Path:
        """The folder it is about."""
        return self._dialogue.root

    @property
    def turns(self) -> list[SavedTurn]:
        """The turns of the path that is shown, oldest first; the last one may be streaming."""
        return self._dialogue.turns

    @property
    def skipped(self) -> int:
        """Turns before these that only the store has."""
        return self._dialogue.skipped

    def older(self, before: SavedTurn) -> list[SavedTurn]:
        """Some of the turns that were asked before another, for looking at. Blocks. Raises `StoreError`."""
        return self._asker.record.older(before)

    @property
    def problem(self) -> str | None:
        """Why the conversation is not being saved, ready to show; None while it is."""
        return self._asker.record.problem

    @property
    def is_behind(self) -> bool:
        """True when the disk lacks a turn, a bit of one, what waits or what is typed; False without a
        store."""
        return self._asker.record.lacks(self.branches.held)

    # Who answers

    @property
    def llm(self) -> BaseLLM:
        """Who answers; may be set to another model between two turns."""
        return self._dialogue.llm

    @llm.setter
    def llm(self, llm: BaseLLM) -> None:
        self._dialogue.llm = llm

    @property
    def model(self) -> str:
        """The name that is saved with each answer."""
        return self._dialogue.model

    @model.setter
    def model(self, name: str) -> None:
        self._dialogue.model = name

    @property
    def choice(self) -> ModelChoice:
        """How that model can be opened again; saved with each question."""
        return self._asker.choice

    @choice.setter
    def choice(self, choice: ModelChoice) -> None:
        self._asker.choice = choice

    def engine_restarted(self) -> None:
        """The engine was started again: its cache is empty."""
        self._dialogue.engine_starts += 1

    # Questions that wait for their turn

    @property
    def draft(self) -> str:
        """What was typed and not sent."""
        return self._asker.unsent.draft

    @draft.setter
    def draft(self, text: str) -> None:
        self._asker.unsent.draft = text

    @property
    def waiting(self) -> list[WaitingQuestion]:
        """Accepted and not asked yet, in their order."""
        return self._asker.unsent.waiting

    def accept(self, text: str, draft: str = "") -> WaitingQuestion:
        """Let a question wait for its turn; `draft` is what is typed beside it. Returns at once: `settle`
        waits until the disk has it."""
        return self._asker.unsent.accept(text, draft, self.choice)

    def settle(self, question: WaitingQuestion) -> bool:
        """Wait until the disk has an accepted question. Blocks, with a bound; False when it has not, and
        `problem` says why."""
        return self._asker.record.settle(question)

    def take_back(self, questions: Sequence[WaitingQuestion], draft: str) -> None:
        """These wait no more; what they said is in `draft` now."""
        self._asker.unsent.take_back(questions, draft)

    def reorder(self, numbers: Sequence[int]) -> None:
        """What waits is asked in this order, by number."""
        self._asker.unsent.reorder(numbers)

    def take_over(self, other: ChatSession) -> None:
        """What waits in another session is asked in this one."""
        self._asker.unsent.take_over(other._asker.unsent)

    # Context

    @property
    def context(self) -> tuple[ContextItem, ...]:
        """The items the model has or will get with the next question, in the order of the log."""
        with self._dialogue.lock:
            return self._dialogue.context.log.items

    def set_context(self, items: Sequence[ContextItem]) -> None:
        """The files ticked now, in the order of the tree.

        One that is gone leaves the log, one that was edited is replaced in its place, a new one enters
        with the next question.
        """
        with self._dialogue.lock:
            self._dialogue.context.choose(items)

    def leave_out(self, paths: Collection[str]) -> None:
        """Send none of these files from now on."""
        with self._dialogue.lock:
            self._dialogue.context.leave_out(paths)

    @property
    def wholes(self) -> tuple[ContextItem, ...]:
        """Every item as it was picked, whatever is sent of it."""
        return self._dialogue.context.wholes

    # The prompt

    def count(self, question: str | None = None) -> Budget:
        """What asking `question` now would take; None is what is typed. While a turn runs, what that
        takes. Blocks (it may go over a socket)."""
        prompt = self._dialogue.next_prompt(self.typed if question is None else question)
        return self._measuring.budget(prompt)

    def weigh(self, question: str) -> list[tuple[str, int]]:
        """What the prompt is made of, with the tokens of each part. The sum is that of `count`. Blocks."""
        return self._measuring.parts(question)

    def read_again(self, old: ContextItem, new: ContextItem) -> int:
        """Tokens that the model reads again when an item is replaced where it stands. Blocks."""
        return self._measuring.read_again(old, new)

    @property
    def scale(self) -> Scale:
        """Weighs for the model in use; another session's may be taken over, with what it knows."""
        return self._measuring.scale

    @scale.setter
    def scale(self, scale: Scale) -> None:
        self._measuring.scale = scale

    def show_prompt(self, question: str) -> PromptShown:
        """What asking `question` now would send, to the letter, and why some of it is new. Blocks."""
        return show_prompt(self._dialogue, self._measuring, question)

    def read_ahead(self) -> None:
        """Have the model read what the next question will begin with, while nobody asks.

        Blocks until that is done, or a question or a newer call took its place. Harmless where the
        model keeps no cache.
        """
        prompt = self._dialogue.next_prompt("")
        self.llm.warm(prompt.messages, prompt.stable)

    @property
    def ahead_mark(self) -> object:
        """The same for as long as there is nothing new to read ahead."""
        return self._dialogue.ahead_mark

    # Turns

    def ask(self, question: str) -> RunningTurn:
        """Ask about the context, in the user's own words."""
        return self.run(plain_question(question))

    def going_on(self, turn_id: int | None = None) -> TurnRequest:
        """For the rest of an answer that was cut, the last one where none is named: the same turn goes on.
        Raises `DocstraError` where it cannot, with what can be done instead."""
        return going_on(self.turns, turn_id, self._asker.own if self.is_elsewhere else None)

    def run(self, request: TurnRequest) -> RunningTurn:
        """A turn from any template over the context.

        It starts when it is first iterated. Blocks while it is counted. Raises `DocstraError` while
        another one runs, `ContextOverflow` when it does not fit and nobody made room.
        """
        return self._asker.ask(request)
