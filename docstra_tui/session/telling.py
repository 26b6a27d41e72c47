"""What is sent in front of a question: the earlier turns that are told, and which items stand where.

Pure: a plan, the log and the turns in, what is sent out. Knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import PromptBuilder, Turn
from docstra_tui.session.log import ContextLog
from docstra_tui.session.turns import SavedTurn

SUMMARY_ASKED = "Sum up what was asked and answered here before."
"""Stands for the question of a turn of which only the summary is sent."""


@dataclass(frozen=True)
class Told:
    """What is sent in front of a question."""

    history: list[Turn]
    waiting: tuple[ContextItem, ...]
    """Items that stand in the question's own message."""
    thought: frozenset[int] = frozenset()
    """The turns of the history, from 1, whose answers the model thought about first; that is not sent."""


def tell(
    turns: Sequence[SavedTurn],
    log: ContextLog,
    plan: FitPlan | None,
    first: int = 1,
    *,
    prompts: PromptBuilder,
) -> Told:
    """The turns that the model answered, with the items in front of each; a turn that is left out
    leaves its items to the next one. `first` is the number of the first turn."""
    choices = {row.number: row for row in plan.turns} if plan is not None else {}
    history: list[Turn] = []
    carried: tuple[ContextItem, ...] = ()
    thought: set[int] = set()
    for number, turn in enumerate(turns, first):
        if not turn.is_told:
            continue
        items = (*carried, *log.of(turn.id))
        row = choices.get(number)
        if row is not None and row.choice == "left out":
            carried = items
            continue
        carried = ()
        if row is not None and row.choice == "summarised":
            history.append(summarised(row.summary, items))
        else:
            history.append(told_as(turn, prompts, items))
            if turn.thinking:
                thought.add(len(history))
    return Told(history, (*carried, *log.waiting), frozenset(thought))


def told_as(turn: SavedTurn, prompts: PromptBuilder, items: tuple[ContextItem, ...] = ()) -> Turn:
    """An earlier turn as it is sent again: in the words that are shown where its template is gone, or lacks
    a value that a damaged disk took."""
    if prompts.can_render(turn.task, turn.fields):
        return Turn(turn.answer, turn.task, turn.fields, items)
    return Turn(turn.answer, fields={"question": turn.question}, context=items)


def summarised(summary: str, items: tuple[ContextItem, ...] = ()) -> Turn:
    """A turn of which only a summary is sent."""
    return Turn(summary, fields={"question": SUMMARY_ASKED}, context=items)
