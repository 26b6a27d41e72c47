"""How well some letters fit a path, as fzf weighs it: in a row, at the start of words, in the name."""

from __future__ import annotations

from collections.abc import Sequence

_SEPARATORS = frozenset("/_.- ")

# fzf's own weights.
_MATCH, _GAP_START, _GAP_MORE = 16, -3, -1
_AT_PATH, _AT_WORD, _AT_CAMEL, _IN_A_ROW = 9, 8, 7, 4
_IN_NAME = 12
"""For a match that lies in the last part of the path."""


def score(path: str, wanted: str) -> int:
    """How well `wanted` (lower case, its letters all in `path` in order) fits; more is better."""
    text = path.lower()
    shown = path if len(path) == len(text) else text
    name = text.rstrip("/").rfind("/") + 1
    scores = []
    for start in {text.find(wanted, name), text.find(wanted), _at_word(text, shown, wanted)}:
        if start >= 0:
            scores.append(_weigh(shown, range(start, start + len(wanted)), name))
    if not scores or len(wanted) > 1:
        for begin in {0, name}:
            positions = _by_words(text, shown, wanted, begin)
            if positions:
                scores.append(_weigh(shown, positions, name))
    return max(scores, default=-len(path))


def _at_word(text: str, shown: str, wanted: str) -> int:
    """The last place where a word begins with `wanted`; -1 when there is none."""
    start = text.rfind(wanted)
    for _ in range(8):
        if start <= 0 or _bonus(shown, start) > 0:
            break
        start = text.rfind(wanted, 0, start + len(wanted) - 1)
    return start


def _by_words(text: str, shown: str, wanted: str, begin: int) -> list[int]:
    """The letters' places from `begin` on, at the beginning of words where that leaves room for the rest."""
    latest = _latest(text, wanted, begin)
    if latest is None:
        return []
    positions: list[int] = []
    at = begin
    for index, letter in enumerate(wanted):
        first = text.find(letter, at)
        chosen = first
        if not (positions and first == positions[-1] + 1):
            place = first
            while 0 <= place <= latest[index]:
                if _bonus(shown, place) > 0:
                    chosen = place
                    break
                place = text.find(letter, place + 1)
        positions.append(chosen)
        at = chosen + 1
    return positions


def _latest(text: str, wanted: str, begin: int) -> list[int] | None:
    """The last possible place of each letter; None when they are not all there in order."""
    places: list[int] = []
    end = len(text)
    for letter in reversed(wanted):
        end = text.rfind(letter, begin, end)
        if end < 0:
            return None
        places.append(end)
    places.reverse()
    return places


def _weigh(shown: str, positions: Sequence[int], name: int) -> int:
    total = _IN_NAME if positions[0] >= name else 0
    run = 0
    previous = -2
    for number, place in enumerate(positions):
        bonus = _bonus(shown, place)
        if place == previous + 1:
            run = max(run, bonus)
            total += _MATCH + max(run, _IN_A_ROW)
        else:
            run = bonus
            gap = place - previous - 1
            total += _MATCH + bonus * (2 if number == 0 else 1)
            total += _GAP_START + _GAP_MORE * (gap - 1) if number else 0
        previous = place
    return total


def _bonus(shown: str, place: int) -> int:
    if place == 0:
        return _AT_PATH
    before, here = shown[place - 1], shown[place]
    if before == "/":
        return _AT_PATH
    if before in _SEPARATORS:
        return 0 if here in _SEPARATORS else _AT_WORD
    if here.isupper() and not before.isupper():
        return _AT_CAMEL
    return _AT_CAMEL if here.isdigit() and not before.isdigit() else 0
