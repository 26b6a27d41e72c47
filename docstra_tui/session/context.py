"""The files of a conversation: those that are ticked, those that tasks brought, and what is sent of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from docstra_tui.context.fitting.carrying import stand_ins, still_true
from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.llm.items import ContextItem, Key
from docstra_tui.session.log import ContextLog


class SessionContext:
    """Which files there are, and the log in which each has its place. Whoever has it guards it."""

    def __init__(self, log: ContextLog | None = None) -> None:
        self.log = log if log is not None else ContextLog()
        """Where each stands, as it is sent."""
        self.plan: FitPlan | None = None
        """What the user chose to leave out."""
        self._chosen: tuple[ContextItem, ...] = ()
        self._brought: dict[Key, ContextItem] = {}
        """What tasks were about and nobody ticked."""
        self._is_chosen = False
        """True once somebody said what is ticked; what a saved session had stays until then."""

    @property
    def wholes(self) -> tuple[ContextItem, ...]:
        """Every item as it was picked, whatever is sent of it."""
        return (*self._chosen, *self._brought.values())

    def choose(self, items: Sequence[ContextItem]) -> None:
        """These are ticked now, in the order of the tree."""
        self._chosen, self._is_chosen = tuple(items), True
        for item in items:
            self._brought.pop(item.key, None)
        self._place()

    def leave_out(self, paths: Collection[str]) -> None:
        """None of these files any more."""
        self._chosen = tuple(item for item in self._chosen if item.path not in paths)
        self._brought = {key: item for key, item in self._brought.items() if item.path not in paths}
        self._place()

    def bring(self, focus: Sequence[ContextItem]) -> None:
        """What a task is about joins the others, unless it is there."""
        known = {item.key for item in (*self.wholes, *self.log.items)}
        self._brought |= {item.key: item for item in focus if item.key not in known}
        self.log.add(sent_whole(focus, self.plan))

    def apply(self, plan: FitPlan) -> None:
        """What the plan says is sent, until a file of it is edited or unticked."""
        known = {item.key for item in self.wholes}
        self._brought |= {row.item.key: row.item for row in plan.files if row.item.key not in known}
        self.plan = plan
        self._place()

    def move_to(self, log: ContextLog, numbers: Collection[int]) -> None:
        """Other turns are gone on from: `log` says where the items stand among them. What is ticked stays so,
        and of the plan what is about files and about the turns that still have these `numbers`."""
        known = {item.key for item in log.items}
        self._brought = {key: item for key, item in self._brought.items() if key in known}
        if self.plan is not None:
            turns = tuple(row for row in self.plan.turns if row.number in numbers)
            self.plan = replace(self.plan, turns=turns)
        self.log = log
        if self._is_chosen:
            self._place()

    def log_with(self, focus: Sequence[ContextItem]) -> ContextLog:
        """The log as it would be with what a task is about; a copy."""
        log = self.log.copy()
        log.add(sent_whole(focus, self.plan))
        return log

    def log_of_wholes(self, focus: Sequence[ContextItem]) -> ContextLog:
        """The log as it would be if nothing were left out; a copy."""
        log = self.log.copy()
        log.choose(self.wholes)
        log.add(focus)
        return log

    def log_under(self, plan: FitPlan, focus: Sequence[ContextItem]) -> ContextLog:
        """The log as a plan would make it; a copy."""
        log = self.log.copy()
        log.add(focus)
        log.choose([row.item for row in plan.files], stand_ins(plan))
        return log

    def _place(self) -> None:
        wholes = self.wholes
        self.plan = still_true(self.plan, wholes)
        self.log.choose(wholes, stand_ins(self.plan))


def sent_whole(focus: Iterable[ContextItem], plan: FitPlan | None) -> list[ContextItem]:
    """Of what a task is about that which is sent as it is: for the rest something else is in the log, or
    nothing."""
    instead = stand_ins(plan)
    return [item for item in focus if item.key not in instead]
