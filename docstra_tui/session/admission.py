"""What stands between a question and its turn: what should not leave this machine, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.errors import ContextOverflow, DocstraError, MemoryOverflow, NotAsked
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.each import Each, divide
from docstra_tui.session.fitting import Fitting, Overfull
from docstra_tui.session.measuring import Measuring
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.session.turn_request import TurnRequest

EACH: Literal["each"] = "each"
Made = bool | Literal["each"]
"""What somebody made of a question that does not fit: room, nothing, or one to each part of the files."""


class Admission:
    """Lets questions through to the model, in the thread of their turn, one at a time."""

    def __init__(self, dialogue: Dialogue, measuring: Measuring, fitting: Fitting) -> None:
        self.make_room: Callable[[Overfull], Made] | None = None
        """Asked about a question that does not fit: it applies a plan, or has it put to each part of the
        files, or says False, and then nothing is sent."""
        self.may_leave: Callable[[SecretsFound, TurnRequest], bool] | None = None
        """Asked about what should not leave this machine unseen: it leaves it out or agrees to it, or says
        False, and then nothing is sent."""
        self.counting: tuple[int, int] | None = None
        """While a question waits for its files to be counted: how many of how many are."""
        self.count_changed: Callable[[], None] = lambda: None
        """Called in the turn's thread when that is different."""
        self._dialogue = dialogue
        self._measuring = measuring
        self._fitting = fitting
        self._is_stopped = False

    def expect(self) -> None:
        """A question is coming: what was stopped before is over."""
        self._is_stopped = False

    def stop(self) -> None:
        """What is being counted to be asked is not wanted any more. Any thread, never blocks."""
        self._is_stopped = True

    def admit(self, request: TurnRequest) -> TurnRequest:
        """What may be sent: the request, or the first of those that it becomes. Blocks while it is counted,
        and while somebody is asked.

        Raises `SecretsFound`, `ContextOverflow` or, when it was stopped, `NotAsked`.
        """
        while (found := self._kept_back(request)) is not None:
            if self.may_leave is None or not self.may_leave(found, request):
                raise found
        if request.to_each:
            return self._divided(request)
        while (budget := self._overfull(request)) is not None:
            overfull = Overfull(self._fitting, request, budget)
            # What an answer goes on behind is what it was: no file of it can be left out.
            make_room = self.make_room if request.goes_on is None else None
            made = make_room(overfull) if make_room is not None else False
            if made == EACH:
                return self._divided(request)
            if not made:
                raise self._overflow(budget)
        return request

    def _kept_back(self, request: TurnRequest) -> SecretsFound | None:
        """What keeps it from being sent as it is; None where nothing does, or it cannot be sent anyway."""
        try:
            self._dialogue.llm.admitted(self._dialogue.prompt(request).messages)
        except SecretsFound as found:
            return found
        except DocstraError:  # the turn itself will say what is wrong
            pass
        return None

    def _overfull(self, request: TurnRequest) -> Budget | None:
        """The sum of what does not fit; None where it does, or where nobody can tell."""
        try:
            budget = self._beyond_counting(request) or self._measuring.budget(self._dialogue.prompt(request))
        except NotAsked:
            raise
        except DocstraError:  # the turn itself will say what is wrong with the model
            return None
        return None if budget.fits else budget

    def _beyond_counting(self, request: TurnRequest) -> Budget | None:
        """Of a prompt whose files alone have more than eight windows: file by file that is found soon, told
        as it goes, and can be stopped. Raises `NotAsked`."""
        dialogue, measuring = self._dialogue, self._measuring
        with dialogue.lock:
            log, scale = dialogue.context.log_with(request.focus), measuring.scale
        items = log.items
        if all(map(scale.item.knows, items)):
            return None
        try:
            is_beyond = scale.add(items, lambda done: self._tell(done, len(items)), self._is_wanted)
        finally:
            self.counting = None
        if not self._is_wanted():
            raise NotAsked("The question was not asked.", "It was still being counted.")
        window, most = dialogue.llm.window, scale.most
        if not is_beyond or window is None or most is None or not dialogue.llm.counts_exactly:
            return None
        return Budget(most, window, measuring.reserve(window), is_least=True)

    def _divided(self, request: TurnRequest) -> TurnRequest:
        """The first of the requests to each part of the files; of files that fit, the request itself. Raises
        `NotAsked`, and what keeps it from being divided."""
        dialogue, measuring = self._dialogue, self._measuring
        with dialogue.lock:
            items = request.focus or dialogue.context.log.items
            llm, scale = dialogue.llm, measuring.scale
            has_history = any(turn.is_told for turn in dialogue.turns)
        if not items:
            raise NotAsked("There are no files that could be asked part by part.", "Name some first.")
        asked = request.fields.get("question") or llm.prompt_builder.render_turn(request.task, request.fields)
        try:
            shape = divide(
                scale,
                str(asked),
                items,
                measuring.reserve(llm.window),
                most=measuring.room.tokens if measuring.room is not None else None,
                on_progress=self._tell,
                is_wanted=self._is_wanted,
            )
        finally:
            self.counting = None
        if not self._is_wanted():
            raise NotAsked("The question was not asked.", "It was still being counted.")
        unsaid = ("earlier turns",) if has_history else ()
        each = Each(llm, str(asked), shape, request.text, request.think, unsaid)
        return replace(each.first(), question=request.question)

    def _tell(self, done: int, total: int) -> None:
        self.counting = (done, total)
        self.count_changed()

    def _is_wanted(self) -> bool:
        return not self._is_stopped

    def _overflow(self, budget: Budget) -> ContextOverflow:
        used, reserve, limit = budget.used, budget.reserve, budget.limit or 0
        room = self._measuring.room
        if budget.memory is None or room is None or used + reserve > limit:
            return ContextOverflow(used, limit, reserve, is_least=budget.is_least)
        return MemoryOverflow(used, room.tokens, reserve, compact=room.compact, on_gpu=room.on_gpu)
