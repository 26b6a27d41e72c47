"""The report as lines: what a shell reads one by one, and what fits a terminal's width."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from docstra_tui.figures import count
from docstra_tui.invoked import as_started
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.doctor.check import Check

STATUS_WIDTH = 4
LEAST_WIDTH = 30
"""Cells of the last column, however narrow the terminal is."""


def lines(checks: Sequence[Check], width: int | None = None) -> list[str]:
    """One line a check; within `width` cells they are folded, with what to do on a line of its own."""
    if width is not None:
        return [row for rows in folded(checks, width) for row in rows]
    return [f"{head}{'  '.join(filter(None, texts))}" for head, *texts in _texts(checks)]


def folded(checks: Sequence[Check], width: int) -> list[list[str]]:
    """The lines of each check."""
    found = []
    for head, detail, cure in _texts(checks):
        room = max(LEAST_WIDTH, width - len(head))
        rows = [*_folded(detail, room), *(_folded(cure, room) if cure else [])]
        blank = " " * len(head)
        found.append([f"{blank if number else head}{row}".rstrip() for number, row in enumerate(rows)])
    return found


def _texts(checks: Sequence[Check]) -> list[tuple[str, str, str]]:
    """Status and name in their columns; the rest, safe to show."""
    names = max((len(check.name) for check in checks), default=0)
    return [
        (
            f"{check.status:<{STATUS_WIDTH}}  {check.name:<{names}}  ",
            sanitize_line(check.detail),
            f"→ {sanitize_line(as_started(check.cure))}" if check.cure and check.status != "ok" else "",
        )
        for check in checks
    ]


def _folded(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_on_hyphens=False) or [""]


def summary(checks: Sequence[Check]) -> str:
    """`All is well.`, or how many lines are not."""
    fails = sum(check.status == "fail" for check in checks)
    warns = sum(check.status == "warn" for check in checks)
    if not fails and not warns:
        return "All is well."
    said = [f"{count(fails, 'thing')} {'does' if fails == 1 else 'do'} not work"] if fails else []
    said += [f"{count(warns, 'thing')} could be better"] if warns else []
    return f"{', '.join(said)}."


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """`{checks: [{name, status, detail, cure}]}`; a line that is well has no cure."""
    return {
        "checks": [
            {
                "name": one.name,
                "status": one.status,
                "detail": one.detail,
                "cure": one.cure if one.status != "ok" else "",
            }
            for one in checks
        ]
    }
