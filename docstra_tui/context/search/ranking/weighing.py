"""From regions that fit to files in their order: how well a file fits as a whole, and what it is for."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from docstra_tui.context.search.ranking.evidence import SHIFT, Evidence, Looking, by_file
from docstra_tui.context.search.ranking.graph import SEEDS, Related, related
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
    """The best one; none where only what lies around the file speaks for it."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order of files, and what it was made of."""

    files: list[Ranked]
    evidence: Evidence
    around: Related


def ranked(
    connection: sqlite3.Connection, terms: Terms, ticked: Sequence[str] = (), weights: Weights = WEIGHTS
) -> Ranking:
    """All files that have anything of the question, best first."""
    evidence = Looking(connection, terms, weights).look()
    regions = by_file(evidence.regions)
    files = _files(connection, regions)
    scores = {
        file: fits[0][0] + weights.further * sum(fit for fit, _ in fits[1 : 1 + MOST_FURTHER])
        for file, fits in regions.items()
        if file in files
    }

    def keep(file: int) -> float:
        kind = files[file][1]
        return 1.0 if kind == "code" or kind in terms.kinds else 1.0 - weights.besides

    scores = {file: score * keep(file) for file, score in scores.items()}
    for shares, weight in (
        (_defining(connection, terms), weights.defines),
        (_whole(connection, evidence), weights.whole),
    ):
        best = max(scores.values(), default=0.0)
        for file, share in shares.items():
            if file in scores:
                scores[file] += weight * best * share * keep(file)
    around = Related()
    if weights.related:
        around = _around(connection, terms, scores, ticked)
        best = max(scores.values(), default=1.0)
        files |= _files(connection, around.scores.keys() - files.keys())
        for file, share in around.scores.items():
            if file in files:
                scores[file] = scores.get(file, 0.0) + weights.related * best * share * keep(file)
    order = sorted(scores, key=lambda file: (-scores[file], files[file][0]))
    found = [
        Ranked(file, files[file][0], scores[file], regions[file][0][1] if file in regions else None)
        for file in order
    ]
    return Ranking(found, evidence, around)


def _around(
    connection: sqlite3.Connection, terms: Terms, scores: Mapping[int, float], ticked: Sequence[str]
) -> Related:
    best = max(scores.values(), default=0.0) or 1.0
    seeds = {file: scores[file] / best for file in sorted(scores, key=lambda file: -scores[file])[:SEEDS]}
    for path in ticked[:SEEDS]:
        for (file,) in connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchall():
            seeds[file] = 1.0
    asked = {word for thing in terms.things for word in (*thing.own, *thing.others)}
    return related(connection, seeds, asked)


def _files(connection: sqlite3.Connection, wanted: Iterable[int]) -> dict[int, tuple[str, str]]:
    numbers = ",".join(str(file) for file in wanted)
    rows = connection.execute(f"SELECT id, path, kind FROM files WHERE id IN ({numbers})").fetchall()
    return {file: (path, kind) for file, path, kind in rows}


def _defining(connection: sqlite3.Connection, terms: Terms) -> dict[int, float]:
    """Files that define a name of the question; one of many that do counts less."""
    found: dict[int, float] = defaultdict(float)
    for name in terms.names:
        rows = connection.execute(
            "SELECT DISTINCT file FROM definitions WHERE called = ?", (name,)
        ).fetchall()
        for (file,) in rows:
            found[file] += 1 / (1 + math.log(len(rows)))
    return found


def _whole(connection: sqlite3.Connection, evidence: Evidence) -> dict[int, float]:
    """bm25 over whole files, the best of them 1; for how often a file has a thing stand its regions."""
    total, regions = connection.execute(
        "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM region_lines)"
    ).fetchone()
    if not total:
        return {}
    lengths = _lengths(connection, {region >> SHIFT for _, fits in evidence.things for region in fits})
    usual = regions / total
    found: dict[int, float] = defaultdict(float)
    for (_, fits), spread in zip(evidence.things, evidence.spread, strict=True):
        most = max(fits.values(), default=0.0) or 1.0
        often: dict[int, float] = defaultdict(float)
        for region, fit in fits.items():
            often[region >> SHIFT] += fit / most
        rarity = math.log1p((total - spread + 0.5) / (spread + 0.5))
        for file, count in often.items():
            long = 1 - _LENGTH + _LENGTH * lengths.get(file, 1) / usual
            found[file] += rarity * count * (_SATURATION + 1) / (count + _SATURATION * long)
    best = max(found.values(), default=0.0) or 1.0
    return {file: fit / best for file, fit in found.items()}


def _lengths(connection: sqlite3.Connection, files: Iterable[int]) -> dict[int, int]:
    """How many regions some files have."""
    rows = connection.execute(
        f"SELECT value, (SELECT count(*) FROM region_lines WHERE id >= value << {SHIFT}"
        f" AND id < (value + 1) << {SHIFT}) FROM json_each(?)",
        (json.dumps(list(files)),),
    )
    return dict(rows.fetchall())
