"""From regions that fit to files in their order: how well a file fits as a whole, and what it is for."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from docstra_tui.context.search.ranking.evidence import SHIFT, Evidence, Looking, by_file
from docstra_tui.context.search.ranking.terms import Terms

FURTHER = 0.15
"""What regions beyond the best count, of a file."""
MOST_FURTHER = 5
WHOLE = 0.4
"""What it counts to have much of the question in all the file, against the best region."""
DEFINES = 0.2
"""What it counts to define what the question names, against the best file."""
BESIDES = 0.4
"""What is left of a file that is no code of the project's own: tests, documents, what was generated."""

_LENGTH, _SATURATION = 0.75, 1.2
"""bm25's own b and k1, over files."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file, and what speaks for it."""

    file: int
    path: str
    score: float
    region: int
    """The best one."""


def ranked(connection: sqlite3.Connection, terms: Terms) -> tuple[list[Ranked], Evidence]:
    """All files that have anything of the question, best first."""
    evidence = Looking(connection, terms).look()
    regions = by_file(evidence.regions)
    files = _files(connection, regions)
    scores = {
        file: fits[0][0] + FURTHER * sum(fit for fit, _ in fits[1 : 1 + MOST_FURTHER])
        for file, fits in regions.items()
        if file in files
    }
    scores = {file: score * _kept(files[file][1], terms) for file, score in scores.items()}
    best = max(scores.values(), default=0.0)
    for file, share in _defining(connection, terms).items():
        if file in scores:
            scores[file] += DEFINES * best * share * _kept(files[file][1], terms)
    best = max(scores.values(), default=0.0)
    for file, share in _whole(connection, evidence).items():
        if file in scores:
            scores[file] += WHOLE * best * share * _kept(files[file][1], terms)
    order = sorted(scores, key=lambda file: (-scores[file], files[file][0]))
    return [Ranked(file, files[file][0], scores[file], regions[file][0][1]) for file in order], evidence


def _kept(kind: str, terms: Terms) -> float:
    return 1.0 if kind == "code" or kind in terms.kinds else BESIDES


def _files(connection: sqlite3.Connection, wanted: Mapping[int, object]) -> dict[int, tuple[str, str]]:
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
        f"SELECT count(DISTINCT id >> {SHIFT}), count(*) FROM region_lines"
    ).fetchone()
    if not total:
        return {}
    lengths = dict(
        connection.execute(f"SELECT id >> {SHIFT}, count(*) FROM region_lines GROUP BY 1").fetchall()
    )
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
