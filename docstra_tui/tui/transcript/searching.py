"""Finding words in a conversation: in the text as it was written, and in that text without the signs of
Markdown between words.

`Search` looks a little at a time, the newest turn first, so that nobody waits for a long session.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.signs import bare, without_signs

MOST = 10_000
"""Matches that are kept: the newest."""


Part = Literal["question", "thinking", "answer"]
"""The texts of a turn, in the order in which they stand."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where the words stand in one of the texts of a turn."""

    turn: Turn
    part: Part
    offset: int


def folded(text: str, words: str) -> str:
    """`text` without its capitals, unless `words` has some; as long as it was."""
    if words != words.lower():
        return text
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


# In the text


def places_of(text: str, words: str) -> list[int]:
    """Where `words` stand, one after the other; the last ones of very many."""
    count = text.count(words)
    places: list[int] = []
    if count <= MOST:
        at = text.find(words) if count else -1
        while at >= 0:
            places.append(at)
            at = text.find(words, at + len(words))
        return places
    at = len(text)
    while len(places) <= MOST and (at := text.rfind(words, 0, at)) >= 0:
        places.append(at)
    places.reverse()
    return places


def _written(text: str, words: str, *, is_raw: bool) -> Generator[None, None, list[int]]:
    """Where `words` stand in `text`, or would without the signs of Markdown."""
    text = folded(text, words)
    yield
    places = places_of(text, words)
    bare_words = bare(words)
    if is_raw or not bare_words or len(places) > MOST:
        return places
    yield
    has_link = " (" in words and "](" in text
    if not has_link and bare(text).count(bare_words) <= len(places):
        return places
    plain, heres, theres = yield from without_signs(text)
    taken = set(places)
    for place in places_of(plain, words):
        piece = bisect_right(heres, place) - 1
        source = theres[piece] + place - heres[piece]
        if source not in taken:
            places.append(source)
    places.sort()
    return places


@dataclass(slots=True)
class _Looked:
    """A turn that was looked at: how long it was then, and what was found."""

    length: int
    is_raw: bool
    matches: list[Match]

    def holds(self, turn: Turn) -> bool:
        return self.length == _length(turn) and self.is_raw == turn.is_raw


def _length(turn: Turn) -> int:
    return len(turn.thinking) + len(turn.answer)


class Search:
    """All matches of some words, as far as they are found. It stays right when turns come, go and grow."""

    def __init__(self, words: str, turns: Sequence[Turn]) -> None:
        self.words = words
        self.current: Match | None = None
        """The match that was gone to."""
        self._looked: dict[Turn, _Looked] = {}
        self._ahead: list[Turn] = []
        """What is still to be looked at, the newest last."""
        self._work: Iterator[None] | None = None
        self._count = 0
        self._matches: tuple[Match, ...] | None = None
        self._turns = turns
        self.update(turns)

    def update(self, turns: Sequence[Turn]) -> None:
        """These are the turns now; what was found in those that did not change is kept."""
        looked: dict[Turn, _Looked] = {}
        ahead: list[Turn] = []
        count = 0
        for turn in reversed(turns):
            known = self._looked.get(turn)
            if known is not None and known.holds(turn):
                looked[turn] = known
                count += len(known.matches)
                if count > MOST:
                    break
            else:
                ahead.append(turn)
        ahead.reverse()
        self._turns, self._looked, self._ahead, self._count = turns, looked, ahead, count
        self._work = self._matches = None

    def go_on(self, seconds: float) -> bool:
        """Look for about `seconds`; True when everything was looked at, or enough was found."""
        stop = time.perf_counter() + seconds
        while self._work is not None or self._ahead:
            if self._work is None:
                self._work = self._look(self._ahead[-1])
            if next(self._work, self) is self:
                self._work = None
                if self._count > MOST:
                    self.update(self._turns)
            if time.perf_counter() > stop:
                break
        return self.is_done

    def _look(self, turn: Turn) -> Iterator[None]:
        length, is_raw, words = _length(turn), turn.is_raw, self.words
        thoughts = yield from _written(turn.thinking, words, is_raw=True)  # it is no Markdown
        places = yield from _written(turn.answer, words, is_raw=is_raw)
        matches = [Match(turn, "question", at) for at in places_of(folded(turn.question, words), words)]
        matches += [Match(turn, "thinking", at) for at in thoughts]
        matches += [Match(turn, "answer", at) for at in places]
        self._ahead.pop()
        self._looked[turn] = _Looked(length, is_raw, matches)
        self._count += len(matches)
        self._matches = None

    @property
    def is_done(self) -> bool:
        """Everything was looked at, or enough was found."""
        return self._work is None and not self._ahead

    @property
    def is_cut(self) -> bool:
        """There are more matches than are kept."""
        return self._count > MOST

    @property
    def count(self) -> int:
        """How many were found."""
        return min(MOST, self._count)

    @property
    def matches(self) -> tuple[Match, ...]:
        """What was found, the newest last."""
        if self._matches is None:
            found: list[Match] = []
            for turn in self._turns:
                if turn in self._looked:
                    found += self._looked[turn].matches
            self._matches = tuple(found[-MOST:])
        return self._matches

    @property
    def at(self) -> int:
        """Which of the matches is the current one; -1 when none is."""
        if self.current is not None:
            for index, match in enumerate(self.matches):
                if match.turn is self.current.turn and match == self.current:
                    return index
        return -1

    def beside(self, match: Match) -> list[Match]:
        """The matches in the turn of `match`."""
        known = self._looked.get(match.turn)
        return known.matches if known is not None else [match]
