"""A turn beside its words: what it was sent with, and what came of it. For both faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.session.again import written
from docstra_tui.session.sent_settings import NOT_RECORDED, shown
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.wording import ENDED, answer_figures

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Settings
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.turns import SavedTurn

Row = tuple[str, str]
"""A name and what stands behind it, each a line that is safe to show."""

MOST_FILES = 50
MARK = 12
"""Characters of a fingerprint."""
LONGEST = 200
"""Characters of what was typed."""
LONGEST_ROW = 600
"""Characters of a row: what an imported file may have of it would take a minute to draw."""


def title_of(number: int, count: int) -> str:
    """Which turn it is."""
    return f"Question {number:,} of {count:,}"


def details(turn: SavedTurn) -> list[Row]:
    """All of it, in the order in which one asks for it."""
    rows = [*_sent(turn), *_about(turn), *_came(turn)]
    return [(_row(name), _row(value)) for name, value in rows if value]


def lines(rows: Sequence[Row]) -> list[str]:
    """The rows, those of them without a name below the one before."""
    wide = max((len(name) for name, _ in rows), default=0)
    return [f"{name.ljust(wide)}  {value}".rstrip() for name, value in rows]


def _row(text: str) -> str:
    return sanitize_line(text if len(text) <= LONGEST_ROW else f"{text[:LONGEST_ROW]}…")


def _sent(turn: SavedTurn) -> Iterator[Row]:
    yield "answered by", turn.model
    if turn.settings is None:
        yield "sent with", NOT_RECORDED
    else:
        yield from _listed(turn.settings)
    before = turn.settings
    for settings in turn.gone_on_with:
        changed = {name: one for name, one in settings.items() if before is None or before.get(name) != one}
        yield "gone on with", ", ".join(f"{name} {shown(one)}" for name, one in changed.items())
        before = settings


def _listed(settings: Settings) -> Iterator[Row]:
    for name, value in settings.items():
        yield name, shown(value)


def _about(turn: SavedTurn) -> Iterator[Row]:
    yield "template", turn.task
    typed = " ".join(written(turn).split())
    if typed != " ".join(turn.question.split()):
        yield "typed", typed if len(typed) <= LONGEST else f"{typed[:LONGEST]}…"
    yield from _files("files", turn.context)
    yield from _files("files of before", [placed.item for placed in turn.earlier])
    yield "not sent", ", ".join(turn.left_out)
    yield "damaged on disk", ", ".join(turn.damage)


def _files(name: str, items: Sequence[ContextItem]) -> Iterator[Row]:
    for item in items[:MOST_FILES]:
        how = f", {item.detail}" if item.detail else ""
        yield name, f"{shown_name(item.label)}{how} (sha256 {item.sha256[:MARK]}…)"
        name = ""
    if (more := len(items) - MOST_FILES) > 0:
        yield "", f"and {more:,} more"


def _came(turn: SavedTurn) -> Iterator[Row]:
    yield "asked", figures.moment(turn.asked)
    why = f": {turn.error.message}" if turn.error is not None else ""
    ended = "not yet" if turn.status == "streaming" else ENDED.get(turn.status, "") + why
    cut = "cut at its limit" if turn.finish_reason == "length" else ""
    yield "ended", ", ".join(filter(None, (ended, cut))) or "whole"
    yield "figures", answer_figures(turn.usage, turn.ttft_s, turn.tokens_per_s)
