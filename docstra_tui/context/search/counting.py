"""How often each word stands in each region of a file: what a question is weighed by."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import chain

import msgspec

from docstra_tui.context.search.stems import numbers_of

NAME, PATH = 1 << 8, 1 << 12
"""What a word weighs in a region: how often it stands in the text, in the names and in the path."""
_MOST_OF_REST, _MOST_OF_NAMES, _MOST_OF_PATH = 255, 15, 15


class Counted(msgspec.Struct, array_like=True, frozen=True):
    """The words of one file's regions."""

    numbers: bytes
    """Of each region's words, one region after the other, four bytes each."""
    weights: bytes
    """Two bytes for each of them."""
    counts: list[int]
    """How many of them each region has."""
    lengths: list[int]
    """How many words stand in each region, all told."""


def counted(rows: Iterable[tuple[str, str, str, str]]) -> Counted:
    """Path, names, comments and body of each region: words with spaces between them."""
    numbers, weights = array("I"), array("H")
    counts: list[int] = []
    lengths: list[int] = []
    for path, names, comments, body in rows:
        found = Counter(chain.from_iterable(map(numbers_of, f"{comments} {body}".split())))
        length = found.total()
        if length > _MOST_OF_REST:
            found = Counter({number: min(count, _MOST_OF_REST) for number, count in found.items()})
        for text, weight, most in ((names, NAME, _MOST_OF_NAMES), (path, PATH, _MOST_OF_PATH)):
            if text:
                more = Counter(chain.from_iterable(map(numbers_of, text.split())))
                length += more.total()
                for number, count in more.items():
                    found[number] += weight * min(count, most)
        numbers.extend(found)
        weights.extend(found.values())
        counts.append(len(found))
        lengths.append(length)
    return Counted(numbers.tobytes(), weights.tobytes(), counts, lengths)
