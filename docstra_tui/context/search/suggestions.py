"""Which files a question is likely about: the door of the search, for both faces, the shell and Python."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MOST_CHARACTERS = 4_000
"""Of a question; more is read by nobody."""


class IndexReader(Protocol):
    """What is asked of an index that is open for reading, in one thread.

    Its tables: `regions`, an FTS5 table (path, names, comments, body; the path's words stand in each file's
    first region only), whose rowid is a file's id times 4096 and the region's number in it; `region_lines`
    (id, start, end), the same ids; `files` (id, path, kind, language); `definitions` (name; called, which
    is its last part; file, kind, line, end), `uses` (name, file, count) and `imports` (file, module). Names
    are compared as they are written.
    """

    @property
    def connection(self) -> sqlite3.Connection: ...

    @property
    def is_complete(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A file that is offered for a question."""

    path: str
    """Relative to the project."""
    reason: str
    """Why, in a few words; it holds names out of files and must be made safe before it is shown."""
    score: float
    """Of the best one 1; of no meaning across questions."""
    lines: tuple[int, int] | None
    """The lines that fit best, both counted in."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is offered, best first."""

    files: tuple[Suggestion, ...]
    is_complete: bool
    """False where the index had only a part of the project."""


def suggest(
    reader: IndexReader,
    question: str,
    *,
    ticked: Sequence[str] = (),
    limit: int = 20,
    words: Sequence[str] = (),
) -> Suggestions:
    """Files that the question is likely about, without those that are ticked already.

    `words` are more words to look for, a model's own for instance. One reader serves one thread.
    """
    text = " ".join([question[:MOST_CHARACTERS], *words])
    terms = list(dict.fromkeys(word.lower() for word in re.findall(r"[^\W_]{2,}", text)))[:40]
    if not terms:
        return Suggestions((), reader.is_complete)
    matching = " OR ".join(f'"{term}"' for term in terms)
    rows = reader.connection.execute(
        "SELECT files.path, max(-bm25), start, end FROM (SELECT rowid AS region, bm25(regions, 3, 3, 2, 1) AS"
        " bm25 FROM regions WHERE regions MATCH ? ORDER BY bm25 LIMIT 400) JOIN files"
        " ON files.id = region >> 12 JOIN region_lines ON region_lines.id = region"
        " GROUP BY files.id ORDER BY 2 DESC LIMIT ?",
        (matching, limit + len(ticked)),
    ).fetchall()
    best = max((row[1] for row in rows), default=1.0) or 1.0
    found = [
        Suggestion(path, "has words of the question", score / best, (start, end))
        for path, score, start, end in rows
        if path not in set(ticked)
    ]
    return Suggestions(tuple(found[:limit]), reader.is_complete)
