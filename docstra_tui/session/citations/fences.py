"""Code between fences: a quotation, or something new? Told apart by how much of it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from docstra_tui.session.citations import places
from docstra_tui.session.citations.blocks import Fence
from docstra_tui.session.citations.citation import Named
from docstra_tui.session.citations.passages import joined, words_of
from docstra_tui.session.citations.sources import Passage, Source, Sources

LEAST = 8
"""Characters of code that say something although they have but one word."""
LOOKED_AT = 2_000
"""Lines of a fence that is no quotation as a whole."""
PIECES = 40
"""That a quote with parts left out may have."""
APART = 400
"""Lines between two of them."""

_COMMENT = re.compile(
    r"\s*(?:#+|//+|--+|;+|/\*+|<!--|%+|\"+|'+)\s*(?:[Ff]ile(?:name)?:?\s+|[Ff]rom:?\s+|[Ii]n:?\s+)?`?(?P<place>\S.{0,400}?)`?\s*(?:\*+/|-->)?\s*"
)
_DOTS = re.compile(r"\s*(?:#+|//+|--+|;+|/\*+|<!--|%+)?\s*(?:\[?(?:\.{3}|…)\]?)[^\w]*(?:\*/|-->)?\s*")
_TITLE = re.compile(r"(?:title|file(?:name)?|path)\s*=\s*[\"']?(?P<place>[^\"'}]{1,400})")
_ELLIPSIS = re.compile(r"\.{3}|…")


class Titled(NamedTuple):
    """The code of a fence without its title."""

    lines: tuple[str, ...]
    named: Named

    @property
    def code(self) -> str:
        return "\n".join(self.lines)


def titled(fence: Fence, sources: Sources) -> Titled:
    """What a fence holds, and the place that its info string or its first comment names."""
    named = _of_info(fence.info, sources)
    lines = fence.lines
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines and (match := _COMMENT.fullmatch(lines[first])) is not None:
        found = _place(match["place"], sources)
        if found is not None:
            named = found if named is None or named.line is None else named
            lines = lines[first + 1 :]
    lines = _trimmed(lines)
    return Titled(lines, named or Named())


def _of_info(info: str, sources: Sources) -> Named | None:
    if (match := _TITLE.search(info)) is not None:
        return _place(match["place"], sources)
    language, _, rest = info.partition(" ")
    before, colon, behind = info.partition(":")
    for text in (info, rest, behind if colon and before.isalpha() else "", language):
        if text and (found := _place(text.strip().strip("{}()[]\"'"), sources)) is not None:
            return found
    return None


def _place(text: str, sources: Sources) -> Named | None:
    named = places.whole(text)
    if named is None or not named.path:
        return None
    return named if sources.files(named.path) or places.is_path(named.path) else None


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return tuple(lines[first:last])


def says_little(code: str) -> bool:
    """True for a bracket or a word, which stand everywhere."""
    words = words_of(code)
    return not words or (len(words) < 2 and len(code) < LEAST)


def in_pieces(code: str, sources: Sources, *, is_fence: bool) -> Sequence[Passage]:
    """Where a quote stands of which parts were left out, with `…` in their place."""
    if is_fence:
        pieces: list[str] = [""]
        for line in code.split("\n"):
            if _DOTS.fullmatch(line):
                pieces.append("")
            else:
                pieces[-1] += line + "\n"
    else:
        pieces = _ELLIPSIS.split(code)
    plain = [piece for piece in map(joined, pieces) if piece]
    if len(pieces) < 2 or not plain or len(plain) > PIECES or says_little(" ".join(plain)):
        return ()
    if len(plain) == 1:
        if is_fence:
            return sources.find(plain[0])
        is_cut = bool(pieces[0].strip()) and not pieces[0][-1].isspace()
        return (is_cut and sources.find_cut(plain[0])) or sources.find(plain[0])
    return [
        found for begin in sources.find(plain[0]) if (found := _continued(begin, plain, sources)) is not None
    ]


def _continued(begin: Passage, plain: Sequence[str], sources: Sources) -> Passage | None:
    """From the first piece to the last, where all follow each other in one file."""
    last = begin.last_row
    for piece in plain[1:]:
        following = [
            one.last_row
            for one in sources.find(piece)
            if one.source is begin.source and last <= one.row <= last + APART
        ]
        if not following:
            return None
        last = min(following)
    return Passage(begin.source, begin.row, last, False) if _in_order(plain, begin, last) else None


def _in_order(plain: Sequence[str], begin: Passage, last: int) -> bool:
    """False where pieces of one line stand the other way round."""
    text = joined("\n".join(begin.source.text.plain[begin.row : last + 1]))
    at = 0
    for piece in plain:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


class Share(NamedTuple):
    """How much of a fence stands in the file that has most of it."""

    found: int
    lines: int
    path: str | None
    line: int | None


def share(lines: Sequence[str], among: Iterable[Source]) -> Share:
    """Of the lines that say something, those that stand in one of some items: in that which has most."""
    plain = [one for line in lines[:LOOKED_AT] if not says_little(one := joined(line))]
    best = Share(0, len(plain), None, None)
    for source in among:
        rows = source.text.rows
        known = [rows[line] for line in plain if line in rows]
        if len(known) > best.found:
            best = Share(len(known), len(plain), source.path, source.text.number(known[0]))
    return best
