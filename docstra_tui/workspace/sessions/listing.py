"""The saved sessions as rows: by project, or those in which words were found, each with its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.title import short_told, shown_path

if TYPE_CHECKING:
    from docstra_tui.session.search.finder import Found, Hit
    from docstra_tui.session.turns import SessionSummary

LINES = 4
"""Hits that are shown of one session; how many there are more is said."""


@dataclass(frozen=True)
class Place:
    """A line of a turn, to go to."""

    turn: int
    part: str
    """`question`, `answer` or `file`."""
    line: int
    word: str = ""
    """One of those that were looked for, as it stands there."""


@dataclass(frozen=True)
class Row:
    """One row; every text is ready to show."""

    text: str
    right: str = ""
    """At the right edge."""
    session: str = ""
    """Its id; empty for a row that is only read."""
    title: str = ""
    """Of that session."""
    place: Place | None = None
    """Where to go in it; None for its end."""
    found: tuple[int, int] = (0, 0)
    """Where in the text the word stands that was looked for."""
    is_current: bool = False
    """It is the one that goes on."""

    @property
    def can_be_taken(self) -> bool:
        return bool(self.session)


def by_project(found: Sequence[SessionSummary], here: str, current: str | None = None) -> list[Row]:
    """All of them below their projects: that of `here` first, then by the latest."""
    projects: dict[str, list[SessionSummary]] = {here: []}
    for one in found:
        projects.setdefault(one.root, []).append(one)
    rows: list[Row] = []
    for root, sessions in projects.items():
        if sessions:
            rows.append(Row(project_name(root)))
            rows += [_session_row(one, current) for one in sessions]
    return rows


def with_hits(
    found: Found, sessions: Sequence[SessionSummary], words: str, current: str | None = None
) -> list[Row]:
    """Those with hits, the best first; then those whose title, or words not sent, have all the words."""
    known = {one.id: one for one in sessions}
    hits = found.by_session
    rows: list[Row] = []
    for session, lines in hits.items():
        if session not in known:  # deleted in between
            continue
        rows.append(_session_row(known[session], current, with_project=True))
        rows += [_hit_row(hit, rows[-1].title) for hit in lines[:LINES]]
        if len(lines) > LINES:
            rows.append(Row(f"{len(lines) - LINES} more"))
    wanted = words.casefold().split()
    for one in sessions:
        text = f"{one.title} {one.unsent} {one.root}".casefold()
        if one.id not in hits and wanted and all(word in text for word in wanted):
            rows.append(_session_row(one, current, with_project=True))
    return rows


def project_name(root: str) -> str:
    """`~/src/httpx`."""
    return shown_path(Path(root)) if root else "no folder"


def session_title(one: SessionSummary) -> str:
    """Ready to show."""
    return sanitize_line(one.title or f"not sent: {one.unsent}")


def _session_row(one: SessionSummary, current: str | None, *, with_project: bool = False) -> Row:
    turns = f"{one.turns} turn{'' if one.turns == 1 else 's'}"
    if one.turns and one.unsent:
        turns += ", words not sent"
    facts = [figures.moment(one.updated), short_told(one.model), turns]
    if with_project:
        facts.insert(1, project_name(one.root))
    title = session_title(one)
    return Row(title, " · ".join(filter(None, facts)), one.id, title, is_current=one.id == current)


def _hit_row(hit: Hit, title: str) -> Row:
    start, end = hit.spans[0] if hit.spans else (0, 0)
    word = hit.text[start:end]
    where = {"question": "asked", "file": "file"}.get(hit.part, f"line {hit.line}")
    place = Place(hit.turn, hit.part, hit.line, word)
    before, shown = sanitize_line(hit.text[:start].lstrip()), sanitize_line(word)
    text = before + shown + sanitize_line(hit.text[end:].rstrip())
    span = (len(before), len(before) + len(shown))
    return Row(text, where, hit.session, title, place, found=span)
