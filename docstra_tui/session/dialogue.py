"""What was said so far, with which files, by whom it is answered, and the prompt that all of it makes.

In memory only: `record` keeps it, `measuring` weighs it, `asker` goes on with it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import JOIN, PART, Conversation
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.session import breaks
from docstra_tui.session.context import SessionContext, sent_whole
from docstra_tui.session.log import WAITING, ContextLog
from docstra_tui.session.telling import Told, tell, told_as
from docstra_tui.session.tree import NO_TURN, Node, TurnTree
from docstra_tui.session.turn_request import TurnRequest, plain_question
from docstra_tui.session.turns import WITHOUT_TEXT, Placed, SavedTurn, StoredSession

_ASKED_STEP = 1e-5
"""Seconds between two turns, at least: their order is their time."""


class Dialogue:
    """Turns and files of one conversation. Any thread; `lock` may be held over several calls."""

    def __init__(self, llm: BaseLLM, root: Path, model: str) -> None:
        self.lock = threading.RLock()
        self.llm = llm
        """Who answers."""
        self.model = model
        """The name of who answers."""
        self.engine_starts = 0
        """How often the engine was started again: its cache was empty then."""
        self.root = root
        self.turns: list[SavedTurn] = []
        """Those of the path, oldest first; the last one may be streaming."""
        self.skipped = 0
        """Turns of the path before these that only the store has."""
        self.nodes: dict[int, Node] = {}
        """Every turn by its place, on the path and beside it."""
        self._tree: TurnTree | None = None
        self.held: dict[int, SavedTurn] = {}
        """Every turn that was on the path."""
        self.context = SessionContext()
        self.request: TurnRequest | None = None
        """What is being asked, from before it is counted until its turn is over."""
        self.told: Told | None = None
        """What was sent with it; None before."""
        self.sent: breaks.Shot | None = None
        """The prompt that was sent last."""

    def put_back(self, found: StoredSession) -> None:
        """Go on where a saved session ended."""
        self.turns = list(found.turns)
        self.skipped = found.skipped
        self.nodes, self._tree = {node.id: node for node in found.nodes}, None
        self.held = {turn.id: turn for turn in found.turns}
        self.context = SessionContext(_saved_log(self.turns, self.skipped))

    @property
    def tree(self) -> TurnTree:
        """All turns by their places; made once for as long as there is none more."""
        with self.lock:
            if self._tree is None:
                self._tree = TurnTree(self.nodes.values())
            return self._tree

    def place(self, node: Node) -> None:
        """A turn is there, or deleted, or there again."""
        with self.lock:
            self.nodes[node.id] = node
            self._tree = None

    def show(self, turns: Sequence[SavedTurn], skipped: int) -> None:
        """Go on from other turns of it, with the files that are ticked, each where it stands among them."""
        with self.lock:
            before = dict(enumerate((turn.id for turn in self.turns), self.skipped))
            after = dict(enumerate((turn.id for turn in turns), skipped))
            if before == after:
                return
            self.turns, self.skipped = list(turns), skipped
            self.held |= {turn.id: turn for turn in turns}
            self.sent = None  # of another path: nothing is new for that
            same = {place + 1 for place, number in before.items() if after.get(place) == number}
            self.context.move_to(_saved_log(self.turns, skipped), same)

    def renew(self, turns: Sequence[SavedTurn]) -> None:
        """Some of the turns are more than they were: another program wrote on."""
        with self.lock:
            found = {turn.id: turn for turn in turns}
            self.turns = [found.get(turn.id, turn) for turn in self.turns]
            self.held |= found
            numbers = range(self.skipped + 1, self.skipped + 1 + len(self.turns))
            self.context.move_to(_saved_log(self.turns, self.skipped), numbers)

    # The prompt

    def told_now(self) -> Told:
        """What the next question would have in front of it."""
        return self._tell(self.context.log, self.context.plan)

    def next_prompt(self, question: str) -> Conversation:
        """What asking `question` now would send; while something is asked, what that sends."""
        with self.lock:
            request, told = self.request, self.told
            if request is None:
                return self.prompt(plain_question(question))
            if told is None:
                return self.prompt(request)
        return self._rendered(request, told)

    def prompt(
        self, request: TurnRequest, log: ContextLog | None = None, plan: FitPlan | None = None
    ) -> Conversation:
        """What would be sent; with `log` and `plan`, in the place of those in force."""
        with self.lock:
            if request.is_alone:
                return self._rendered(request, Told([], request.focus))
            if request.goes_on is not None:
                return self._rendered(request, self._told_again(request.goes_on))
            if log is None:
                log, plan = self.context.log.copy(), self.context.plan
            log.add(sent_whole(request.focus, plan))
            told = self._tell(log, plan)
        return self._rendered(request, told)

    def shot(
        self, told: Told, task: str, fields: Mapping[str, Any], think: Think | None = None
    ) -> breaks.Shot:
        """A prompt in its parts, to compare another one with."""
        return breaks.shot_of(
            self.llm.prompt_builder.system,
            told.history,
            told.waiting,
            (task, fields),
            model=self.model,
            start=self.engine_starts,
            think=self.llm.think if think is None else think,
            thought=told.thought,
        )

    @property
    def ahead_mark(self) -> object:
        """The same for as long as there is nothing new to read ahead."""
        with self.lock:
            items = tuple((item.key, item.sha256) for item in self.context.log.items)
            turns = tuple(turn.id for turn in self.turns if turn.is_told)
            plan = self.context.plan
            left_out = plan.left_out() if plan is not None else ()
        return id(self), id(self.llm), self.llm.think, self.engine_starts, items, turns, left_out

    def _tell(self, log: ContextLog, plan: FitPlan | None) -> Told:
        return tell(self.turns, log, plan, self.skipped + 1, prompts=self.llm.prompt_builder)

    def _told_again(self, turn: SavedTurn) -> Told:
        """What the last turn had in front of it, with the files as they were then: its answer goes on."""
        turns = [*self.turns[:-1], replace(turn, status="streaming")]
        log = _saved_log(turns, self.skipped)
        return tell(turns, log, self.context.plan, self.skipped + 1, prompts=self.llm.prompt_builder)

    def _rendered(self, request: TurnRequest, told: Told) -> Conversation:
        prompts, turn = self.llm.prompt_builder, request.goes_on
        if turn is None:
            return prompts.asked(request.task, told.waiting, told.history, request.fields)
        asked = told_as(turn, prompts)
        begun = prompts.asked(asked.task, told.waiting, told.history, asked.fields)
        begun.messages.append({"role": "assistant", "content": turn.answer})
        return Conversation(begun.messages, 0)

    # Turns

    def append(self, turn: SavedTurn) -> None:
        """A turn follows the others."""
        with self.lock:
            latest = max((node.asked for node in self.nodes.values()), default=0.0)
            turn.asked = max(turn.asked, latest + _ASKED_STEP)
            turn.parent = self.turns[-1].id if self.turns else NO_TURN
            self.turns.append(turn)
            self.held[turn.id] = turn
            self.place(Node(turn.id, turn.parent, turn.asked))

    def begin(self, turn: SavedTurn) -> Told:
        """What is sent with a turn stands in front of it from now on; what to send."""
        with self.lock:
            context, request = self.context, self.request
            alone = request if request is not None and request.is_alone else None
            goes_on = request is not None and request.goes_on is not None
            told = Told([], alone.focus) if alone is not None else self.told_now()
            if goes_on:
                told = self._told_again(turn)
            think = request.think if request is not None else None
            self.sent = self.shot(told, turn.task, turn.fields, think)
            self.told = told
            if goes_on:
                return told  # its files are what they were
            if alone is not None:
                turn.context, turn.left_out = alone.focus, alone.left_out
                return told
            turn.context = context.log.enter(turn.id)
            turn.earlier = context.log.before(turn.id)
            older = (f"turns 1-{self.skipped:,}",) if self.skipped else ()
            turn.left_out = older + (context.plan.left_out() if context.plan is not None else ())
            return told

    def end(self, turn: SavedTurn) -> None:
        """A turn is over; of one that came to nothing the files wait for the next question."""
        with self.lock:
            self.request = self.told = None
            if not turn.has_answer:
                self.context.log.leave(turn.id)


def _saved_log(turns: Sequence[SavedTurn], skipped: int) -> ContextLog:
    """The items as they stood when the last question was asked that was not put to parts of the files; of
    turns that are gone, those that are left have them."""
    last = next((turn for turn in reversed(turns) if turn.task not in (PART, JOIN)), None)
    if last is None:
        return ContextLog()
    answered = {turn.id for turn in turns if turn.is_told}
    placed = [*last.earlier, *(Placed(last.id, item) for item in last.context)]
    order = {turn.id: number for number, turn in enumerate(turns)}
    first = next((turn.id for turn in turns if turn.id in answered), WAITING)
    known = []
    for place in placed:
        if place.item.detail in WITHOUT_TEXT:
            continue
        now = place.turn_id
        if now not in order:  # not read, or deleted
            now = first if skipped else _first_with(place.item, turns)
        elif now not in answered:
            now = WAITING
        known.append(Placed(now, place.item))
    return ContextLog(sorted(known, key=lambda place: order.get(place.turn_id, len(order))))


def _first_with(item: ContextItem, turns: Sequence[SavedTurn]) -> int:
    """The first turn that is told and had the item in front of it."""
    for turn in turns:
        if turn.is_told and any(place.item.key == item.key for place in turn.earlier):
            return turn.id
    return WAITING
