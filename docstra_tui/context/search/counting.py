"""How often each word stands in each region, and each two beside each other: what a question is weighed by.

Of many files at once, by numpy: a Python that counts word by word takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from docstra_tui.context.search.facts import SIZE, TEXTS, Words
from docstra_tui.context.search.stems import beside

NAME, PATH = 1 << 8, 1 << 12
"""What a word weighs in a region: how often it stands in the text, in the names and in the path."""
_WEIGHTS = np.array([1, NAME, PATH], np.uint16)
_MOST = np.array([255, 15, 15])
_FIELDS = np.array([2, 1, 0, 0], np.uint64)
"""By the texts of a region: its path, names, comments and body."""

AT_ONCE = 200_000
"""Words that are counted together: numpy takes a hundred bytes for each."""

Triples: TypeAlias = npt.NDArray[np.uint64]
"""The number, the place and the weight of each posting in one integer: sorted in the time of a moment."""


def triples_of(numbers: npt.NDArray[Any], places: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Triples:
    triples: Triples = numbers.astype(np.uint64) << np.uint64(32)
    triples |= places.astype(np.uint64) << np.uint64(16)
    triples |= weights.astype(np.uint64)
    return triples


def lengths_of(files: Iterable[Words]) -> npt.NDArray[np.uint32]:
    """How many words stand in each region, all told."""
    sizes = np.array([size for words in files for size in words.sizes], np.uint32)
    lengths: npt.NDArray[np.uint32] = sizes.reshape(-1, TEXTS).sum(1, dtype=np.uint32)
    return lengths


def counted(files: Iterable[Words]) -> Triples:
    """In no order; the places are those of the regions, one file's after the other's."""
    place, found = 0, []
    for some in _chunks(files):
        sizes = np.array([size for words in some for size in words.sizes], np.int64)
        numbers = np.frombuffer(b"".join([words.numbers for words in some]), np.uint32)
        found.append(_counted(numbers, sizes, place))
        place += len(sizes) // TEXTS
    return np.concatenate(found) if found else np.zeros(0, np.uint64)


def _chunks(files: Iterable[Words]) -> Iterator[list[Words]]:
    some: list[Words] = []
    size = 0
    for words in files:
        some.append(words)
        size += len(words.numbers) // SIZE
        if size > AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _counted(numbers: npt.NDArray[np.uint32], sizes: npt.NDArray[np.int64], first: int) -> Triples:
    texts = np.arange(len(sizes), dtype=np.uint64)
    places = ((texts // np.uint64(TEXTS) + np.uint64(first)) << np.uint64(16)) | np.tile(
        _FIELDS, len(sizes) // TEXTS
    )
    of_text = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
    is_beside = of_text[1:] == of_text[:-1]
    pairs = beside(numbers[:-1], numbers[1:])[is_beside]
    keys = np.concatenate([numbers, pairs]).astype(np.uint64)
    del numbers, pairs
    keys <<= np.uint64(32)
    keys[: len(of_text)] |= places[of_text]
    keys[len(of_text) :] |= places[of_text[1:][is_beside]]
    keys.sort()
    begins = begins_of(keys)
    fields = (keys[begins] & np.uint64(3)).astype(np.intp)
    often = np.diff(begins, append=len(keys))
    weights = np.minimum(often, _MOST[fields]).astype(np.uint16) * _WEIGHTS[fields]
    keys = keys[begins] >> np.uint64(16)
    begins = begins_of(keys)  # of what stands in several fields of a region
    sums = np.add.reduceat(weights, begins) if len(begins) else weights
    return (keys[begins] << np.uint64(16)) | sums


def begins_of(keys: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Where each begins that is another than the one before, as the first is than any."""
    return np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
