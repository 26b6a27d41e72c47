"""The answer's text in blocks, as it comes: paragraphs and fences of Markdown.

Only whole lines are looked at, so it does not matter where a piece ends; a line or a paragraph that goes on
and on is cut where its length says so. Every block knows where in the answer it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE = 20_000
"""Characters of a line, and of a paragraph, beyond which it is cut."""
BODY = 200_000
"""Characters of a fence that are looked at."""

_QUOTED = r"[ \t]*+(?>(?:>[ \t]*+)*)"
_LISTED = r"(?>(?:(?:[-*+]|\d{1,9}+[.)])[ \t]++)*)"
_OPENING = re.compile(rf"(?P<before>{_QUOTED}{_LISTED})(?P<marks>`{{3,}}+|~{{3,}}+)(?P<info>[^\n]*)")
_QUOTE_MARKS = re.compile(_QUOTED)
_NEW = re.compile(rf"{_QUOTED}(?:[-*+][ \t]|\d{{1,9}}+[.)][ \t]|\#{{1,6}}[ \t]|\|)")
"""A list's item, a heading or a table's row: it goes on with nothing before it."""
_ALONE = re.compile(rf"{_QUOTED}(?:\#{{1,6}}[ \t]|\|)")
"""A heading or a row: nothing goes on with it either."""


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together, to the letter."""

    text: str
    start: int


@dataclass(frozen=True)
class Fence:
    """Code between fences."""

    info: str
    text: str
    """Its body, to the letter."""
    lines: tuple[str, ...]
    """Of the body, without the marks of a block quote."""
    start: int
    """Where the body begins."""


Block = Paragraph | Fence


class Blocks:
    """Pieces of an answer in, blocks out."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        """Of a line that has not ended."""
        self._pending = 0
        self._at = 0
        """Where that line begins."""
        self._is_start = True
        """False behind a cut."""
        self._paragraph: list[str] = []
        self._paragraph_at = 0
        self._size = 0
        self._fence: _Open | None = None

    def feed(self, piece: str) -> Iterator[Block]:
        """The blocks that end with this piece."""
        *whole, rest = piece.split("\n")
        for part in whole:
            yield from self._longer(part + "\n")
            yield from self._line()
        yield from self._longer(rest)

    def finish(self) -> Iterator[Block]:
        """The blocks that end with the answer."""
        if self._pending:
            yield from self._line()
        if self._fence is not None:
            yield self._fence.closed()
            self._fence = None
        yield from self._flushed()

    def _longer(self, part: str) -> Iterator[Block]:
        while self._pending + len(part) > LINE:
            room = LINE - self._pending
            self._add(part[:room])
            part = part[room:]
            yield from self._line()
        self._add(part)

    def _add(self, part: str) -> None:
        if part:
            self._pieces.append(part)
            self._pending += len(part)

    def _line(self) -> Iterator[Block]:
        """Take the line that is there."""
        line = "".join(self._pieces)
        at, is_start = self._at, self._is_start
        self._pieces.clear()
        self._pending = 0
        self._at += len(line)
        self._is_start = line.endswith("\n")
        if not line:
            return
        if self._fence is not None:
            if not is_start or self._fence.take(line):
                if not is_start:
                    self._fence.add(line)
                return
            is_closing = self._fence.is_closed
            yield self._fence.closed()
            self._fence = None
            if is_closing:
                return
        yield from self._outside(line, at, is_start)

    def _outside(self, line: str, at: int, is_start: bool) -> Iterator[Block]:
        opening = _OPENING.match(line) if is_start else None
        if opening is not None and not (opening["marks"][0] == "`" and "`" in opening["info"]):
            yield from self._flushed()
            depth = opening["before"].count(">")
            self._fence = _Open(opening["marks"], opening["info"].strip(), depth, self._at)
            return
        if is_start:
            marks = _QUOTE_MARKS.match(line)
            if marks is not None and not line[marks.end() :].strip():
                yield from self._flushed()
                return
            if _NEW.match(line):
                yield from self._flushed()
        if self._size + len(line) > LINE:
            yield from self._flushed()
        if not self._paragraph:
            self._paragraph_at = at
        self._paragraph.append(line)
        self._size += len(line)
        if is_start and _ALONE.match(line):
            yield from self._flushed()

    def _flushed(self) -> Iterator[Block]:
        if self._paragraph:
            yield Paragraph("".join(self._paragraph), self._paragraph_at)
            self._paragraph.clear()
            self._size = 0


class _Open:
    """A fence that is not closed yet."""

    def __init__(self, marks: str, info: str, depth: int, start: int) -> None:
        self._closing = re.compile(rf"[ \t]*+{re.escape(marks[0])}{{{len(marks)},}}+[ \t]*+\r?\n?$")
        self._info = info
        self._depth = depth
        self._start = start
        self._raw: list[str] = []
        self._lines: list[str] = []
        self._size = 0
        self.is_closed = False

    def take(self, line: str) -> bool:
        """Take a line; False where it ends the fence."""
        bare = line
        for _ in range(self._depth):
            head = bare.lstrip(" \t")
            if not head.startswith(">"):
                return False  # the block quote is over, and the fence in it
            bare = head[1:].removeprefix(" ")
        if self._closing.match(bare):
            self.is_closed = True
            return False
        self.add(line, bare)
        return True

    def add(self, line: str, bare: str | None = None) -> None:
        if self._size < BODY:
            self._raw.append(line)
            self._lines.append((line if bare is None else bare).rstrip("\r\n"))
            self._size += len(line)

    def closed(self) -> Fence:
        return Fence(self._info, "".join(self._raw), tuple(self._lines), self._start)
