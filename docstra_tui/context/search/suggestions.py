"""Which files a question is likely about: the door of the search, for both faces, the shell and Python."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from heapq import nsmallest
from typing import Protocol

from docstra_tui.context.search.offered import Suggestion, Suggestions, sayable
from docstra_tui.context.search.ranking.terms import Terms, terms_of
from docstra_tui.context.search.ranking.weights import WEIGHTS, Weights
from docstra_tui.errors import NoSearch
from docstra_tui.sqlite_codes import undamaged


class IndexReader(Protocol):
    """What is asked of an index that is open for reading, in one thread.

    Its tables are those of `index.shape`; names in them are compared as they are written.
    """

    @property
    def connection(self) -> sqlite3.Connection: ...

    @property
    def is_complete(self) -> bool: ...


def suggest(
    reader: IndexReader,
    question: str,
    *,
    ticked: Sequence[str] = (),
    limit: int = 20,
    words: Sequence[str] = (),
    weights: Weights = WEIGHTS,
) -> Suggestions:
    """Files that the question is likely about, without those that are ticked already.

    `words` are more words to look for, a model's own for instance. One reader serves one thread. Raises
    `NoIndex`, `NoSearch`, `sqlite3.Error`.
    """
    load()
    ticked = [*map(sayable, ticked)]
    connection, terms = reader.connection, terms_of(question, words)
    with undamaged(), _at_one_moment(connection):
        return _suggested(connection, terms, ticked, limit, weights, reader.is_complete)


def load() -> None:
    """What weighs: numpy's, so it takes a moment the first time. Raises `NoSearch` where there is none."""
    try:
        from docstra_tui.context.search.ranking import reasons, weighing  # noqa: F401
    except ImportError as error:
        raise NoSearch(NO_NUMPY) from error


NO_NUMPY = "No files can be looked for, since numpy cannot be loaded: install docstra-tui again."

CACHE = 16_000
"""Thousands of bytes of the index that are held: a question reads some pages of it again and again."""


@contextmanager
def _at_one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Who writes waits meanwhile: what is read first has to be true of what is read last."""
    if connection.in_transaction:
        yield
        return
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.rollback()  # where a disk that fails has not done so


def _suggested(
    connection: sqlite3.Connection,
    terms: Terms,
    ticked: Sequence[str],
    limit: int,
    weights: Weights,
    is_complete: bool,
) -> Suggestions:
    from docstra_tui.context.search.ranking.reasons import reasons
    from docstra_tui.context.search.ranking.weighing import ranked

    ranking = ranked(connection, terms, ticked, weights, limit + len(ticked))
    known = set(ticked)
    offered = [one for one in ranking.files if one.path not in known][:limit]
    best = max((one.score for one in offered), default=0.0) or 1.0
    ids = ranking.evidence.regions.ids
    regions = [int(ids[one.region]) if one.region is not None else -1 for one in offered]
    lines = _lines(connection, regions)
    places = [lines.get(region) for region in regions]
    why = reasons(connection, terms, ranking, offered, places, ticked)
    return Suggestions(
        tuple(
            Suggestion(_text(one.path), reason, one.score / best, place)
            for one, reason, place in zip(offered, why, places, strict=True)
        ),
        is_complete,
    )


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{type(found)} where a path was")
    return found


NOT_FOUND = "nothing of the question was found in it"


def filled(
    reader: IndexReader, found: Suggestions, *, ticked: Sequence[str] = (), limit: int = 20
) -> Suggestions:
    """What was found, and behind it other files up to `limit`: first those beside it, and code first.

    For who wants so many paths whatever is in them; nobody is offered these to tick.
    """
    if len(found.files) >= limit:
        return found
    with undamaged():
        return _filled(reader.connection, found, ticked, limit)


def _filled(
    connection: sqlite3.Connection, found: Suggestions, ticked: Sequence[str], limit: int
) -> Suggestions:
    known = {*ticked, *(one.path for one in found.files)}
    near = {_folder(one.path): place for place, one in reversed([*enumerate(found.files)])}
    rows = connection.execute("SELECT path, kind FROM files WHERE left_out = ''").fetchall()
    others = nsmallest(
        limit - len(found.files),
        (
            (near.get(_folder(path), len(near) + limit), kind != "code", path.count("/"), path)
            for path, kind in rows
            if path not in known
        ),
    )
    more = tuple(Suggestion(_text(path), NOT_FOUND, 0.0, None) for *_, path in others)
    return Suggestions((*found.files, *more), found.is_complete)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _lines(connection: sqlite3.Connection, regions: Sequence[int]) -> dict[int, tuple[int, int]]:
    numbers = ",".join(map(str, regions))
    rows = connection.execute(f"SELECT id, start, end FROM region_lines WHERE id IN ({numbers})").fetchall()
    return {region: (int(start), int(end)) for region, start, end in rows}
