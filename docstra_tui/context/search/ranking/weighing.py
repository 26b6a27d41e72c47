"""From regions that fit to files in their order: how well a file fits as a whole, and what it is for."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from docstra_tui.context.search.facts import SHIFT
from docstra_tui.context.search.postings import KINDS
from docstra_tui.context.search.ranking.evidence import Evidence, Fits, Looking, Numbers, Places
from docstra_tui.context.search.ranking.graph import SEEDS, Related, related
from docstra_tui.context.search.ranking.naming import LIKELY, meant
from docstra_tui.context.search.ranking.terms import Terms
from docstra_tui.context.search.ranking.weights import WEIGHTS, Weights

MOST_FURTHER = 5
"""Regions of a file that count beyond the best."""

_LENGTH, _SATURATION = 0.75, 1.2
"""bm25's own b and k1, over files."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file, and what speaks for it."""

    file: int
    path: str
    score: float
    region: int | None
    """The place of the best one; none where only what lies around the file speaks for it."""
    is_named: bool = False
    """The question likely means it by its name."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order of files, and what it was made of."""

    files: list[Ranked]
    evidence: Evidence
    around: Related


def ranked(
    connection: sqlite3.Connection,
    terms: Terms,
    ticked: Sequence[str] = (),
    weights: Weights = WEIGHTS,
    most: int = 100,
) -> Ranking:
    """So many files that have most of the question, best first."""
    evidence = Looking(connection, terms, weights).look()
    files = _Files(evidence)

    def kept(kind: str) -> float:
        return 1.0 if kind == "code" or kind in terms.kinds else 1.0 - weights.besides

    keep = np.array([kept(kind) for kind in KINDS])[files.kinds]
    named = _named(connection, terms, evidence, files, keep) if weights.named else np.zeros(len(keep))
    keep = np.maximum(keep, named)
    meant_by_name = {int(file) for file in files.ids[named >= LIKELY]}
    scores = files.fitting(weights.further) * keep
    is_met = (scores > 0) | (named > 0)
    for shares, weight in (
        (_defining(connection, terms, files), weights.defines),
        (_whole(evidence, files), weights.whole),
        (named, weights.named),
    ):
        scores = scores + np.where(is_met, weight * scores.max(initial=0.0) * shares * keep, 0.0)
    around, others = Related(), {}
    if weights.related:
        around = _around(connection, terms, files, scores, ticked)
        best = float(scores.max(initial=0.0)) or 1.0
        for file, share in around.scores.items():
            at = files.place(file)
            if at < 0:
                others[file] = weights.related * best * share
            else:
                scores[at] += weights.related * best * share * keep[at]
    found = {int(files.ids[at]): float(scores[at]) for at in _likeliest(scores, most)}
    rows = _rows(connection, [*found, *others])
    for file, (_, kind) in rows.items():
        if file in others:
            found[file] = others[file] * kept(kind)
    order = sorted((file for file in found if file in rows), key=lambda file: (-found[file], rows[file][0]))
    del order[most:]
    return Ranking(
        [
            Ranked(file, rows[file][0], found[file], files.best_region(file), file in meant_by_name)
            for file in order
        ],
        evidence,
        around,
    )


