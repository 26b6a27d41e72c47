"""What to leave out of a prompt that is too long, with as little lost as can be.

A suggestion to look at, nothing more: it turns one plan into another. Takes a moment also for thousands
of files: it adds and subtracts, and never sums a plan up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.context.fitting.rows import LEFT_OUT, OUTLINE, WHOLE, FileChoice, FileRow, TurnRow


def suggest(plan: FitPlan) -> FitPlan:
    """A plan that fits; `plan` itself when it fits already.

    It only takes away, in this order, until there is room. Outlines of files that the question does not
    name, the largest saving first; the oldest turns, but for the last; files that it does not name, the
    largest first; outlines of those it does; the last turn; the rest. What a later step made unnecessary
    is given back, what is missed most first. When not even the bare question fits, everything is left
    out, and `fits` stays False.
    """
    if plan.fits:
        return plan
    draft = _Draft(plan)
    if draft.give_up():
        draft.give_back()
    return draft.plan()


class _Draft:
    """A plan's choices while they are changed, and what they come to."""

    def __init__(self, plan: FitPlan) -> None:
        self._before = plan
        self._files = {row.key: row for row in plan.files}
        self._turns = {row.number: row for row in plan.turns}
        self._room = plan.room or 0

    def plan(self) -> FitPlan:
        """What came of it."""
        return replace(self._before, files=tuple(self._files.values()), turns=tuple(self._turns.values()))

    def give_up(self) -> bool:
        """One thing after the other, until it fits; False when there was nothing left to give up."""
        others = [row for row in self._before.files if not row.is_named]
        named = [row for row in self._before.files if row.is_named]
        turns = self._before.turns
        return (
            self._outline(others)
            or self._drop_turns(turns[:-1])
            or self._drop(others)
            or self._outline(named)
            or self._drop_turns(turns[-1:])
            or self._drop(named)
        )

    def give_back(self) -> None:
        """Each choice there was before for which there is room after all."""
        before = self._before
        largest_first = sorted(before.files, key=before.tokens, reverse=True)
        named = [row for row in largest_first if row.is_named]
        others = [row for row in largest_first if not row.is_named]
        for row in named:
            self._restore(row, row.choice)
        for row in (*named, *others):
            if self._files[row.key].choice == LEFT_OUT:
                has_outline = row.choice == WHOLE and row.outline is not None
                self._restore(row, OUTLINE if has_outline else row.choice)
        for turn in reversed(before.turns):
            more = turn.used - self._turns[turn.number].used
            if more <= self._room:
                self._turns[turn.number] = turn
                self._room -= more
        for row in others:
            self._restore(row, row.choice)

    def _outline(self, rows: Iterable[FileRow]) -> bool:
        """Outlines instead of these files, the largest saving first; True once it fits."""
        count = self._before.count
        savings = [
            (count(row.item) - count(row.outline), row)
            for row in rows
            if row.choice == WHOLE and row.outline is not None
        ]
        return self._choose(savings, OUTLINE)

    def _drop(self, rows: Iterable[FileRow]) -> bool:
        """None of these files, the largest first; True once it fits."""
        now = [self._files[row.key] for row in rows]
        return self._choose([(self._before.tokens(row), row) for row in now], LEFT_OUT)

    def _choose(self, savings: list[tuple[int, FileRow]], choice: FileChoice) -> bool:
        """Less of these files, the largest saving first; True once it fits."""
        for saving, row in sorted(savings, key=lambda found: -found[0]):
            if saving <= 0:
                break
            self._set(row.key, choice)
            if self._room >= 0:
                return True
        return self._room >= 0

    def _drop_turns(self, turns: Iterable[TurnRow]) -> bool:
        """None of these turns, the oldest first; True once it fits."""
        for row in turns:
            if row.used:
                self._room += row.used
                self._turns[row.number] = replace(row, choice="left out")
            if self._room >= 0:
                return True
        return self._room >= 0

    def _restore(self, row: FileRow, choice: FileChoice) -> None:
        before = self._files[row.key]
        if self._before.tokens(replace(row, choice=choice)) - self._before.tokens(before) <= self._room:
            self._set(row.key, choice)

    def _set(self, key: str, choice: FileChoice) -> None:
        before = self._files[key]
        after = self._files[key] = replace(before, choice=choice)
        self._room += self._before.tokens(before) - self._before.tokens(after)
