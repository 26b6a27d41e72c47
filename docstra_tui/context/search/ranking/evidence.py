"""What an index says for a question: how well each region fits each of its things.

All regions are weighed, by bm25 over the packed postings: numpy takes some nanoseconds for each that has a
word. Two words that stand beside each other are looked up as one is, more of them by each two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log, log1p
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from docstra_tui.context.search import postings
from docstra_tui.context.search.counting import NAME, PATH
from docstra_tui.context.search.ranking.terms import Terms, Thing
from docstra_tui.context.search.ranking.weights import Weights
from docstra_tui.context.search.spelling import spelled
from docstra_tui.context.search.stems import beside, number_of, parted

_LENGTH, _SATURATION = 0.75, 1.2
"""bm25's own b and k1."""
_LEAST = 1e-6
"""What a word is worth that is in most regions."""

Places: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fits:
    """How well some regions fit, by their places; these rise."""

    places: Places
    values: Numbers

    @property
    def best(self) -> float:
        return float(self.values.max()) if len(self.values) else 0.0

    def at(self, places: Places) -> Numbers:
        """0 where it does not fit."""
        if not len(self.places):
            return np.zeros(len(places))
        found = np.minimum(self.places.searchsorted(places), len(self.places) - 1)
        return np.where(self.places[found] == places, self.values[found], 0.0)

    def times(self, weight: float) -> Fits:
        return Fits(self.places, self.values * weight)


NOTHING = Fits(np.zeros(0, np.int64), np.zeros(0))


