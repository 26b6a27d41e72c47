"""A conversation about files: asks the model, keeps the log of turns and items, saves as it goes.

Knows no screen. A turn runs where it is iterated, which a face does in a worker thread; everything
else may be called from any thread and is quick, but for `count`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docstra_tui.context.files.confined import inside
from docstra_tui.context.files.language import language_of
from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.plan import FitPlan, TurnRow, plan_for
from docstra_tui.context.mentions import find_mentions
from docstra_tui.errors import ContextOverflow, DocstraError, NotAllowed, NotAsked, UnreadableFile
from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.base import BaseLLM, estimate
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Conversation, file_fields
from docstra_tui.session import breaks, fitting
from docstra_tui.session.fitting import Overfull
from docstra_tui.session.log import WAITING, ContextLog, Key
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.session.prompt_shown import PromptShown, as_text
from docstra_tui.session.running import RunningTurn
from docstra_tui.session.scale import PLAIN, Scale
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import (
    LOST,
    ModelChoice,
    Placed,
    SavedTurn,
    StoredSession,
    WaitingQuestion,
    title_of,
)

RESERVE = 512
"""Tokens of the window kept free for the answer, where nothing else is said."""

HELD = 8_000_000
"""Characters of questions and answers of a resumed session that are held: several times the largest
window. What is older could not be sent, and is read from the store where it is looked at."""

OLDER = 200
"""Turns that are read back at once."""

_ASKED_STEP = 1e-5
"""Seconds between two turns, at least: their order is their time."""


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
        self.llm = llm
        """Who answers; may be set to another model between two turns."""
        self.root = root
        self.model = model or llm.model_name
        """The name that is saved with each answer."""
        self.choice = ModelChoice()
        """How that model can be opened again; saved with each question."""
        self.saved_choice = ModelChoice()
        """Which model answered last when the session was saved; empty in a new one."""
        self.waiting: list[WaitingQuestion] = []
        """Accepted and not asked yet, in their order."""
        self.reserve = reserve
        """Tokens kept free for the answer; half the window at most."""
        self.make_room: Callable[[Overfull], bool] | None = None
        """Asked, in the thread of the turn, about a question that does not fit: it applies a plan, or
        says False, and then nothing is sent."""
        self.may_leave: Callable[[SecretsFound, TurnRequest], bool] | None = None
        """Asked, in the thread of the turn, about what should not leave this machine unseen: it leaves it
        out or agrees to it, or says False, and then nothing is sent."""
        self.counting: tuple[int, int] | None = None
        """While a question waits for its files to be counted: how many of how many are."""
        self.count_changed: Callable[[], None] = lambda: None
        """Called in the turn's thread when that is different."""
        self._is_stopped = False
        self.typed = ""
        """What stands in the composer: counted with the rest."""
        self.engine_starts = 0
        """How often the face had the engine started again: its cache was empty then."""
        self.turns: list[SavedTurn] = []
        """Everything that was asked, oldest first; the last one may be streaming."""
        self.skipped = 0
        """Turns before these that only the store has."""
        self.id: str | None = store.create(str(root), self.model) if store is not None else None
        self._store = store
        self._draft = ""
        self._title = ""
        self._log = ContextLog()
        self._chosen: tuple[ContextItem, ...] = ()
        self._brought: dict[Key, ContextItem] = {}
        """What tasks were about and nobody ticked."""
        self._plan: FitPlan | None = None
        """What the user chose to leave out."""
        self._scale: Scale | None = None
        self._sent: breaks.Shot | None = None
        self._running: RunningTurn | None = None
        self._next: WaitingQuestion | None = None
        """What the next turn is the turn of."""
        self._begun = 0
        """The turn that the store heard of last."""
        self._asking: TurnRequest | None = None
        """What is being asked, from before it is counted until its turn is over."""
        self._told: fitting.Told | None = None
        """What was sent with it; None before."""
        self._lock = threading.RLock()

    @classmethod
    def resume(
        cls,
        llm: BaseLLM,
        store: SessionStore,
        session_id: str,
        *,
        root: str | None = None,
        model: str = "",
        reserve: int = RESERVE,
    ) -> ChatSession:
        """Go on with a saved session: its id, the beginning of it, or `last` (of the folder `root`, if
        given). Raises `StoreError`."""
        found = store.load(session_id, root, characters=HELD)
        session = cls(llm, Path(found.root), model=model, reserve=reserve)
        session.turns = list(found.turns)
        session.skipped = found.skipped
        session._title = found.title
        session.id = found.id
        session._store = store
        session._draft = found.draft
        session.waiting = list(found.waiting)
        session.saved_choice = found.choice
        session._log = _saved_log(found)
        return session

    @property
    def title(self) -> str:
        """One line of at most 60 characters, from the first question; empty before it."""
        return self._title or (title_of(self.turns[0].question) if self.turns else "")

    def older(self, before: SavedTurn) -> list[SavedTurn]:
        """Up to `OLDER` turns that were asked before another, for looking at. Blocks. Raises `StoreError`."""
        if self._store is None or self.id is None:
            return []
        return self._store.turns_before(self.id, before, OLDER)

    @property
    def draft(self) -> str:
        """What was typed and not sent."""
        return self._draft

    @draft.setter
    def draft(self, text: str) -> None:
        self._draft = text
        if self._store is not None and self.id is not None:
            self._store.save_draft(self.id, text)

    # Questions that wait for their turn

    def accept(self, text: str, draft: str = "") -> WaitingQuestion:
        """Let a question wait for its turn; `draft` is what is typed beside it. Returns at once: `settle`
        waits until the disk has it."""
        question = WaitingQuestion(text)
        self.waiting.append(question)
        self._draft = draft
        if self._store is not None and self.id is not None:
            self._store.accept(self.id, question, draft=draft, choice=self.choice)
        return question

    def settle(self, question: WaitingQuestion) -> bool:
        """Wait until the disk has an accepted question. Blocks, with a bound; False when it has not, and
        `problem` says why."""
        return self._store is None or self._store.settle(question.id)

    def take_back(self, questions: Sequence[WaitingQuestion], draft: str) -> None:
        """These wait no more; what they said is in `draft` now."""
        numbers = {question.id for question in questions}
        self.waiting = [one for one in self.waiting if one.id not in numbers]
        self._draft = draft
        if self._store is not None and self.id is not None:
            self._store.take_back(self.id, numbers, draft)

    def take_over(self, other: ChatSession) -> None:
        """What waits in another session is asked in this one."""
        moved, other.waiting = other.waiting, []
        self.waiting += moved
        if self._store is not None and self.id is not None:
            for question in moved:
                self._store.move_waiting(self.id, question.id)

    def take_turn(self, question: WaitingQuestion | None) -> None:
        """The next turn is this question's: it waits until the turn has begun, and no longer."""
        self._next = question

    @property
    def problem(self) -> str | None:
        """Why the conversation is not being saved, ready to show; None while it is."""
        return self._store.problem if self._store is not None else None

    @property
    def is_behind(self) -> bool:
        """True when the disk lacks a turn, a bit of one, what waits or what is typed; False without a
        store."""
        store = self._store
        if store is None or self.id is None:
            return False
        return store.lacks_words(self.id) or any(store.is_behind(turn.id) for turn in list(self.turns))

    # Context

    @property
    def context(self) -> tuple[ContextItem, ...]:
        """The items the model has or will get with the next question, in the order of the log."""
        with self._lock:
            return self._log.items

    def set_context(self, items: Sequence[ContextItem]) -> None:
        """The files ticked now, in the order of the tree.

        One that is gone leaves the log, one that was edited is replaced in its place, a new one enters
        with the next question.
        """
        with self._lock:
            self._chosen = tuple(items)
            for item in items:
                self._brought.pop(item.key, None)
            self._place_items()

    def leave_out(self, paths: Collection[str]) -> None:
        """Send none of these files from now on."""
        with self._lock:
            self._chosen = tuple(item for item in self._chosen if item.path not in paths)
            self._brought = {key: item for key, item in self._brought.items() if item.path not in paths}
            self._place_items()

    def _place_items(self) -> None:
        wholes = self.wholes
        self._plan = fitting.still_true(self._plan, wholes)
        self._log.choose(wholes, fitting.stand_ins(self._plan))

    @property
    def wholes(self) -> tuple[ContextItem, ...]:
        """Every item as it was picked, whatever is sent of it."""
        return (*self._chosen, *self._brought.values())

    def count(self, question: str | None = None) -> Budget:
        """What asking `question` now would take; None is what is typed. While a turn runs, what that
        takes. Blocks (it may go over a socket)."""
        return self._measured(self._next_prompt(self.typed if question is None else question))

    def read_ahead(self) -> None:
        """Have the model read what the next question will begin with, while nobody asks.

        Blocks until that is done, or a question or a newer call took its place. Harmless where the
        model keeps no cache.
        """
        prompt = self._next_prompt("")
        self.llm.warm(prompt.messages, prompt.stable)

    @property
    def ahead_mark(self) -> object:
        """The same for as long as there is nothing new to read ahead."""
        with self._lock:
            items = tuple((item.key, item.sha256) for item in self._log.items)
            turns = tuple(turn.id for turn in self.turns if turn.has_answer)
            left_out = self._plan.left_out() if self._plan is not None else ()
        return id(self), id(self.llm), self.engine_starts, items, turns, left_out

    def show_prompt(self, question: str) -> PromptShown:
        """What asking `question` now would send, to the letter, and why some of it is new. Blocks."""
        prompt = self._next_prompt(question)
        try:
            budget = self._measured(prompt)
        except NotAllowed:  # looked at here, before it may be sent
            budget = Budget(estimate(prompt.messages), None, self.reserve, exact=False)
        shown = self.llm.show_prompt(prompt.messages)
        cached_text, new_text = shown if shown is not None else ("", as_text(prompt.messages))
        with self._lock:
            if self._told is not None:  # what a turn sends is being read: nothing stands in its way
                return PromptShown(cached_text, new_text, budget, "")
            told = self._tell(self._log, self._plan)
            following = self._shot(told, (PLAIN, {"question": question}))
            last = self.turns[-1].usage.prompt_tokens if self.turns else None
            why = breaks.why_new(self._sent, following, cached=budget.cached, reusable=last)
        return PromptShown(cached_text, new_text, budget, why)

    def weigh(self, question: str) -> list[tuple[str, int]]:
        """What the prompt is made of, with the tokens of each part: the system text, each file, the
        turns, the question. The sum is that of `count`. Blocks."""
        total = self.count(question).used
        with self._lock:
            items, scale = self._log.items, self.scale
            history = self._tell(self._log, self._plan).history
            asking = self._asking or TurnRequest(PLAIN, question, {"question": question})
        scale.add(items)
        parts = [(item.label, scale.weight(item)) for item in items]
        turns = sum(scale.turn(turn) for turn in history)
        asked = scale.question(asking.task, asking.fields)
        system = total - turns - asked - sum(tokens for _, tokens in parts)
        return [("system", system), *parts, ("history", turns), ("question", asked)]

    def _tell(self, log: ContextLog, plan: FitPlan | None) -> fitting.Told:
        return fitting.tell(self.turns, log, plan, self.skipped + 1, prompts=self.llm.prompt_builder)

    def _next_prompt(self, question: str) -> Conversation:
        with self._lock:
            asking, told = self._asking, self._told
            if asking is None:
                return self._prompt(TurnRequest(PLAIN, question, {"question": question}))
            if told is None:
                return self._prompt(asking)
        return self.llm.prompt_builder.conversation(asking.task, told.waiting, told.history, **asking.fields)

    def _prompt(
        self, asking: TurnRequest, log: ContextLog | None = None, plan: FitPlan | None = None
    ) -> Conversation:
        """What would be sent; with `log` and `plan`, in the place of those in force."""
        with self._lock:
            log, plan = (log, plan) if log is not None else (self._log.copy(), self._plan)
            log.add(self._focus(asking, plan))
            told = self._tell(log, plan)
        return self.llm.prompt_builder.conversation(asking.task, told.waiting, told.history, **asking.fields)

    def _focus(self, asking: TurnRequest, plan: FitPlan | None) -> list[ContextItem]:
        """What a task is about and is sent whole: for the rest something else is in the log, or nothing."""
        stand_ins = fitting.stand_ins(plan)
        return [item for item in asking.focus if item.key not in stand_ins]

    def _measured(self, prompt: Conversation) -> Budget:
        measure, window = self.llm.measure(prompt.messages), self.llm.window
        is_exact = self.llm.counts_exactly
        reserve = self._reserve(window)
        return Budget(measure.tokens, window, reserve, is_exact, measure.cached, measure.is_least)

    def _reserve(self, window: int | None) -> int:
        """As the engine has it: a small window is not all kept for the answer."""
        return self.reserve if window is None else min(self.reserve, window // 2)

    @property
    def scale(self) -> Scale:
        """Weighs for the model in use; another session's may be taken over, with what it knows."""
        with self._lock:
            if self._scale is None or self._scale.llm is not self.llm or not self._scale.is_current:
                self._scale = Scale(self.llm)
            return self._scale

    @scale.setter
    def scale(self, scale: Scale) -> None:
        self._scale = scale

    def read_again(self, old: ContextItem, new: ContextItem) -> int:
        """Tokens that replacing an item where it stands makes the model read again: the new one and
        everything behind it. Blocks."""
        with self._lock:
            scale = self.scale
            items, turns = self._log.behind(old.key, [turn.id for turn in self.turns])
            prompts = self.llm.prompt_builder
            spoken = [fitting.told_as(turn, prompts) for turn in self.turns if turn.id in turns]
        again = (new, *items)
        scale.add(again)
        return sum(map(scale.weight, again)) + sum(map(scale.turn, spoken))

    # What does not fit

    def plan(
        self, asking: TurnRequest, on_progress: Callable[[int, int], None] = lambda done, total: None
    ) -> FitPlan:
        """Everything that `asking` would send, with what was chosen before; every part is weighed.

        Blocks: it counts, and outlines are made in a process of their own. `on_progress` hears, in this
        thread, how many items of how many are weighed.
        """
        from docstra_tui.context.outline.outliner import outlines

        with self._lock:
            scale, turns = self.scale, list(self.turns)
            log = self._log.copy()
            log.choose(self.wholes)
            log.add(asking.focus)
            before = self._plan
        items = log.items
        found = outlines(items)
        both = [*items, *(outline for outline in found if outline is not None)]
        is_beyond = scale.add(both, lambda done: on_progress(done, len(both)))
        rows = [
            TurnRow(number, turn.question, scale.turn(fitting.told_as(turn, self.llm.prompt_builder)))
            for number, turn in enumerate(turns, self.skipped + 1)
            if turn.has_answer
        ]
        window = self.llm.window
        plan = plan_for(
            items,
            found,
            rows,
            limit=window,
            reserve=self._reserve(window),
            question=scale.question(asking.task, asking.fields),
            count=scale.weight,
            knows=scale.knows,
            named=self._named(asking.shown, items),
            total=None if is_beyond else self._measured(self._prompt(asking, log)).used,
            overhead=scale.empty,
        )
        return fitting.carried_over(plan, before)

    def _named(self, text: str, items: Sequence[ContextItem]) -> list[str]:
        """The paths of the items that a text names, by themselves or with their folder."""
        wanted: list[str] = []
        for mention in find_mentions(text):
            try:
                wanted.append(inside(self.root, mention.path))
            except UnreadableFile:  # outside the project: none of ours
                continue
        return [
            item.path
            for item in items
            if item.path is not None
            and any(not path or item.path == path or item.path.startswith(f"{path}/") for path in wanted)
        ]

    def count_plan(self, asking: TurnRequest, plan: FitPlan) -> Budget:
        """What `asking` would take under a plan, exactly. Blocks."""
        with self._lock:
            log = self._log.copy()
            log.add(asking.focus)
            log.choose([row.item for row in plan.files], fitting.stand_ins(plan))
            scale = self.scale
        scale.add(plan.items())  # so that the rows say what these few are, too
        return self._measured(self._prompt(replace(asking, focus=()), log, plan))

    def apply(self, plan: FitPlan) -> None:
        """Send what the plan says, from the next question on, until a file of it is edited or unticked.

        Each item stays at its place in the log.
        """
        with self._lock:
            known = {item.key for item in self.wholes}
            self._brought |= {row.item.key: row.item for row in plan.files if row.item.key not in known}
            self._plan = plan
            self._place_items()

    def summarise(self, number: int) -> AnswerStream:
        """Have the model sum up a turn, by its number from 1: an ordinary request."""
        turn = self.turns[number - 1 - self.skipped]
        messages = fitting.summary_request(turn, self.llm.prompt_builder.system)
        return self.llm.stream(messages, max_tokens=min(fitting.SUMMARY_TOKENS, self.llm.max_tokens))

    def weigh_summary(self, summary: str) -> int:
        """Tokens of a turn of which only this summary is sent. Blocks."""
        return self.scale.turn(fitting.summarised(summary))

    # Turns

    def ask(self, question: str) -> RunningTurn:
        """Ask about the context."""
        return self.run("answer_question", question, {"question": question})

    def document(self, item: ContextItem) -> RunningTurn:
        """Write documentation for one file, which joins the context if it is not there."""
        return self._about_file("document_code", "Document", item)

    def explain(self, item: ContextItem) -> RunningTurn:
        """Explain one file, which joins the context if it is not there."""
        return self._about_file("explain_code", "Explain", item)

    def examples(self, request: str) -> RunningTurn:
        """Write examples for a request, over the context."""
        fields = {"request": request, "language": self._language() or "code", "additional_context": ""}
        return self.run("generate_examples", f"Examples: {request}", fields)

    def custom(self, request: str) -> RunningTurn:
        """A request in the user's own words, sent as it is after the context."""
        return self.run("answer_question", request, {"question": request})

    def run(
        self,
        task: str,
        shown: str,
        fields: Mapping[str, Any],
        *,
        focus: Sequence[ContextItem] = (),
    ) -> RunningTurn:
        """A turn from any template over the context; `shown` stands as the question in the conversation.

        It starts when it is first iterated. Blocks while it is counted. Raises `DocstraError` while
        another one runs, `ContextOverflow` when it does not fit and nobody made room.
        """
        asking = TurnRequest(task, shown, dict(fields), tuple(focus))
        with self._lock:
            self._refuse_second()
            self._is_stopped = False
            self._asking, self._told = asking, None
        try:
            return self._started(asking)
        except BaseException:
            with self._lock:
                if self._asking is asking:
                    self._asking = None
            raise

    def _started(self, asking: TurnRequest) -> RunningTurn:
        while (found := self._kept_back(asking)) is not None:
            if self.may_leave is None or not self.may_leave(found, asking):
                raise found
        while (budget := self._overfull(asking)) is not None:
            if self.make_room is None or not self.make_room(Overfull(self, asking, budget)):
                raise ContextOverflow(
                    budget.used, budget.limit or 0, budget.reserve, is_least=budget.is_least
                )
        with self._lock:
            self._refuse_second()
            known = {item.key for item in self.wholes} | {item.key for item in self._log.items}
            focus = [item for item in asking.focus if item.key not in known]
            self._brought |= {item.key: item for item in focus}
            self._log.add(self._focus(asking, self._plan))
            turn = SavedTurn(asking.shown, asking.task, dict(asking.fields), model=self.model)
            if self._next is not None:
                turn.id, self._next = self._next.id, None
            if self.turns:
                turn.asked = max(turn.asked, self.turns[-1].asked + _ASKED_STEP)
            self.turns.append(turn)
            self._running = RunningTurn(self, turn)
            return self._running

    def _kept_back(self, asking: TurnRequest) -> SecretsFound | None:
        """What keeps it from being sent as it is; None where nothing does, or it cannot be sent anyway."""
        try:
            self.llm.admitted(self._prompt(asking).messages)
        except SecretsFound as found:
            return found
        except DocstraError:  # the turn itself will say what is wrong
            pass
        return None

    def _refuse_second(self) -> None:
        with self._lock:
            if self._running is not None and not self._running.ended:
                raise DocstraError("An answer is still being written.", "Stop it first, or wait for it.")

    def _overfull(self, asking: TurnRequest) -> Budget | None:
        """The sum of what does not fit; None where it does, or where nobody can tell."""
        try:
            budget = self._beyond_counting(asking) or self._measured(self._prompt(asking))
        except NotAsked:
            raise
        except DocstraError:  # the turn itself will say what is wrong with the model
            return None
        return None if budget.fits else budget

    def _beyond_counting(self, asking: TurnRequest) -> Budget | None:
        """Of a prompt whose files alone have more than eight windows: file by file that is found soon, told
        as it goes, and can be stopped. Raises `NotAsked`."""
        with self._lock:
            log, scale = self._log.copy(), self.scale
        log.add(self._focus(asking, self._plan))
        items = [item for item in log.items if not scale.item.knows(item)] and log.items
        if not items:
            return None
        try:
            is_beyond = scale.add(items, lambda done: self._tell_counting(done, len(items)), self._is_wanted)
        finally:
            self.counting = None
        if not self._is_wanted():
            raise NotAsked("The question was not asked.", "It was still being counted.")
        window, most = self.llm.window, scale.most
        if not is_beyond or window is None or most is None or not self.llm.counts_exactly:
            return None
        return Budget(most, window, self._reserve(window), is_least=True)

    def _tell_counting(self, done: int, total: int) -> None:
        self.counting = (done, total)
        self.count_changed()

    def _is_wanted(self) -> bool:
        return not self._is_stopped

    def stop_asking(self) -> None:
        """What is being counted to be asked is not wanted any more. Any thread, never blocks."""
        self._is_stopped = True

    def _about_file(self, task: str, verb: str, item: ContextItem) -> RunningTurn:
        language = item.language or language_of(item.path or "") or "source"
        return self.run(task, f"{verb} {item.label}", file_fields([item.label], language), focus=[item])

    def _language(self) -> str:
        """The language most of the context is in; empty when there is none."""
        found = [item.language for item in self.context if item.language]
        return max(found, key=found.count) if found else ""

    def _shot(self, told: fitting.Told, question: tuple[str, Mapping[str, Any]]) -> breaks.Shot:
        return breaks.shot_of(
            self.llm.prompt_builder.system,
            told.history,
            told.waiting,
            question,
            model=self.model,
            start=self.engine_starts,
        )

    # For a running turn

    def _begin(self, turn: SavedTurn) -> fitting.Told:
        """Place the waiting items, save the question; what to send."""
        with self._lock:
            told = self._tell(self._log, self._plan)
            self._sent = self._shot(told, (turn.task, turn.fields))
            self._told = told
            turn.context = self._log.enter(turn.id)
            turn.earlier = self._log.before(turn.id)
            older = (f"turns 1-{self.skipped:,}",) if self.skipped else ()
            turn.left_out = older + (self._plan.left_out() if self._plan is not None else ())
        if self._store is not None and self.id is not None:
            self._store.begin_turn(self.id, turn, self.choice)
        self._has_begun(turn)
        return told

    def _has_begun(self, turn: SavedTurn) -> None:
        self._begun = turn.id
        self.waiting = [one for one in self.waiting if one.id != turn.id]

    def _add_piece(self, turn: SavedTurn, piece: str) -> None:
        if self._store is not None:
            self._store.add_piece(turn.id, piece)

    def _end(self, turn: SavedTurn) -> None:
        with self._lock:
            self._asking = self._told = None
            if not turn.has_answer:
                self._log.leave(turn.id)
        if self._store is not None and self.id is not None:
            if self._begun != turn.id:  # stopped before it was sent; what was asked stays
                self._store.keep_turn(self.id, turn, self.choice)
            self._store.end_turn(turn.id, turn)
        if self._begun != turn.id:
            self._has_begun(turn)


def _saved_log(found: StoredSession) -> ContextLog:
    """The items as they stood when the last question was asked."""
    if not found.turns:
        return ContextLog()
    last = found.turns[-1]
    answered = {turn.id for turn in found.turns if turn.has_answer}
    placed = [*last.earlier, *(Placed(last.id, item) for item in last.context)]
    order = {turn.id: number for number, turn in enumerate(found.turns)}
    first = next((turn.id for turn in found.turns if turn.id in answered), WAITING)
    known = []
    for place in placed:
        if place.item.detail == LOST:
            continue
        is_skipped = bool(found.skipped) and place.turn_id not in order
        now = place.turn_id if place.turn_id in answered else first if is_skipped else WAITING
        known.append(Placed(now, place.item))
    return ContextLog(sorted(known, key=lambda place: order.get(place.turn_id, len(order))))
