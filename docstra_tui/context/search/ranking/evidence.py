"""What an index says for a question: how well each region fits each of its things.

The counting is SQLite's, which lets go of the interpreter meanwhile. bm25 costs a microsecond for each region
that has a word, so in a large project only those files are weighed that have much of the question at all.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from docstra_tui.context.search.ranking.terms import Terms, Thing
from docstra_tui.context.search.ranking.weights import Weights
from docstra_tui.context.search.spelling import spelled

SHIFT = 12
"""Bits of a region's number in its file."""

CANDIDATES = 400
"""Files that are weighed, of many."""
_COMMON = math.log(2)
"""How rare a thing is that half of the files have: it chooses none of them."""


@dataclass(slots=True)
class Evidence:
    """How well regions fit; their numbers are those of the index."""

    regions: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """All of a question together."""
    things: list[tuple[Thing, dict[int, float]]] = field(default_factory=list)
    """Each of its things that is anywhere."""
    spread: list[int] = field(default_factory=list)
    """In how many files each of them is."""

    def met(self, region: int) -> list[tuple[Thing, float]]:
        """The things that a region has, those first that count most."""
        found = [(thing, fits[region]) for thing, fits in self.things if fits.get(region, 0.0) > 0]
        return sorted(found, key=lambda one: -one[1])


class Looking:
    """One question, put to an index."""

    def __init__(self, connection: sqlite3.Connection, terms: Terms, weights: Weights) -> None:
        self._connection = connection
        self._terms = terms
        self._weights = weights
        self._only = ""
        """A condition for rows of `regions`; empty where all are weighed."""
        self._spreads: dict[str, int] = {}

    def look(self) -> Evidence:
        self._only = self._candidates()
        evidence = Evidence()
        of_words: dict[str, dict[int, float]] = {}
        for thing in self._terms.things:
            own = self._fits(_any(thing.own)) if thing.own else {}
            if thing.said:
                of_words[thing.said] = dict(own)
            fits = self._with_others(thing, own)
            if thing.is_faint:
                fits = {region: fit * self._weights.faint for region, fit in fits.items()}
            if fits:
                evidence.things.append((thing, fits))
                evidence.spread.append(self._spread(thing))
                _add(evidence.regions, fits)
        self._add_neighbours(evidence, of_words)
        for name in self._terms.names:
            _add(evidence.regions, self._fits(_phrase(spelled([name]))), self._weights.identifiers)
        for text in self._terms.texts:
            _add(evidence.regions, self._fits(_phrase(text)), self._weights.texts)
        return evidence

    def _with_others(self, thing: Thing, own: dict[int, float]) -> dict[int, float]:
        """A word that stands for the question's own is worth no more than that, however rare it is."""
        weight = self._weights.others / (1 + 0.3 * math.log1p(len(thing.others)))
        if not thing.own:
            weight = self._weights.phrases
        if not thing.others or not weight:
            return own
        others = self._fits(_any(thing.others))
        if not others:
            return own
        if own:
            weight *= min(1.0, max(own.values()) / max(others.values()))
        fits = defaultdict(float, own)
        _add(fits, others, weight)
        return fits

    def _add_neighbours(self, evidence: Evidence, of_words: Mapping[str, Mapping[int, float]]) -> None:
        for first, second in self._terms.neighbours:
            if first in of_words and second in of_words and first != second:
                for region in self._fits(_phrase(f"{first} {second}")):
                    both = of_words[first].get(region, 0.0) + of_words[second].get(region, 0.0)
                    evidence.regions[region] += self._weights.neighbours * both
            _add(evidence.regions, self._fits(_phrase(first + second)), self._weights.joined)

    def _fits(self, match: str) -> dict[int, float]:
        """bm25 of the regions that match, more is better."""
        rows = self._connection.execute(
            "SELECT rowid, -bm25(regions, ?, ?, 1, 1) FROM regions WHERE regions MATCH ?" + self._only,
            (self._weights.path, self._weights.names, match),
        )
        return dict(rows.fetchall())

    def _spread(self, thing: Thing) -> int:
        """In how many files a thing is."""
        match = _any((*thing.own, *thing.others))
        if match not in self._spreads:
            row = self._connection.execute(
                f"SELECT count(DISTINCT rowid >> {SHIFT}) FROM regions WHERE regions MATCH ?", (match,)
            ).fetchone()
            self._spreads[match] = int(row[0])
        return self._spreads[match]

    def _candidates(self) -> str:
        """The condition of the files that have most of the question's things, each by how rare it is."""
        files = int(self._connection.execute("SELECT count(*) FROM files").fetchone()[0])
        if files <= CANDIDATES or not self._terms.things:
            return ""
        rarity = {thing: math.log((files + 1) / (self._spread(thing) + 0.5)) for thing in self._terms.things}
        least = _COMMON if max(rarity.values()) > _COMMON else 0.0
        parts: list[str] = []
        given: list[object] = []
        for thing, weight in rarity.items():
            if weight > least:
                parts.append(
                    f"SELECT rowid >> {SHIFT} AS file, ? * count(*) / (1.0 + count(*)) AS weight FROM regions"
                    " WHERE regions MATCH ? GROUP BY 1"
                )
                given += [weight, _any((*thing.own, *thing.others))]
        if not parts:
            return ""
        asked = json.dumps(["code", *self._terms.kinds])
        rows = self._connection.execute(
            f"SELECT file FROM ({' UNION ALL '.join(parts)}) JOIN files ON files.id = file"
            " GROUP BY 1 ORDER BY sum(weight)"
            " * CASE WHEN kind IN (SELECT value FROM json_each(?)) THEN 1 ELSE ? END DESC LIMIT ?",
            (*given, asked, 1 - self._weights.besides, CANDIDATES),
        ).fetchall()
        return f" AND rowid >> {SHIFT} IN ({','.join(str(int(file)) for (file,) in rows)})"


def _add(to: dict[int, float], fits: Mapping[int, float], weight: float = 1.0) -> None:
    for region, fit in fits.items():
        to[region] += fit * weight


def _phrase(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _any(words: Iterable[str]) -> str:
    return " OR ".join(_phrase(word) for word in words)


def by_file(fits: Mapping[int, float]) -> dict[int, list[tuple[float, int]]]:
    """Regions of each file, best first, each with how well it fits."""
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for region, fit in fits.items():
        found[region >> SHIFT].append((fit, region))
    for regions in found.values():
        regions.sort(reverse=True)
    return found
