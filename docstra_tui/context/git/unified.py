"""Two texts as a unified diff. What would take long is told as a whole stretch that was replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

AROUND = 3
"""Lines around a change."""
CLOSE = 1_000_000
"""Pairs of lines that are compared one by one; a larger stretch is told as replaced."""

Block = tuple[int, int, int, int]
"""A stretch of the old lines, and the one that stands in its place."""


def unified(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The lines of a diff, each with its end; nothing where both are the same. Lines keep their ends."""
    for hunk in _hunks(list(blocks(old, new)), len(old), len(new)):
        start, first = max(0, hunk[0][0] - AROUND), max(0, hunk[0][2] - AROUND)
        end = min(len(old), hunk[-1][1] + AROUND)
        last = min(len(new), hunk[-1][3] + AROUND)
        yield f"@@ -{_range(start, end)} +{_range(first, last)} @@\n"
        at = start
        for old_start, old_end, new_start, new_end in hunk:
            yield from (_line(" ", line) for line in old[at:old_start])
            yield from (_line("-", line) for line in old[old_start:old_end])
            yield from (_line("+", line) for line in new[new_start:new_end])
            at = old_end
        yield from (_line(" ", line) for line in old[at:end])


def blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """The stretches that differ, in their order."""
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        low, high, first, last = waiting.pop()
        while low < high and first < last and old[low] == new[first]:
            low, first = low + 1, first + 1
        while low < high and first < last and old[high - 1] == new[last - 1]:
            high, last = high - 1, last - 1
        if low == high and first == last:
            continue
        anchors = _anchors(old, new, low, high, first, last) if low < high and first < last else []
        if anchors:
            parts = []
            for here, there in anchors:
                parts.append((low, here, first, there))
                low, first = here + 1, there + 1
            waiting += reversed([*parts, (low, high, first, last)])
        elif low < high and first < last and (high - low) * (last - first) <= CLOSE:
            matcher = SequenceMatcher(None, old[low:high], new[first:last])
            for kind, a, b, c, d in matcher.get_opcodes():
                if kind != "equal":
                    yield low + a, low + b, first + c, first + d
        else:
            yield low, high, first, last


def _anchors(
    old: Sequence[str], new: Sequence[str], low: int, high: int, first: int, last: int
) -> list[tuple[int, int]]:
    """Lines that stand exactly once on both sides, as many of them as keep their order."""
    there = _once(new, first, last)
    here = _once(old, low, high)
    pairs = [(at, there[line]) for line, at in here.items() if line in there]
    pairs.sort()
    return _rising(pairs)


def _once(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    at: dict[str, int] = {}
    for number in range(start, end):
        line = lines[number]
        at[line] = -1 if line in at else number
    return {line: number for line, number in at.items() if number >= 0}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of `pairs` whose second numbers only rise."""
    from bisect import bisect_left

    tops: list[int] = []
    chain: list[int] = []
    before: list[int] = []
    for number, (_, there) in enumerate(pairs):
        at = bisect_left(tops, there)
        before.append(chain[at - 1] if at else -1)
        if at == len(tops):
            tops.append(there)
            chain.append(number)
        else:
            tops[at], chain[at] = there, number
    found = []
    number = chain[-1] if chain else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _hunks(changes: list[Block], old: int, new: int) -> Iterator[list[Block]]:
    """Changes whose surroundings touch stand together."""
    together: list[Block] = []
    for change in changes:
        if together and change[0] - together[-1][1] > 2 * AROUND:
            yield together
            together = []
        together.append(change)
    if together:
        yield together


def _range(start: int, end: int) -> str:
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _line(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
