"""The rows and sums that the fit view shows, as values of its widgets."""

from __future__ import annotations

from collections.abc import Mapping

from docstra_tui import figures
from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.context.fitting.rows import WHOLE, FileRow, TurnRow
from docstra_tui.key_hints import press
from docstra_tui.llm.measure import Room
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.widgets.fit_table import FitLine


def fit_lines(plan: FitPlan, suggested: FitPlan, writing: Mapping[int, str]) -> list[FitLine]:
    """The rows: files in the order in which they are sent, then earlier turns. `writing` says of turns
    that are being summed up how far that is."""
    files = {row.key: row for row in suggested.files}
    turns = {row.number: row for row in suggested.turns}
    return [
        *(_file_line(plan, row, files.get(row.key)) for row in plan.files),
        *(_turn_line(row, turns.get(row.number), writing.get(row.number, "")) for row in plan.turns),
    ]


def sum_lines(plan: FitPlan, exact: Budget | None) -> tuple[str, str, bool]:
    """What it is made of; what it comes to; whether it fits. `exact` is the count of the whole prompt."""
    files = sum(plan.tokens(row) for row in plan.files)
    turns = sum(row.used for row in plan.turns)
    is_known = all(plan.knows(item) for item in plan.items())
    parts = [f"system {max(0, plan.overhead):,}", f"files {'' if is_known else '≈'}{files:,}"]
    parts += [f"earlier turns {turns:,}"] if plan.turns else []
    parts.append(f"question {plan.question:,}")
    if exact is not None and exact.is_least:
        said = figures.used_of(exact.used, exact.limit, is_least=True)
        return " + ".join(parts), said, False
    used = exact.used if exact is not None else plan.used
    sign = "" if exact is not None else "≈"
    most = plan.most
    if most is None:
        return " + ".join(parts), f"{sign}{used:,} tokens, the window is unknown", True
    room = most - plan.reserve
    left = room - used
    what = f"{left:,} free" if left >= 0 else f"{-left:,} too many"
    held = " that free memory holds," if plan.memory is not None else ""
    kept = f"{most:,}{held} less {plan.reserve:,} for the answer"
    return " + ".join(parts), f"{sign}{used:,} of {room:,} tokens ({kept}): {what}", left >= 0


def memory_line(room: Room | None) -> str:
    """The other ways where free memory is the limit; empty where it is not."""
    ways = []
    if room is not None and room.compact is not None:
        ways.append(f"8 keeps it in 8 bits: {room.compact:,} fit")
    if room is not None and room.on_gpu:
        ways.append("c goes back, and to the CPU")
    return " · ".join(ways)


def _file_line(plan: FitPlan, row: FileRow, suggested: FileRow | None) -> FitLine:
    is_suggested = suggested is not None and row.choice != WHOLE and suggested.choice == row.choice
    name = shown_name(row.key)
    return FitLine(
        name,
        str(row.choice),
        f"{'' if row.sent is None or plan.knows(row.sent) else '≈'}{plan.tokens(row):,}",
        "suggested" if is_suggested else "",
        row.choice == WHOLE,
    )


def _turn_line(row: TurnRow, suggested: TurnRow | None, writing: str) -> FitLine:
    is_suggested = suggested is not None and row.choice != "kept" and suggested.choice == row.choice
    name = f"turn {row.number}  {sanitize_line(' '.join(row.question.split()))[:200]}"
    if writing:
        return FitLine(name, "summing up", writing, f"{press('fit.back')} stops", False)
    mark = "suggested" if is_suggested else ""
    return FitLine(name, row.choice, f"{row.used:,}", mark, row.choice == "kept")
