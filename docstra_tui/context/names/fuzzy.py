"""Finding paths by a few of their letters, as fzf ranks them: in a row, at the start of words, in the name.

Pure text; knows nothing about files. A hundred thousand paths are too many to look at one by one
between two keystrokes, so they are kept joined in blocks which `str.find` and `re` go through.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from docstra_tui.context.names.score import score

BLOCK = 4096
"""Paths searched in one go: about a millisecond in which no other thread runs."""

CANDIDATES = 500
"""Paths that are compared closely; the rest of a common query is not among the best of its kind."""

_START = re.compile(r"(?:^|[/_.\-\s])([^/_.\-\s])|(?<=[a-z0-9])([A-Z])|(?<=[^0-9])([0-9])")


class Block:
    """Some paths, ready to be searched. Never changes."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        # One line each, `/` in front, so that every part of a path begins with one.
        lines = ["/" + path.lower().replace("\n", " ") + "\n" for path in self.paths]
        initials = [
            "".join(match[match.lastindex or 0] for match in _START.finditer(path)).lower() + "\n"
            for path in self.paths
        ]
        self._text, self._starts = "\n" + "".join(lines), _starts(lines, 1)
        self._initials, self._initial_starts = "".join(initials), _starts(initials, 0)

    def matching(self, pattern: re.Pattern[str], letters: str = "") -> Iterator[int]:
        """Numbers of the paths on whose line `pattern` matches, each once.

        `letters` must all be on the line: where one of them is rare, only the lines that hold it are
        looked at.
        """
        text, starts = self._text, self._starts
        counts = {letter: text.count(letter) for letter in set(letters)}
        rarest = min(counts, key=counts.__getitem__, default="")
        if rarest and counts[rarest] < len(starts) // 2:
            for number in self.containing(rarest):
                if pattern.match(text, starts[number] - 1):
                    yield number
            return
        last = -1
        for match in pattern.finditer(text):
            number = bisect_right(starts, match.start() + 1) - 1
            if number != last:
                last = number
                yield number

    def containing(self, text: str, *, initials: bool = False) -> Iterator[int]:
        """Numbers of the paths that hold `text`, or whose words begin with its letters."""
        where, starts = (self._initials, self._initial_starts) if initials else (self._text, self._starts)
        position = where.find(text)
        while position >= 0:
            number = bisect_right(starts, position) - 1
            yield number
            if number + 1 >= len(starts):
                return
            position = where.find(text, starts[number + 1])


def _starts(lines: Sequence[str], at: int) -> list[int]:
    starts = []
    for line in lines:
        starts.append(at)
        at += len(line)
    return starts


def letters_of(query: str) -> str:
    """What of a query counts: no white space, lower case."""
    return "".join(query.lower().split())


def first_paths(blocks: Sequence[Block], limit: int) -> list[str]:
    """What an empty query finds."""
    return list(islice((path for block in blocks for path in block.paths), limit))


def rank(wanted: str, paths: Iterable[str], limit: int) -> list[str]:
    """The best first; among equals the shorter path. `wanted` is what `letters_of` gave."""
    ranked = [(-score("/" + path, wanted), len(path), path) for path in paths]
    ranked.sort()
    return [path for _, _, path in ranked[:limit]]


def candidates(wanted: str, blocks: Sequence[Block]) -> tuple[list[str], bool]:
    """The paths among which the best for `wanted` are, and whether no other path matches at all.

    Blocks should have short paths first: of a query with very many matches only some are looked at, and
    they are met in that order.
    """
    numbers, is_all = _candidates(wanted, blocks)
    return [blocks[block].paths[number] for block, number in numbers], is_all


def _candidates(wanted: str, blocks: Sequence[Block]) -> tuple[Iterable[tuple[int, int]], bool]:
    """When the loosest idea of a match finds few, they are all there are. When it finds many, each stricter
    idea brings its own first, so that a good match with a long path is not missed.
    """
    anywhere = re.compile("\n" + "".join(f"[^{letter}\n]*+{letter}" for letter in map(re.escape, wanted)))
    loose = _take((block.matching(anywhere, wanted) for block in blocks), CANDIDATES)
    if len(loose) < CANDIDATES:
        return loose, True
    some, literal = CANDIDATES // 4, re.escape(wanted)
    found: dict[tuple[int, int], None] = {}
    inside = _take((block.containing(wanted) for block in blocks), some)
    found.update(dict.fromkeys(inside))
    if len(inside) == some:  # so common that where it stands decides
        for pattern in (f"/{literal}[^/\n]*+/?\n", f"{literal}[^/\n]*+/?\n"):
            found.update(dict.fromkeys(_take(_search(pattern, blocks), some)))
    else:
        if len(wanted) > 1:
            at_words = (block.containing(wanted, initials=True) for block in blocks)
            found.update(dict.fromkeys(_take(at_words, some)))
        if "/" not in wanted:
            in_name = "".join(f"[^{letter}/\n]*+{letter}" for letter in map(re.escape, wanted))
            found.update(dict.fromkeys(_take(_search(f"/{in_name}[^/\n]*+/?\n", blocks), some)))
    found.update(dict.fromkeys(loose[: max(0, CANDIDATES - len(found))]))
    return found, False


def _search(pattern: str, blocks: Sequence[Block]) -> Iterator[Iterator[int]]:
    compiled = re.compile(pattern)
    return (block.matching(compiled) for block in blocks)


def _take(searches: Iterator[Iterator[int]], limit: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for block, numbers in enumerate(searches):
        for number in numbers:
            found.append((block, number))
            if len(found) == limit:
                return found
    return found
