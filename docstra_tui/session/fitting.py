"""The conversation as a plan makes it: which items stand where, and which earlier turns are told.

Pure: a plan, the log and the turns in, what is sent out. Knows no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.plan import FileRow, FitPlan
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Message, PromptBuilder, Turn
from docstra_tui.session.log import ContextLog, Key
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import SavedTurn

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession

SUMMARY_ASKED = "Sum up what was asked and answered here before."
"""Stands for the question of a turn of which only the summary is sent."""

SUMMARY_TOKENS = 300
"""The longest summary of a turn."""


@dataclass(frozen=True)
class Overfull:
    """A question that does not fit, before anything was sent."""

    session: ChatSession
    asking: TurnRequest
    budget: Budget


@dataclass(frozen=True)
class Told:
    """What is sent in front of a question."""

    history: list[Turn]
    waiting: tuple[ContextItem, ...]
    """Items that stand in the question's own message."""


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
    for number, turn in enumerate(turns, first):
        if not turn.has_answer:
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
    return Told(history, (*carried, *log.waiting))


def told_as(turn: SavedTurn, prompts: PromptBuilder, items: tuple[ContextItem, ...] = ()) -> Turn:
    """An earlier turn as it is sent again: in the words that are shown where its template is gone, or lacks
    a value that a damaged disk took."""
    if prompts.can_render(turn.task, turn.fields):
        return Turn(turn.answer, turn.task, turn.fields, items)
    return Turn(turn.answer, fields={"question": turn.question}, context=items)


def summarised(summary: str, items: tuple[ContextItem, ...] = ()) -> Turn:
    """A turn of which only a summary is sent."""
    return Turn(summary, fields={"question": SUMMARY_ASKED}, context=items)


def summary_request(turn: SavedTurn, system: str) -> list[Message]:
    """What the model is asked to sum a turn up."""
    text = (
        f"Question:\n\n{turn.question}\n\nAnswer:\n\n{turn.answer}\n\n"
        "Sum up this question and its answer in a few sentences. Keep names of files, functions and "
        "figures; leave out code."
    )
    head: list[Message] = [{"role": "system", "content": system}] if system else []
    return [*head, {"role": "user", "content": text}]


def stand_ins(plan: FitPlan | None) -> dict[Key, ContextItem | None]:
    """What is sent instead of an item; None for one that is left out."""
    if plan is None:
        return {}
    return {row.item.key: row.sent for row in plan.files if row.sent is not row.item}


def still_true(plan: FitPlan | None, items: Iterable[ContextItem]) -> FitPlan | None:
    """The plan without the files that are gone or were edited: those are sent whole again. None when
    it leaves nothing out."""
    if plan is None:
        return None
    marks = {(item.key, item.sha256) for item in items}
    files = tuple(row for row in plan.files if (row.item.key, row.item.sha256) in marks)
    left = replace(plan, files=files)
    return left if left.left_out() else None


def carried_over(plan: FitPlan, before: FitPlan | None) -> FitPlan:
    """A plan with the choices of the one before it, where they can still be made."""
    if before is None:
        return plan
    chosen = {(row.key, row.item.sha256): row for row in before.files}
    files = [_as_before(row, chosen.get((row.key, row.item.sha256))) for row in plan.files]
    plan = replace(plan, files=tuple(files))
    numbers = {row.number for row in plan.turns}
    for turn in before.turns:
        if turn.number not in numbers:
            continue
        if turn.summary:
            plan = plan.with_summary(turn.number, turn.summary, turn.summary_tokens)
        plan = plan.set_turn(turn.number, turn.choice)
    return plan


def _as_before(row: FileRow, before: FileRow | None) -> FileRow:
    if before is None:
        return row
    chosen = replace(row, choice=before.choice)
    try:
        _ = chosen.sent
    except ValueError:  # it has no outline any more
        return row
    return chosen
