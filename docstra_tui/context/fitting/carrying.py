"""The choices of a plan as they go on: while files are edited or go, and into the next plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.context.fitting.rows import FileRow
from docstra_tui.llm.items import ContextItem, Key


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