class Regions:
    """All regions of an index, one beside the other: what is known of each, by its place there."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        parts = postings.regions_of(connection)
        self._first: dict[int, int] = {}
        self._sizes = {part: len(one.ids) for part, one in parts.items()}
        count = 0
        for part, one in parts.items():
            self._first[part] = count
            count += len(one.ids)
        known = [*parts.values()]
        self.ids: Places = np.concatenate([one.ids for one in known]) if known else np.zeros(0, np.int64)
        self.is_there = np.concatenate([one.is_there for one in known]) if known else np.zeros(0, bool)
        self._has_all = bool(self.is_there.all())
        self.kinds = np.concatenate([one.kinds for one in known]) if known else np.zeros(0, np.uint8)
        lengths = np.concatenate([one.lengths for one in known]) if known else np.zeros(0, np.uint32)
        self.count = int(self.is_there.sum())
        usual = float(lengths[self.is_there].mean()) if self.count else 1.0
        self._saturation = _SATURATION * (1 - _LENGTH + _LENGTH * lengths / max(usual, 1.0))
        self._scratch = np.zeros(len(self.ids))
        self._rows: dict[int, list[tuple[int, postings.Row]]] = {}

    def having(self, words: Sequence[str], weights: Weights) -> Fits:
        """bm25 of the regions that have a word, one in small letters, or several beside each other:
        where each two of them are, all are."""
        places, counts = self._counts(words, weights)
        if not len(places):
            return NOTHING
        rarity = max(_LEAST, log((self.count - len(places) + 0.5) / (len(places) + 0.5)))
        return Fits(places, rarity * (1 + _SATURATION) * counts / (counts + self._saturation[places]))

    def places_of(self, words: Sequence[str], weights: Weights) -> Places:
        """Those regions only."""
        return self._counts(words, weights)[0]

    def _counts(self, words: Sequence[str], weights: Weights) -> tuple[Places, Numbers]:
        numbers = [*map(number_of, words)]
        if len(numbers) > 1:
            numbers = [beside(first, second) for first, second in pairwise(numbers)]
        places, counts = self._looked_up(numbers[0], weights)
        for number in numbers[1:]:
            others, often = self._looked_up(number, weights)
            places, here, there = np.intersect1d(places, others, assume_unique=True, return_indices=True)
            counts = np.minimum(counts[here], often[there])
        return places, counts

    def _looked_up(self, number: int, weights: Weights) -> tuple[Places, Numbers]:
        """Where it stands, and how often."""
        row = number >> postings.ROW_OF
        if row not in self._rows:
            self._rows[row] = [*postings.rows_of(self._connection, number)]
        some = []
        for part, packed in self._rows[row]:
            places, often = packed.of(number)
            if len(places):
                if places.max() >= self._sizes.get(part, 0):
                    raise postings.damaged()
                some.append((places.astype(np.int64) + self._first[part], often))
        if not some:
            return NOTHING.places, NOTHING.values
        places = np.concatenate([one for one, _ in some])
        often = np.concatenate([one for _, one in some])
        if not self._has_all:
            is_there = self.is_there[places]
            places, often = places[is_there], often[is_there]
        if len(places) > self.count:
            raise postings.damaged()
        counts = (often & (NAME - 1)).astype(np.float64)
        counts += weights.names * ((often & (PATH - 1)) // NAME) + weights.path * (often // PATH)
        return places, counts

    def together(self, fits: Iterable[Fits]) -> Fits:
        """Their sum."""
        every = [one for one in fits if len(one.places)]
        if len(every) < 2:
            return every[0] if every else NOTHING
        for one in every:
            self._scratch[one.places] += one.values
        places = np.flatnonzero(self._scratch != 0)  # of truths it is found ten times as fast
        values = self._scratch[places]
        self._scratch[places] = 0.0
        return Fits(places, values)


@dataclass(slots=True)
class Evidence:
    """How well regions fit."""

    regions: Regions
    all: Fits = NOTHING
    """All of a question together."""
    things: list[tuple[Thing, Fits]] = field(default_factory=list)
    """Each of its things that is anywhere."""

    def met(self, place: int) -> list[tuple[Thing, float]]:
        """The things that a region has, those first that count most."""
        at = np.array([place])
        found = [(thing, float(fits.at(at)[0])) for thing, fits in self.things]
        return sorted((one for one in found if one[1] > 0), key=lambda one: -one[1])


class Looking:
    """One question, put to an index."""

    def __init__(self, connection: sqlite3.Connection, terms: Terms, weights: Weights) -> None:
        self._regions = Regions(connection)
        self._terms = terms
        self._weights = weights

    def look(self) -> Evidence:
        evidence = Evidence(self._regions)
        of_words: dict[str, Fits] = {}
        every: list[Fits] = []
        for thing in self._terms.things:
            own = self._any(thing.own)
            if thing.said:
                of_words[thing.said] = own
            fits = self._with_others(thing, own)
            if thing.is_faint:
                fits = fits.times(self._weights.faint)
            if len(fits.places):
                evidence.things.append((thing, fits))
                every.append(fits)
        for first, second in self._terms.neighbours:
            if self._weights.neighbours and first in of_words and second in of_words and first != second:
                both = self._regions.places_of(parted(f"{first} {second}"), self._weights)
                value = of_words[first].at(both) + of_words[second].at(both)
                every.append(Fits(both, self._weights.neighbours * value))
            every.append(self._fits(first + second).times(self._weights.joined))
        for name in self._terms.names:
            every.append(self._fits(spelled([name])).times(self._weights.identifiers))
        for text in self._terms.texts:
            every.append(self._fits(text).times(self._weights.texts))
        evidence.all = self._regions.together(every)
        return evidence

    def _with_others(self, thing: Thing, own: Fits) -> Fits:
        """A word that stands for the question's own is worth no more than that, however rare it is."""
        weight = self._weights.others / (1 + 0.3 * log1p(len(thing.others)))
        if not thing.own:
            weight = self._weights.phrases
        if not thing.others or not weight:
            return own
        others = self._any(thing.others)
        if not others.best:
            return own
        if own.best:
            weight *= min(1.0, own.best / others.best)
        return self._regions.together([own, others.times(weight)])

    def _any(self, words: Iterable[str]) -> Fits:
        return self._regions.together(map(self._fits, words))

    def _fits(self, text: str) -> Fits:
        """Of one word, or of several that stand beside each other."""
        apart = parted(text)
        return self._regions.having(apart, self._weights) if apart else NOTHING