class _Files:
    """The files of an index, each where it is among those that have regions."""

    def __init__(self, evidence: Evidence) -> None:
        regions = evidence.regions
        numbers = regions.ids >> SHIFT
        self._edges = np.flatnonzero(np.diff(numbers, prepend=-1))
        self.ids = numbers[self._edges]
        self.kinds = regions.kinds[self._edges]
        self._order = np.argsort(self.ids, kind="stable")
        self._of_region = np.repeat(np.arange(len(self.ids)), np.diff(self._edges, append=len(numbers)))
        self._evidence = evidence
        self.lengths = np.bincount(self._of_region[regions.is_there], minlength=len(self.ids))
        """How many regions each has; none where it is gone."""

    def place(self, file: int) -> int:
        """-1 where it has no regions."""
        at = int(self.ids.searchsorted(file, sorter=self._order))
        found = int(self._order[at]) if at < len(self._order) else -1
        return found if found >= 0 and self.ids[found] == file else -1

    def of(self, places: Places) -> Places:
        """Of regions."""
        return self._of_region[places]

    def sums(self, fits: Fits) -> Numbers:
        """By file."""
        return np.bincount(self.of(fits.places), fits.values, len(self.ids)).astype(np.float64)

    def fitting(self, further: float) -> Numbers:
        """The best region of each file, and a little of five more."""
        scores = np.zeros(len(self.ids))
        fits = self._evidence.all
        if not len(fits.places):
            return scores
        owners = self.of(fits.places)
        edges = np.flatnonzero(np.diff(owners, prepend=-1))
        which = np.repeat(np.arange(len(edges)), np.diff(edges, append=len(owners)))
        left = fits.values.copy()
        found = np.maximum.reduceat(left, edges)
        best = found
        for _ in range(MOST_FURTHER if further else 0):
            left[left == best[which]] = 0.0
            best = np.maximum.reduceat(left, edges)
            found = found + further * best
        scores[owners[edges]] = found
        return scores

    def best_region(self, file: int) -> int | None:
        """Its place among all regions; none where none fits."""
        at = self.place(file)
        if at < 0:
            return None
        fits = self._evidence.all
        first = self._edges[at]
        some = slice(*fits.places.searchsorted([first, first + self.lengths[at]]))
        values = fits.values[some]
        return int(fits.places[some][values.argmax()]) if len(values) else None


def _around(
    connection: sqlite3.Connection, terms: Terms, files: _Files, scores: Numbers, ticked: Sequence[str]
) -> Related:
    best = float(scores.max(initial=0.0)) or 1.0
    seeds = {int(files.ids[at]): float(scores[at]) / best for at in _likeliest(scores, SEEDS)}
    for path in ticked[:SEEDS]:
        for (file,) in connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchall():
            seeds[file] = 1.0
    asked = {word for thing in terms.things for word in (*thing.own, *thing.others)}
    return related(connection, seeds, asked)


def _likeliest(scores: Numbers, most: int) -> list[int]:
    """The places of so many files, the best first; none of those that have nothing."""
    some = np.argpartition(-scores, most)[:most] if most < len(scores) else np.arange(len(scores))
    return [at for at in some[np.argsort(-scores[some], kind="stable")].tolist() if scores[at] > 0]


def _rows(connection: sqlite3.Connection, wanted: Iterable[int]) -> dict[int, tuple[str, str]]:
    rows = connection.execute(
        "SELECT id, path, kind FROM files WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(wanted)),),  # as many as are ticked: more than a statement may have
    ).fetchall()
    return {file: (path, kind) for file, path, kind in rows}


def _defining(connection: sqlite3.Connection, terms: Terms, files: _Files) -> Numbers:
    """Files that define a name of the question; one of many that do counts less."""
    found = np.zeros(len(files.ids))
    for name in terms.names:
        rows = connection.execute("SELECT file FROM defined WHERE called = ?", (name,)).fetchall()
        for (file,) in rows:
            at = files.place(file)
            if at >= 0:
                found[at] += 1 / (1 + math.log(len(rows)))
    return found


def _named(
    connection: sqlite3.Connection, terms: Terms, evidence: Evidence, files: _Files, keep: Numbers
) -> Numbers:
    """How surely the question names each file; of several called the same, those of the project's own code
    and what is asked for before others."""
    found = np.zeros(len(files.ids))
    worth = {thing.said: fits.best for thing, fits in evidence.things if thing.said}
    for group in meant(connection, terms.mentions, worth):
        places = {files.place(file): sure for file, sure in group.items()}
        places.pop(-1, None)
        best = max((keep[at] for at in places), default=1.0)
        for at, sure in places.items():
            found[at] = max(found[at], sure * keep[at] / best)
    return found


def _whole(evidence: Evidence, files: _Files) -> Numbers:
    """bm25 over whole files, the best of them 1; for how often a file has a thing stand its regions."""
    found = np.zeros(len(files.ids))
    total = int(np.count_nonzero(files.lengths))
    if not total:
        return found
    long = 1 - _LENGTH + _LENGTH * files.lengths / (evidence.regions.count / total)
    for _, fits in evidence.things:
        often = files.sums(fits.times(1 / (fits.best or 1.0)))
        spread = int(np.count_nonzero(often))
        rarity = math.log1p((total - spread + 0.5) / (spread + 0.5))
        found += rarity * often * (_SATURATION + 1) / (often + _SATURATION * np.maximum(long, 0.01))
    return found / (float(found.max()) or 1.0)
