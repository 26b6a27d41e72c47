"""The sentences of a paragraph, and what of code and places stands in each.

A claim is made in a sentence: a quote belongs to the place that is named in the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from docstra_tui.session.citations import places
from docstra_tui.session.citations.citation import Named

TOKENS = 200
"""Spans and places of one sentence that are looked at."""

_BLOT = "\x01"
_RUN = re.compile(r"`+")
_LINK = re.compile(r"\]\((?P<target>[^()\s]{1,400}+(?:\([^()\s]{0,40}\))?)(?:\s\"[^\"\n]{0,200}\")?\)")
_URL = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,12}://[^\s<>`\"')\]]{1,2000}+")
_BLOB = re.compile(
    r"/(?:blob|raw|src)/(?:branch/|commit/|tag/)?[^/?#]{1,200}/(?P<place>[^?#]{1,400})(?:\?[^#]*)?(?P<lines>#L\d.*)?"
)
"""What names a file in the address of one on a server of code."""
_END = re.compile(r"[.!?][)\"'*_”’]{0,3}\s+(?=[^\sa-z]|[\w/-]{1,80}[./:]\w|lines? \d)|\n[ \t]*(?=\n)")
_SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|approx|resp|no|ll?|pp?|fig|sec|eq|viz)|[^\w][A-Za-z])\.$", re.I)
"""Words behind whose point a sentence goes on."""
_ETC = re.compile(r"etc\.\s+[a-z(,;]")
_WORDS = re.compile(r"\b(?!(?:of|in|on|at|from|file|the|lines?|and|to)\b)[^\W\d]", re.IGNORECASE)
_QUOTE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_MODAL = re.compile(
    r"\b(?:could|should|would|might|may want|instead|rename[ds]?|replac(?:e|ing)|suggest\w*|propos\w+|"
    r"something (?:like|similar)|along the lines of|"
    r"recommend\w*|consider|introduce|hypothetical\w*|imagine|suppose|alternatively|let's|refactor\w*|"
    r"chang(?:e|ing) (?:it|this|that|the)|improv\w+|does(?:n't| not) exist|no such|there is no|"
    r"(?:not|n't|never) (?:there|here|defined|declared|present|found|given|shown|sent|used|called|included|"
    r"part|imported|implemented|available|needed|set)|"
    r"(?:do|does|did) ?(?:not|n't) (?:use|have|call|define|import|contain|include|need|set|raise|return|"
    r"mention|show|provide|implement|support)|"
    r"without (?:a |an |any )?\x01|missing|lacks?|absent|unlike|rather than)\b"
    r"|\b(?:e\.g\.|i\.e\.|for example|for instance|such as|like this),?:?\s?\x01",
    re.IGNORECASE,
)
"""What speaks of code that could be, or is not there."""
_IMPERATIVE = re.compile(
    r"(?:^|\b(?:you can|you may|you need to|need to|please|then|to|and)\s|[,:]\s)\W{0,6}"
    r"(?:add|create|define|write|run|install|pass|press|set|wrap|use|change|try|import|insert|append|make|move|"
    r"extract|remove|update|call|override|implement|return|put|rewrite|swap|simplify)\b",
    re.IGNORECASE,
)
_RUNS_ON = re.compile(r"\x01[)\"'*_]{0,3}(?:\s+(?=[A-Z][a-z]*['’]?[a-z]*[ ,])|\s*\n\s*(?=[A-Z]))")
"""Code, and another sentence behind it: nobody wrote the full stop."""
_OTHER_CLAUSE = re.compile(
    r"(?:[,;:–—]|\s-|\n|\s(?:and|but|so))\s+(?:(?:and|but|so|though|although|while)\s+)?"
    r"(?:which|this|that|it|you|we|one|they|these|there)\b",
    re.IGNORECASE,
)
"""What is said from here on is said of it, and is no part of it."""

_TITLE = re.compile(r"#{1,6}\s[^\n]*|(?P<mark>\*\*|__)[^*\n]*(?P=mark)")
"""A heading, or bold words instead of one."""


class Code(NamedTuple):
    """A code span."""

    text: str
    start: int
    """Characters into the answer, without its backticks."""
    end: int


class Spoken(NamedTuple):
    """A place in prose, or in the target of a link."""

    named: Named
    text: str
    start: int
    end: int
    is_remote: bool = False
    """True for an address on a server of code: it means a file of ours, or none."""


@dataclass(frozen=True)
class Sentence:
    """What stands in one sentence, in its order."""

    text: str
    """To the letter."""
    start: int
    """Characters into the answer."""
    codes: tuple[Code, ...]
    places: tuple[Spoken, ...]
    """With a file."""
    lines: tuple[Spoken, ...]
    """Without one."""
    masked: str
    """Its text with the code and the addresses in it blotted out."""
    is_lead: bool
    """True where it ends with a colon, or is a place and nothing else: it leads to what follows."""

    @property
    def is_proposal(self) -> bool:
        """True where it speaks of what could be, or is not there."""
        return self.proposed[0]

    @cached_property
    def proposed(self) -> tuple[bool, tuple[int, int]]:
        """Whether it proposes anything; before the first of these characters of the answer nothing, since
        another sentence begins there without a full stop; before the second neither, where it has a line."""
        return _proposed(self.masked, self.start)

    def about(self, code: Code, named: Named) -> About:
        """What is said of one of its spans."""
        return About(self, code, named)


class About(NamedTuple):
    """A sentence, as far as it is about one of its spans: what is said behind it may be said of something
    else."""

    sentence: Sentence
    code: Code
    named: Named

    @property
    def is_proposal(self) -> bool:
        """As that of the sentence."""
        is_proposal, settled = self.sentence.proposed
        return is_proposal and self.code.end >= settled[self.named.line is not None]


Spans = list[tuple[int, int, int]]
"""Start, end and length of the marks of each code span of a paragraph."""


def sentences(text: str, at: int, spans: Spans) -> Iterator[Sentence]:
    """Those of a paragraph with these spans that stands `at` so many characters into its answer."""
    if not spans and not _may_name(text):
        return
    masked = _masked(text, spans)
    start, number = 0, 0
    for end in [*_ends(masked), len(masked)]:
        inside = []
        while number < len(spans) and spans[number][0] < end:
            inside.append(spans[number])
            number += 1
        yield _sentence(text, masked, start, end, inside, at)
        start = end


def codes(text: str, spans: Spans) -> Iterator[str]:
    """The code spans of a paragraph, blanks at their ends and all."""
    for begin, end, marks in spans:
        yield text[begin + marks : end - marks]


def _may_name(text: str) -> bool:
    """Whether `places` may find anything in a text without code."""
    small = text.lower()
    return "." in text or "line" in small or "file" in small or bool("L" in text and places.lines_in(text))


def spans_of(text: str) -> Spans:
    """Those of a paragraph."""
    if "`" not in text:
        return []
    runs = [(match.start(), match.end()) for match in _RUN.finditer(text)]
    following: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        following.setdefault(runs[number][1] - runs[number][0], []).append(number)
    spans = []
    number = 0
    while number < len(runs):
        begin, end = runs[number]
        same = following[end - begin]
        while same and same[-1] <= number:
            same.pop()
        if (begin and text[begin - 1] == "\\") or not same:
            number += 1
            continue
        closing = same[-1]
        spans.append((begin, runs[closing][1], end - begin))
        number = closing + 1
    return spans


def _masked(text: str, spans: Spans) -> str:
    """The text with its spans and addresses blotted out, of the same length."""
    plain = _blotted(text, [(begin, end) for begin, end, _ in spans])
    if "://" in plain:
        plain = _URL.sub(lambda match: _BLOT * len(match[0]), plain)
    return _QUOTE_MARK.sub(lambda match: " " * len(match[0]), plain) if ">" in plain else plain


def _ends(masked: str) -> Iterator[int]:
    for match in _END.finditer(masked):
        if _ETC.match(masked, max(0, match.start() - 3)):
            continue
        if not _SHORT.search(masked[max(0, match.start() - 8) : match.start() + 1]):
            yield match.end()


def _sentence(text: str, masked: str, start: int, end: int, spans: Spans, at: int) -> Sentence:
    codes = []
    for begin, stop, marks in spans[:TOKENS]:
        inner = text[begin + marks : stop - marks]
        left, right = begin + marks, stop - marks
        if len(inner) > 2 and inner[0] == inner[-1] == " " and inner.strip():
            inner, left, right = inner[1:-1], left + 1, right - 1
        codes.append(Code(inner, left + at, right + at))
    said = prose = masked[start:end]
    spoken = []
    links = []
    for match in _LINK.finditer(prose) if "](" in prose else ():
        named = places.whole(match["target"])
        links.append((match.start("target"), match.end("target")))
        if named is not None and places.is_path(named.path):
            spoken.append(_spoken(places.Place(named, *links[-1]), text, start, at))
    prose = _blotted(prose, links)
    found = places.in_prose(prose)[:TOKENS]
    spoken += [_spoken(place, text, start, at) for place in found]
    prose = _blotted(prose, [(place.start, place.end) for place in found])
    lines = [_spoken(place, text, start, at) for place in places.lines_in(prose)[:TOKENS]]
    trimmed = said.strip()
    spoken += _remote(text, start, end, [(begin, stop) for begin, stop, _ in spans], at)
    spoken.sort(key=lambda place: place.start)
    is_lead = (
        trimmed.rstrip("*_ ").endswith(":")
        or _TITLE.fullmatch(trimmed) is not None
        or _is_place_alone(said, start + at, codes, spoken, lines)
    )
    return Sentence(text[start:end], at + start, tuple(codes), tuple(spoken), tuple(lines), said, is_lead)


def _proposed(masked: str, at: int) -> tuple[bool, tuple[int, int]]:
    """Whether a sentence proposes anything, and up to where nothing of it is proposed."""
    starts = [match.start() for one in (_MODAL, _IMPERATIVE) if (match := one.search(masked)) is not None]
    if not starts:
        return False, (at, at)
    first = min(starts)
    runs_on, other = (
        max((match.start() + 1 for match in one.finditer(masked) if match.start() < first), default=0)
        for one in (_RUNS_ON, _OTHER_CLAUSE)
    )
    return True, (at + runs_on, at + max(runs_on, other))


def _is_place_alone(
    masked: str, at: int, codes: Sequence[Code], spoken: Sequence[Spoken], lines: Sequence[Spoken]
) -> bool:
    """True for a heading that is a file with lines."""
    if len(codes) + len(spoken) > 2:
        return False
    said = [(one.start - at, one.end - at) for one in (*spoken, *lines)]
    return _WORDS.search(_blotted(masked, sorted(said))) is None


def _remote(text: str, start: int, end: int, spans: Sequence[tuple[int, int]], at: int) -> Iterator[Spoken]:
    """Files in addresses of servers of code."""
    if "://" not in text[start:end]:
        return
    from urllib.parse import unquote  # and much with it, for what few answers have

    for match in list(_URL.finditer(text, start, end))[:TOKENS]:
        blob = _BLOB.search(match[0])
        if blob is None or any(begin <= match.start() < stop for begin, stop in spans):
            continue
        named = places.whole(unquote(blob["place"]) + (blob["lines"] or "").rstrip(".,;:"))
        if named is not None and named.path:
            yield Spoken(named, match[0], match.start() + at, match.end() + at, is_remote=True)


def _spoken(place: places.Place, text: str, start: int, at: int) -> Spoken:
    begin, end = place.start + start, place.end + start
    return Spoken(place.named, text[begin:end], begin + at, end + at)


def _blotted(text: str, ranges: list[tuple[int, int]]) -> str:
    parts, last = [], 0
    for begin, end in ranges:
        parts += [text[last:begin], _BLOT * (end - begin)]
        last = end
    return "".join([*parts, text[last:]])
