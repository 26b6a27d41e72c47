"""What is looked for in files, and what is found. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

LONGEST = 1_000
"""Characters of what is looked for."""
WIDTH, BEFORE = 240, 60
"""Characters of a long line that are shown, and of these at most before what was found."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: in each line by itself."""

    words: str
    is_pattern: bool = False
    """A regular expression, as Python has them; else the characters as they are."""
    is_case_kept: bool = False
    """Small and capital letters differ."""


class Hit(NamedTuple):
    """A line in which it stands."""

    line: int
    """From 1."""
    text: str
    """As it came, of a long one a part; without the blanks before it, unless it begins among them."""
    start: int
    """Where in `text` it begins, the first time."""
    end: int


@dataclass(frozen=True)
class FileHits:
    """The lines of one file."""

    path: str
    """Relative to the root, `/` between parts."""
    hits: tuple[Hit, ...]
    lines: int
    """How many the file has."""
    has_more: bool = False
    """It stands in more lines than were kept."""


@dataclass(frozen=True)
class Progress:
    """How far it is."""

    files: int
    """That were looked in."""


@dataclass(frozen=True)
class Ended:
    """It is over."""

    files: int = 0
    """That were looked in."""
    binary: int = 0
    """Files that are no text."""
    large: int = 0
    """Files that are larger than what is read."""
    secret: int = 0
    """Files that may hold secrets: nobody looked into them."""
    closed: int = 0
    """Files and folders that cannot be read."""
    slow: int = 0
    """Files in which the pattern took too long."""
    has_more: bool = False
    """There were as many hits as are kept, and it ended there."""
    problem: str = ""
    """Why it came to no end of its own, to be made safe to show."""


Event = FileHits | Progress | Ended


def hit_of(line: str, number: int, start: int, end: int) -> Hit:
    """What is kept of a line, in which it stands from `start` to `end`."""
    line = line[: max(end, start) + WIDTH] if len(line) > WIDTH else line
    blank = min(len(line) - len(line.lstrip()), start)
    first = blank if end - blank <= WIDTH else max(blank, start - BEFORE)
    left = "…" if first > blank else ""
    shown = line[first : first + WIDTH].rstrip()
    at = start - first + len(left)
    text = left + shown + ("…" if len(line) > first + WIDTH else "")
    return Hit(number, text, min(at, len(text)), min(at + end - start, len(left) + len(shown)))
