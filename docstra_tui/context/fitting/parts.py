"""Files in groups that each fit into one prompt, for a question that is put to each of them.

In their order, so that what lies side by side stays together. Pure: tokens are counted outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docstra_tui.context.fitting.memo import Count
from docstra_tui.context.fitting.ranges import cut_lines, line_span
from docstra_tui.llm.items import ContextItem

JOINED = 2
"""Tokens that an item may have more where it meets another one."""


@dataclass(frozen=True)
class Part:
    """Some files, or lines of them, that fit into one prompt."""

    items: tuple[ContextItem, ...]
    tokens: int
    """Of all of them."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What is in it."""
        return tuple(item.label for item in self.items)


@dataclass(frozen=True)
class Grouped:
    """All files, in parts."""

    parts: tuple[Part, ...]
    left_out: tuple[str, ...] = ()
    """Labels of single lines that are too long for any prompt."""


def group(items: Sequence[ContextItem], count: Count, room: int) -> Grouped:
    """As few parts as their order allows, each of at most `room` tokens; a file that is longer is cut between
    two lines."""
    parts: list[Part] = []
    left_out: list[str] = []
    now: list[ContextItem] = []
    used = 0
    for item in items:
        for piece in _pieces(item, count, room):
            tokens = count(piece) + JOINED
            if tokens > room:
                left_out.append(piece.label)
                continue
            if now and used + tokens > room:
                parts.append(Part(tuple(now), used))
                now, used = [], 0
            now.append(piece)
            used += tokens
    if now:
        parts.append(Part(tuple(now), used))
    return Grouped(tuple(parts), tuple(left_out))


def _pieces(item: ContextItem, count: Count, room: int) -> Iterator[ContextItem]:
    """The item, or its lines in pieces that fit; a single line is not cut."""
    tokens = count(item) + JOINED
    first, last = line_span(item)
    if tokens <= room or first >= last:
        yield item
        return
    for start, end in _ranges(item, math.ceil(1.1 * tokens / room)):
        yield from _pieces(cut_lines(item, start, end), count, room)


def _ranges(item: ContextItem, pieces: int) -> Iterator[tuple[int, int]]:
    """First and last lines of so many pieces of about the same length; two at least."""
    first, last = line_span(item)
    lines = item.content.split("\n")[: last - first + 1]
    most = (sum(map(len, lines)) + len(lines)) / max(2, pieces)
    start, size = first, 0
    for number, line in enumerate(lines, first):
        length = len(line) + 1
        if number > start and size + length > most:
            yield start, number - 1
            start, size = number, 0
        size += length
    yield start, last
