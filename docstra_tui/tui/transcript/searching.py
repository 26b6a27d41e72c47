"""Finding words in a conversation: in the text as it was written, in that text without the signs of
Markdown between words, and then in the lines that are drawn.

`Search` looks a little at a time, the newest turn first, so that nobody waits for a long session.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.layout.turn import Turn

MOST = 10_000
"""Matches that are kept: the newest."""
SIGNS_AT_ONCE = 2_000
"""Signs of Markdown that are looked at before others get their turn."""
LONGEST_INLINE = 1_000
"""Characters of inline code or of the words of a link, at most."""

_SIGN = re.compile(r"``*|~~*|\*\**|\\[*_`#|~+\-.!>]|!\[|\[|\]\(")  # every part begins with a literal: fast
_LINK = re.compile(rf"!?\[[^\[\]\n]{{0,{LONGEST_INLINE}}}\]\(")
_ALL_SIGNS = "`~*\\![]"


@dataclass(frozen=True, slots=True)
class Match:
    """Where the words stand in the text of a turn."""

    turn: Turn
    in_question: bool
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


def _places(text: str, words: str) -> list[int]:
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


def _is_first_in_line(text: str, at: int) -> bool:
    before = text[max(0, at - 40) : at]
    line = before.rpartition("\n")[2]
    return not line.strip(" \t>") and (len(line) < len(before) or at <= 40)


def _fence_end(text: str, start: int, signs: str) -> int:
    """Where the fence that begins at `start` ends; -1 where none begins."""
    line_end = text.find("\n", start)
    if line_end < 0 or (signs[0] == "`" and "`" in text[start + len(signs) : line_end]):
        return -1
    closing = re.compile(rf"^[ \t>]*{signs[0]}{{{len(signs)},}}[ \t]*$", re.MULTILINE)
    found = closing.search(text, line_end + 1)
    return len(text) if found is None else found.end()


def _code_end(text: str, at: int, signs: str) -> int:
    """Where the signs stand that end inline code; -1 where it does not end."""
    end = min(len(text), at + LONGEST_INLINE)
    found = text.find(signs, at, end)
    while found >= 0:
        after = found + len(signs)
        if text[found - 1] != "`" and text[after : after + 1] != "`":
            return found if "\n\n" not in text[at:found] else -1
        while text[after : after + 1] == "`":
            after += 1
        found = text.find(signs, after, end)
    return -1


def _is_emphasis(text: str, start: int, end: int) -> bool:
    """True for stars that may begin or end emphasis: not a bullet, not a product."""
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    if before.isspace() and after.isspace():
        return False
    return not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum())


def without_signs(text: str) -> Generator[None, None, tuple[str, list[int], list[int]]]:
    """`text` about as it is drawn, and where in it and in `text` each of its pieces begins."""
    pieces: list[str] = []
    heres: list[int] = []
    theres: list[int] = []
    size, kept, at, count = 0, 0, 0, 0

    def keep(end: int, go_on: int) -> None:
        """Take the text before `end`, leave out what is before `go_on`."""
        nonlocal size, kept
        if end > kept:
            pieces.append(text[kept:end])
            heres.append(size)
            theres.append(kept)
            size += end - kept
        kept = go_on

    while (found := _SIGN.search(text, at)) is not None:
        count += 1
        if not count % SIGNS_AT_ONCE:
            yield
        start, at = found.span()
        signs = found[0]
        match signs[0]:
            case "`" | "~" if (
                at - start >= 3
                and _is_first_in_line(text, start)
                and (end := _fence_end(text, start, signs)) >= 0
            ):
                at = end
            case "`":
                end = _code_end(text, at, signs)
                if end >= 0:
                    keep(start, at)
                    at = end + len(signs)
                    keep(end, at)
            case "~":
                if len(signs) == 2:
                    keep(start, at)
            case "*":
                if _is_emphasis(text, start, at):
                    keep(start, at)
            case "\\":
                keep(start, start + 1)
            case "]":
                keep(start, at)
                pieces.append(" (")
                heres.append(size)
                theres.append(start)
                size += 2
            case _:
                if _LINK.match(text, start) is not None:
                    keep(start, at)
    keep(len(text), len(text))
    return "".join(pieces), heres, theres


def _bare(text: str) -> str:
    """`text` without any character that may be a sign of Markdown in a line."""
    for sign in _ALL_SIGNS:
        text = text.replace(sign, "")
    return text


def _written(text: str, words: str, *, is_raw: bool) -> Generator[None, None, list[int]]:
    """Where `words` stand in `text`, or would without the signs of Markdown."""
    text = folded(text, words)
    yield
    places = _places(text, words)
    bare = _bare(words)
    if is_raw or not bare or len(places) > MOST:
        return places
    yield
    has_link = " (" in words and "](" in text
    if not has_link and _bare(text).count(bare) <= len(places):
        return places
    plain, heres, theres = yield from without_signs(text)
    taken = set(places)
    for place in _places(plain, words):
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
        return self.length == len(turn.answer) and self.is_raw == turn.is_raw


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
        length, is_raw, words = len(turn.answer), turn.is_raw, self.words
        places = yield from _written(turn.answer, words, is_raw=is_raw)
        matches = [Match(turn, True, at) for at in _places(folded(turn.question, words), words)]
        matches += [Match(turn, False, at) for at in places]
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


# In the lines


def cells_of(line: Line, words: str) -> list[tuple[int, int]]:
    """The cells of every match in a drawn line."""
    text = folded(line.text, words)
    found: list[tuple[int, int]] = []
    at = text.find(words) if words else -1
    while at >= 0:
        first = cell_len(line.text[:at])
        found.append((first, first + cell_len(line.text[at : at + len(words)])))
        at = text.find(words, at + len(words))
    return found


def row_of(match: Match, beside: Sequence[Match], words: str, width: int) -> tuple[int, int]:
    """The row and the cell of a match in its turn; `beside` are all matches there.

    The first row of its block where it is not in sight: in a folded block, in signs of Markdown.
    """
    turn = match.turn
    blocks = turn.blocks(width)
    first, end, start = 1, turn.body_row, 0
    if not match.in_question:
        for index, (block, block_first, block_end) in enumerate(blocks):
            if block.start <= match.offset or not index:
                first, end, start = block_first, block_end, block.start
            if match.offset < block.end:
                break
    before = sum(
        1
        for other in beside
        if other.in_question == match.in_question and start <= other.offset < match.offset
    )
    last = (first, 0)
    for spot in _drawn(turn, first, end, words):
        last = spot
        if not before:
            break
        before -= 1
    return last


def _drawn(turn: Turn, first: int, end: int, words: str) -> Iterator[tuple[int, int]]:
    """The row and cell of every match in these rows; lines that were broken to fit are one again."""
    texts: list[str] = []
    starts: list[int] = []
    rows: list[tuple[int, int]] = []
    size = 0
    for row in range(first, end + 1):
        line = turn.line(row) if row < end else None
        if texts and (line is None or line.joint == "\n"):
            text = "".join(texts)
            for at in _places(folded(text, words), words):
                index = bisect_right(starts, at) - 1
                yield rows[index][0], rows[index][1] + cell_len(text[starts[index] : at])
            texts, starts, rows, size = [], [], [], 0
        if line is not None:
            lead, text = (0, line.text) if not texts else (line.indent, line.content)
            text = (line.joint if texts else "") + text
            starts.append(size + (len(line.joint) if texts else 0))
            rows.append((row, lead))
            texts.append(text)
            size += len(text)
