"""What is to be sent of a prompt that is too long, while somebody decides about it.

Counts nothing and asks nobody; whoever holds it counts each plan that is chosen and tells the sum.
"""

from __future__ import annotations

from dataclasses import replace

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.context.fitting.proposal import suggest
from docstra_tui.context.fitting.rows import (
    LEFT_OUT,
    OUTLINE,
    WHOLE,
    FileChoice,
    FileRow,
    TurnChoice,
    TurnRow,
)

TURN_CHOICES: tuple[TurnChoice, ...] = ("kept", "left out", "summarised")
MOST_GUESSES = 100
"""Suggestions that are counted before one that does not fit is shown as it is: with many files each one is
an estimate until it was suggested."""


class FitDraft:
    """The plan that is chosen, what it was suggested as, and everything whole."""

    def __init__(self, whole: FitPlan) -> None:
        self._whole = whole
        self.suggested = suggest(whole)
        self.plan = self.suggested
        self.exact: Budget | None = None
        """The sum of the plan; None until it is counted."""
        self._ranges: dict[str, FileChoice] = {}
        """Lines that were asked for, by file."""
        self._guesses = 0
        """How often a suggestion did not fit when it was counted."""

    # Choosing: whatever is another plan now is to be counted

    def choose(self, plan: FitPlan) -> None:
        """This one."""
        self.plan, self.exact = plan, None

    def hold(self, memory: int | None) -> None:
        """Free memory holds so much now."""
        is_suggested = self.plan is self.suggested
        self._whole = replace(self._whole, memory=memory)
        if is_suggested:
            self.suggest()
        else:
            self.choose(replace(self.plan, memory=memory))

    def suggest(self) -> None:
        """From what there is now, as little less as will do."""
        self._guesses = 0
        self.suggested = suggest(self._whole)
        self.choose(self.suggested)

    def everything(self) -> None:
        """Everything whole."""
        self.choose(self.plan.whole())

    def turn_file(self, row: FileRow, step: int) -> None:
        """The next choice for a file, or the one before."""
        choices = _file_choices(row, self._ranges.get(row.key))
        at = choices.index(row.choice) if row.choice in choices else 0
        self.choose(self.plan.set(row.key, choices[(at + step) % len(choices)]))

    def offer_lines(self, key: str, choice: FileChoice) -> None:
        """Some lines of a file, which are among its choices from now on."""
        self._ranges[key] = choice

    def turn_turn(self, row: TurnRow, step: int, *, is_writing: bool) -> bool:
        """The next choice for an earlier turn, or the one before; True when that is a summary which is to be
        written first. `is_writing`: one was being written."""
        now: TurnChoice = "summarised" if is_writing else row.choice
        wanted = TURN_CHOICES[(TURN_CHOICES.index(now) + step) % len(TURN_CHOICES)]
        is_unwritten = wanted == "summarised" and not row.summary
        self.choose(self.plan.set_turn(row.number, "left out" if is_unwritten else wanted))
        return is_unwritten

    def summarise(self, number: int, summary: str, tokens: int) -> None:
        """The summary of a turn was written."""
        before = next(turn.choice for turn in self._whole.turns if turn.number == number)
        self._whole = self._whole.with_summary(number, summary, tokens).set_turn(number, before)
        self.choose(self.plan.with_summary(number, summary, tokens))

    # Counted

    def count(self, plan: FitPlan, budget: Budget) -> bool:
        """What the plan comes to; True when another was chosen for it, as the suggestion did not fit."""
        self.exact = budget
        if plan is not self.suggested or budget.fits or self._guesses >= MOST_GUESSES:
            return False
        self._guesses += 1
        assert budget.left is not None
        if plan.fits:
            # Joined tokens: the parts were a few less than the whole. Suggest with that much less room.
            lack = max(-budget.left, budget.used - plan.used)
            if lack > 0:
                self._whole = replace(self._whole, overhead=self._whole.overhead + lack)
        # Else some were estimated too low; what was suggested is counted by now.
        better = suggest(self._whole)
        if better == plan:
            return False
        self.suggested = better
        self.choose(better)
        return True


def _file_choices(row: FileRow, lines: FileChoice | None) -> list[FileChoice]:
    """What can be sent of a file, from all to nothing."""
    outline = [OUTLINE] if row.outline is not None else []
    return [WHOLE, *outline, *([lines] if lines is not None else []), LEFT_OUT]
