"""Which place a quote is said to stand at: the one that is named beside it in the same sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docstra_tui.session.citations.citation import Named
from docstra_tui.session.citations.sentences import Sentence

NEAR = 30
"""Characters between a file and its lines, "line 12 in the file a.py"."""


@dataclass(frozen=True)
class Mention:
    """A place, as a sentence names it."""

    named: Named
    text: str
    start: int
    end: int


def with_lines(files: Sequence[Mention], lines: Sequence[Mention], sentence: Sentence) -> list[Mention]:
    """Files and lines that are named apart from each other, put together; in their order."""
    known = sorted(files, key=lambda one: one.start)
    rest: list[Mention] = []
    for one in lines:
        bare = [number for number, file in enumerate(known) if file.named.line is None]
        if not bare:
            rest.append(_in_same(one, known))
            continue
        nearest = min(bare, key=lambda number: _gap(known[number], one))
        paths = {file.named.path for file in known}
        if _gap(known[nearest], one) > NEAR and len(paths) > 1:
            rest.append(one)
            continue
        file = known[nearest]
        named = replace(one.named, path=file.named.path)
        if _gap(file, one) > NEAR:
            rest.append(replace(one, named=named))
            continue
        start, end = min(file.start, one.start), max(file.end, one.end)
        text = sentence.text[start - sentence.start : end - sentence.start]
        known[nearest] = Mention(named, text, start, end)
    return sorted([*known, *rest], key=lambda one: one.start)


def without_twins(places: Sequence[Mention], sentence: Sentence) -> list[Mention]:
    """Places without those that a link says twice: as its text, and as where it leads."""
    kept: list[Mention] = []
    for place in sorted(places, key=lambda one: one.start):
        between = sentence.text[kept[-1].end - sentence.start : place.start - sentence.start] if kept else ""
        if not kept or between.strip("`*_") != "](":
            kept.append(place)
        elif kept[-1].named.line is None:
            kept[-1] = place
    return kept


def _in_same(one: Mention, known: Sequence[Mention]) -> Mention:
    """Lines of the only file of the sentence."""
    paths = {file.named.path for file in known}
    return replace(one, named=replace(one.named, path=paths.pop())) if len(paths) == 1 else one


def _gap(first: Mention, second: Mention) -> int:
    return max(first.start - second.end, second.start - first.end, 0)


def pair(quotes: Sequence[Mention], places: Sequence[Mention]) -> tuple[list[Named], set[int]]:
    """What is named for each quote, and the numbers of the places that went to one."""
    named = [Named()] * len(quotes)
    if not quotes or not places:
        return named, set()
    lined = [number for number, place in enumerate(places) if place.named.line is not None]
    wanted = lined or [*range(len(places))]
    used: set[int] = set()
    if len(wanted) == len(quotes):
        for at, number in enumerate(wanted):
            named[at] = places[number].named
        return named, set(wanted)
    free = set(range(len(quotes)))
    for number in wanted:
        if free:
            at = min(free, key=lambda at: (_gap(quotes[at], places[number]), at))
            named[at] = places[number].named
            free.discard(at)
            used.add(number)
    paths = {place.named.path for place in places if place.named.path}
    if len(paths) == 1:
        path = paths.pop()
        only = places[wanted[0]].named
        is_range = len(wanted) == 1 and only.end_line not in (None, only.line)
        for at in free:
            named[at] = only if is_range else Named(path)
        used |= {number for number, place in enumerate(places) if place.named == Named(path)}
    return named, used
