"""A file cut into regions: by its definitions, long ones cut, short ones joined."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise

from docstra_tui.context.outline.tag import Tag
from docstra_tui.context.search.facts import Region
from docstra_tui.context.search.numbering import looked_at, numbers
from docstra_tui.context.search.spelling import words

SHORT = 20
"""Lines below which a region takes in what follows."""
LONG = 80
"""Lines above which one is cut."""
MOST = 4_000
"""Regions of one file; of longer files they are longer."""
_ABOVE = 40
"""Lines of comment above a definition that go with it."""

_COMMENT = ("//", "#", "*", "/*", "--", ";;", "@", '"""', "%", "!", "///")
_DIRECTIVE = ("#include", "#define", "#if", "#endif", "#else", "#pragma", "# if", "# define", "#undef")
_CUTTING = frozenset({"class", "function", "method", "type", "heading", "macro", "key"})


def regions_of(
    content: str, found: Sequence[Tag], pieces: Sequence[str]
) -> tuple[tuple[Region, ...], Counter[str], list[str]]:
    """The regions of a text, in which `found` is defined; `pieces` are those of `lexing`.

    And how often each word stands in what is no comment and no quote; and the words that may begin a
    credential.
    """
    lines = content.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    offsets = [0, *accumulate(map(len, lines))]
    """Of each line, without the ends of those before it."""
    spans = _spans(lines, found)
    texts = _Texts(pieces)
    naming = _Naming(found)
    regions = []
    counts: Counter[str] = Counter()
    suspects: list[str] = []
    for start, end in spans:
        comments, body = texts.until(min(offsets[end] + end, len(content)))
        counts.update(body)
        said, done = looked_at(comments, suspects), looked_at(body, suspects)
        region = Region(start, end, naming.of(start, end), said, done)
        if region.names or region.comments or region.body:
            regions.append(region)
    return tuple(regions), counts, suspects


def _spans(lines: Sequence[str], found: Sequence[Tag]) -> list[tuple[int, int]]:
    """First and last lines, from 1, without gaps."""
    starts = sorted({_with_comments(lines, tag.line) for tag in found if _cuts(tag)} | {1})
    starts = [start for start in starts if start <= len(lines)]
    factor = 1 + len(lines) // (MOST * SHORT // 2)
    short, long = SHORT * factor, LONG * factor
    spans: list[tuple[int, int]] = []
    for start, following in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        size = following - start
        if spans and spans[-1][1] - spans[-1][0] + 1 < short and following - spans[-1][0] <= long:
            spans[-1] = (spans[-1][0], following - 1)
        elif size > long:
            count = -(-size // long)
            edges = [start + size * part // count for part in range(count + 1)]
            spans += [(edge, after - 1) for edge, after in pairwise(edges)]
        elif size > 0:
            spans.append((start, following - 1))
    return spans


def _cuts(tag: Tag) -> bool:
    return tag.kind in _CUTTING or tag.end - tag.line > SHORT // 2


def _with_comments(lines: Sequence[str], line: int) -> int:
    """The first line of the comments and decorators right above a line."""
    first = min(line, len(lines))
    for _ in range(_ABOVE):
        above = lines[first - 2].strip() if first > 1 else ""
        if not above.startswith(_COMMENT) or above.startswith(_DIRECTIVE):
            break
        first -= 1
    return first


class _Texts:
    """The words of a text, region after region, what is said to people apart."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = list(pieces)
        self._ends = list(accumulate(map(len, pieces)))
        self._next = 0

    def until(self, end: int) -> tuple[list[str], list[str]]:
        """Comments and body from where the last call ended."""
        first = self._next
        last = bisect_left(self._ends, end, first)
        taken = self._pieces[first : last + 1]
        self._next = last + 1
        if last < len(self._ends) and (rest := self._ends[last] - end):
            whole = self._pieces[last]
            taken[-1], self._pieces[last] = whole[:-rest], whole[-rest:]
            self._next = last
        comments, body = taken[1 - first % 2 :: 2], taken[first % 2 :: 2]
        return words(" ".join(comments)), words(" ".join(body))


class _Naming:
    """What regions are called: by what begins in them, and what they are in the middle of."""

    def __init__(self, found: Sequence[Tag]) -> None:
        self._found = sorted(found, key=lambda tag: tag.line)
        self._lines = [tag.line for tag in self._found]
        self._next = 0
        self._open: list[Tag] = []

    def of(self, start: int, end: int) -> bytes:
        self._open = [tag for tag in self._open if tag.end >= start]
        after = bisect_right(self._lines, end, self._next)
        begun = self._found[self._next : after]
        self._next = after
        names: dict[str, None] = {}
        for tag in [*self._open[-3:], *begun]:
            for part in tag.name.split("."):
                names.setdefault(part)
        self._open += [tag for tag in begun if tag.end > end]
        del self._open[:-20]
        return numbers(words(" ".join(names)))
