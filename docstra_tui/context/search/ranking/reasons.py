"""Why a file is offered, in a few words: `defines Retry; used by 4 ticked files`.

Names in them come out of files and out of the question: whoever shows a reason makes it safe.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from docstra_tui.context.search.ranking.evidence import Evidence
from docstra_tui.context.search.ranking.graph import Related
from docstra_tui.context.search.ranking.terms import Terms
from docstra_tui.context.search.ranking.vocabulary import stem
from docstra_tui.context.search.ranking.weighing import Ranked, Ranking
from docstra_tui.context.search.spelling import parts

MOST_WORDS = 3
"""Of a question that are told."""
LONGEST_NAME = 60

_WITHIN = 40
"""Definitions of a region that are looked at."""

Lines = tuple[int, int] | None


def reasons(
    connection: sqlite3.Connection,
    terms: Terms,
    ranking: Ranking,
    offered: Sequence[Ranked],
    places: Sequence[Lines],
    ticked: Sequence[str],
) -> list[str]:
    """One for each of `offered`; `places` are the lines of its best region."""
    near = _Neighbourhood(connection, ranking.around, ticked)
    return [
        "; ".join(filter(None, (_own(connection, terms, ranking.evidence, one, lines), near.of(one.file))))
        or "belongs to files that fit"
        for one, lines in zip(offered, places, strict=True)
    ]


def _own(connection: sqlite3.Connection, terms: Terms, evidence: Evidence, one: Ranked, lines: Lines) -> str:
    """What is in the file itself, or what it is called."""
    if one.is_named:
        return "named in the question"
    named = _named(connection, terms.names, one.file)
    if named:
        return f"defines {named}"
    if one.region is None:
        return ""
    met = evidence.met(one.region)
    wanted = {stem(word): weight for thing, weight in met for word in (*thing.own, *thing.others)}
    defined = _defined(connection, wanted, one.file, lines)
    said = [thing.said for thing, _ in met if thing.said][:MOST_WORDS]
    about = f"about {', '.join(said)}" if said else ""
    return ", ".join(filter(None, (f"defines {defined}" if defined else "", about)))


def _named(connection: sqlite3.Connection, names: Iterable[str], file: int) -> str:
    """What the question names and the file defines."""
    for name in names:
        row = connection.execute(
            "SELECT name FROM definitions WHERE file = ? AND called = ? LIMIT 1", (file, name)
        ).fetchone()
        if row is not None:
            return _short(row[0])
    return ""


def _defined(connection: sqlite3.Connection, wanted: Mapping[str, float], file: int, lines: Lines) -> str:
    """The definition in these lines that has most of what is wanted in its name; empty where none has."""
    if lines is None:
        return ""
    rows = connection.execute(
        "SELECT name, called, kind FROM definitions WHERE file = ? AND line BETWEEN ? AND ?"
        " AND kind NOT IN ('heading', 'key') LIMIT ?",
        (file, *lines, _WITHIN),
    ).fetchall()
    best, found = 0.0, ""
    for name, called, _ in rows:
        stems = {stem(part.lower()) for word in called.split("_") for part in parts(word)}
        weight = sum(wanted.get(one, 0.0) for one in stems) / (1 + len(stems))
        if weight > best:
            best, found = weight, name
    return _short(found)


class _Neighbourhood:
    """Who uses what a file defines: those that are ticked before all."""

    def __init__(self, connection: sqlite3.Connection, around: Related, ticked: Sequence[str]) -> None:
        self._around = around
        self._ticked = _numbers(connection, ticked)

    def of(self, file: int) -> str:
        link = self._around.links.get(file)
        if link is None:
            return ""
        users = len(link.users & self._ticked)
        if users:
            return "used by a ticked file" if users == 1 else f"used by {users} ticked files"
        others = len(link.users - {file})
        return f"used by {others} files that fit" if others > 1 else ""


def _numbers(connection: sqlite3.Connection, paths: Sequence[str]) -> AbstractSet[int]:
    return {
        file
        for path in paths
        for (file,) in connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchall()
    }


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
