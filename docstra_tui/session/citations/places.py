"""Places as answers write them: `src/a.py:10-20`, `a.py#L10`, "a.py on line 12", "lines 3 to 9 of a.py"."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from docstra_tui.context.files.language import BY_ENDING, BY_NAME
from docstra_tui.session.citations.citation import Named

LONGEST = 400
"""Characters of a path."""

PACKAGES = frozenset({"__init__", "mod", "index", "lib"})
"""Files that are called by the name of their folder."""

_PATH = r"(?:[A-Za-z]:)?(?:[/\\])?[\w.@+~-]{1,160}+(?>(?:[/\\][\w.@+~-]{1,160}+){0,40})"
_DRIVE = re.compile(r"[A-Za-z]:(?=[/\\])")
_NUMBER = r"\d{1,9}+(?!\d)"
_SUFFIX = (
    rf"(?::L?(?P<a>{_NUMBER})(?:(?:[-–—]|\.\.)L?(?P<b>{_NUMBER})|:\d+(?:[-–—]\d+)?)?"
    rf"|\#L(?P<c>{_NUMBER})(?:C\d+)?(?:[-–—]L?(?P<d>{_NUMBER})(?:C\d+)?)?"
    rf"|\((?P<e>{_NUMBER})(?:[-–—](?P<f>{_NUMBER}))?\))"
)
_RANGE = (
    rf"(?P<first>{_NUMBER})(?:\s?(?:[-–—]|to|through|and)\s?(?:line\s)?L?(?P<last>{_NUMBER}))?(?![\w.]?\d)"
)
_LINE = re.compile(rf"\b(?:(?:on |at |from |see |around )?(?:[Ll]ines?|ll?\.)\s?L?\*{{0,2}}){_RANGE}")
"""`line 12`, `lines 3-9`, `at line 12`."""
_SHORT_LINE = re.compile(
    rf"\bL(?P<first>{_NUMBER})[-–—]L?(?P<last>{_NUMBER})|(?<=\()L(?P<only>{_NUMBER})(?=[),;])"
)
"""`L3-L9` and `(L12)`; an L and a number alone are a cache or a norm."""
_DIGIT = re.compile(r"\d")
_SIGN = re.compile(r"(?::L?|\#L|\()$")
"""What stands between a path and its line."""
_IN_PROSE = re.compile(rf"(?<![\w/\\.@+~-]){_PATH}(?:{_SUFFIX})?")
_TOKEN = re.compile(r"[^\s\x01]{3,}+")
_KNOWN = re.compile("|".join(sorted(map(re.escape, BY_NAME), key=len, reverse=True)), re.IGNORECASE)
_WHOLE = re.compile(rf"(?P<path>[^\n`]{{1,{LONGEST}}}?)(?:{_SUFFIX})?", re.DOTALL)
_WHOLE_LINES = re.compile(
    rf"(?P<path>[^\n`]{{1,{LONGEST}}}?),?\s\(?(?:on |at )?(?:[Ll]ines?\s|L){_RANGE}\)?", re.DOTALL
)
_CURSOR = re.compile(rf"(?P<first>{_NUMBER}):(?P<last>{_NUMBER}):(?P<path>[^\s`]{{1,{LONGEST}}})")


class Place(NamedTuple):
    """A place in an answer, and where in the text it is said."""

    named: Named
    start: int
    end: int


def cleaned(path: str) -> str:
    """A path as items have it: with `/`, without `./`."""
    path = path.strip().replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path


def is_absolute(path: str) -> bool:
    """True for a path that begins at a root or at home, and not in a project."""
    return path.startswith(("/", "~")) or _DRIVE.match(path) is not None


def is_path(text: str) -> bool:
    """True for what looks like a file: a known name or ending, no white space."""
    text = _DRIVE.sub("", text)
    if len(text) > LONGEST or not text or any(character.isspace() for character in text):
        return False
    name = posixpath.basename(text).lower()
    stem, ending = posixpath.splitext(name)
    if name in BY_NAME:
        return "/" in text or text[0].isupper()
    if not ending or not stem or stem.startswith("-") or not re.fullmatch(r"[\w./@+~\[\]()-]+", text):
        return False
    if ending in BY_ENDING or ending in (".h", ".m", ".pl", ".v", ".lock", ".cfg", ".conf", ".env"):
        return len(ending) > 2 or "/" in text or (stem[:1] != "." and len(stem) > 1)
    return "/" in text and ending[1:].isalnum() and not ending[1:].isdigit()


def whole(text: str) -> Named | None:
    """The place that a text is as a whole, as a code span or a title; the path need not look like one."""
    text = text.strip()
    if (match := _CURSOR.fullmatch(text)) is not None:
        return _named(match["path"], match["first"], match["last"])
    for pattern in (_WHOLE_LINES, _WHOLE):
        if (match := pattern.fullmatch(text)) is not None:
            found = match.groupdict()
            first = _first(found, "a", "c", "e", "first")
            return _named(found["path"], first, _first(found, "b", "d", "f", "last"))
    return None


def in_prose(text: str) -> list[Place]:
    """The places of a text that name a file; whether it looks like one, `is_path` says."""
    may_know = not text.isascii() or any(map(text.lower().__contains__, BY_NAME))
    if "." not in text and not may_know:
        return []
    places = []
    tokens = (
        match for match in _TOKEN.finditer(text) if "." in match[0] or (may_know and _KNOWN.search(match[0]))
    )
    for match in (found for token in tokens for found in _IN_PROSE.finditer(text, *token.span())):
        found = match.groupdict()
        whole_text = match[0]
        suffix = next((match.start(name) for name in ("a", "c", "e") if match[name]), None)
        path = whole_text if suffix is None else _SIGN.sub("", text[match.start() : suffix])
        end = match.end()
        if suffix is None:
            stripped = path.rstrip(".~-")
            end -= len(path) - len(stripped)
            path = stripped
        if len(path) < 3 or ("." not in path and posixpath.basename(path.lower()) not in BY_NAME):
            continue
        named = _named(path, _first(found, "a", "c", "e"), _first(found, "b", "d", "f"))
        if named is not None:
            places.append(Place(named, match.start(), end))
    return places


def lines_in(text: str) -> list[Place]:
    """`line 12` and `lines 3-9` in a text, without a file."""
    if _DIGIT.search(text) is None:
        return []
    places = []
    for match in _LINE.finditer(text):
        named = _named("", match["first"], match["last"])
        if named is not None:
            places.append(Place(named, match.start(), match.end()))
    for match in _SHORT_LINE.finditer(text):
        named = _named("", match["first"] or match["only"], match["last"])
        if named is not None:
            places.append(Place(named, match.start(), match.end()))
    return sorted(places, key=lambda place: place.start)


def _named(path: str, first: str | None, last: str | None) -> Named | None:
    start = int(first) if first else None
    end = int(last) if last else None
    if start == 0 or (start is not None and end is not None and end < start):
        end = None
    return Named(cleaned(path), start, end)


def _first(found: dict[str, str | None], *names: str) -> str | None:
    return next((value for name in names if (value := found.get(name))), None)
