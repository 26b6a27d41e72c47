"""Lines of source code with their looks, highlighted as they come.

What a line looks like in the end depends on the text only, never on the pieces it came in: code is
read in windows of `WINDOW` lines, of which the first half is kept. Until a window is full its lines
are read one by one, from the state the lexer was left in.
"""

from __future__ import annotations

import time
from typing import Any

from docstra_tui.text import TAB
from docstra_tui.tui.transcript.lines import Bits, show

WINDOW = 40
"""Lines read at once; a comment or string of more than half of that may lose its colour."""
WINDOW_CHARACTERS = 6_000
LONGEST = 1_000
"""Characters of a line that are highlighted; longer lines stay plain (minified files)."""
SPLIT = 5_000
"""Characters of a line that are shown as one; the rest goes on in the next."""


class SourceLines:
    """Lines that may grow at the end."""

    def __init__(self, language: str = "", *, look: int = 0) -> None:
        self.language = language
        self._look = look
        self.lines: list[str] = []
        """Whole lines, as they are drawn."""
        self.partial: str | None = None
        """The last line while it is not whole."""
        self._partial = ""
        """The last line as it came."""
        self._tabbed: dict[int, str] = {}
        """The lines that have tabs, with them, by the index at which they begin in `lines`."""
        self._firsts: dict[int, int] = {}
        """Where in `lines` a written line begins, for each part of it after the first."""
        self._bits: list[Bits] = []
        self._final = 0
        self._stack: Any = None
        self._guess_stack: Any = None
        self._ended = False
        self._lexer: Any = None
        self._looked = not language

    def __len__(self) -> int:
        return len(self.lines) + (self.partial is not None)

    def text(self, index: int) -> str:
        """A line, plain."""
        if index < len(self.lines):
            return self.lines[index]
        return self.partial or ""

    def add(self, line: str) -> None:
        """A whole line."""
        self.partial, self._partial = None, ""
        first = len(self.lines)
        if "\t" in line:
            self._tabbed[first] = _with_tabs(line)
        line = show(line)
        if len(line) <= SPLIT:
            self.lines.append(line)
        else:
            self.lines += [line[i : i + SPLIT] for i in range(0, len(line), SPLIT)]
            self._firsts.update(dict.fromkeys(range(first + 1, len(self.lines)), first))

    def grow(self, partial: str | None) -> None:
        """The line that is not whole yet; None when there is none."""
        if partial is None or not partial:
            self.partial, self._partial = None, ""
            return
        self._partial = partial
        shown = show(partial)
        while len(shown) > SPLIT:
            shown = shown[SPLIT:]
        self.partial = shown

    def end(self) -> None:
        """No line comes any more."""
        if self.partial is not None:
            self.add(self._partial)
        self._ended = True

    # As it was written

    def goes_on(self, index: int) -> bool:
        """True for a part, after the first, of a written line that is too long to be drawn as one."""
        return index in self._firsts

    def written(self, index: int, start: int = 0, end: int | None = None) -> str:
        """What stands in the place of `text(index)[start:end]` as it was written, with its tabs."""
        text = self.text(index)
        end = len(text) if end is None else end
        if index < len(self.lines):
            first = self._firsts.get(index, index)
            line, before = self._tabbed.get(first), (index - first) * SPLIT
        else:
            line = _with_tabs(self._partial) if "\t" in self._partial else None
            before = len(show(self._partial)) - len(text)
        return text[start:end] if line is None else _part(line, before + start, before + end)

    @property
    def source(self) -> str:
        """All lines as they were written, safe to show but for their tabs."""
        parts: list[str] = []
        for index, line in enumerate(self.lines):
            first = self._firsts.get(index, index)
            if first == index:
                parts += ["\n" if parts else "", self._tabbed.get(index, line)]
            elif first not in self._tabbed:
                parts.append(line)
        if self.partial is not None:
            parts += ["\n" if parts else "", _with_tabs(self._partial)]
        return "".join(parts)

    def reopen(self) -> None:
        """More lines may come, in another copy of these that will `adopt` them."""
        self._ended = False

    def adopt(self, other: SourceLines) -> None:
        """Take over what `other` has read for good, if its lines are the first of these."""
        count = other._final
        if other.language == self.language and self.lines[:count] == other.lines[:count]:
            self._bits, self._final = other._bits[:count], count
            self._stack = self._guess_stack = other._stack
            self._lexer, self._looked = other._lexer, other._looked

    # Looks

    def bits(self, index: int) -> Bits:
        """A line with its looks; plain where it was not read yet."""
        if index < len(self._bits):
            return self._bits[index]
        text = self.text(index)
        if not text:
            return ()
        if index == len(self.lines) and self._lexer is not None and len(self._bits) == index:
            return self._read([text], self._guess_stack)[0][0]
        return ((text, self._look),)

    @property
    def is_read(self) -> bool:
        """True when every whole line has the looks it can have now."""
        return not self.language or (self._looked and self._lexer is None) or self.has_read(len(self.lines))

    def has_read(self, upto: int) -> bool:
        """True when the whole lines before `upto` need no reading now."""
        upto = min(upto, len(self.lines))
        return self._final >= upto or (len(self._bits) >= upto and not self._has_window())

    def read(self, seconds: float = 1.0, upto: int | None = None) -> None:
        """Highlight, for about `seconds` at most, the lines before `upto` (all)."""
        if not self._looked:
            self._find_lexer()
        if self._lexer is None:
            return
        stop = time.perf_counter() + seconds
        while self._has_window():
            self._read_window()
            if time.perf_counter() > stop or (upto is not None and self._final >= upto):
                return
        missing = self.lines[len(self._bits) :]
        if missing and not self._ended:
            bits, stacks = [], self._guess_stack
            for line in missing:
                drawn, ends = self._read([line], stacks)
                bits += drawn
                stacks = ends.get(1, stacks)
            self._bits += bits
            self._guess_stack = stacks

    def _has_window(self) -> bool:
        if not self.language or (self._looked and self._lexer is None):
            return False
        left = len(self.lines) - self._final
        return left > 0 and (left >= WINDOW or self._ended)

    def _read_window(self) -> None:
        first = self._final
        window = self.lines[first : first + WINDOW]
        count, size = 0, 0
        for line in window:
            size += min(len(line), LONGEST)
            count += 1
            if size > WINDOW_CHARACTERS:
                break
        is_rest = first + count >= len(self.lines) and self._ended
        bits, stops = self._read(window[:count], self._stack)
        keep = count
        if not is_rest:
            half = max(1, count // 2)
            before = [line for line in stops if 0 < line <= half]
            after = [line for line in stops if line > half]
            keep = max(before) if before else min(after) if after else count
        self._bits[first:] = bits[:keep]
        self._final = first + keep
        self._stack = self._guess_stack = stops.get(keep, self._stack)

    def _read(self, lines: list[str], stack: Any) -> tuple[list[Bits], dict[int, Any]]:
        from docstra_tui.tui.transcript.lexing import read_lines

        return read_lines(self._lexer, lines, stack, self._look, LONGEST)

    def _find_lexer(self) -> None:
        from docstra_tui.tui.transcript.lexing import find_lexer

        self._looked = True
        self._lexer = find_lexer(self.language)


def _with_tabs(line: str) -> str:
    return "\t".join(show(part) for part in line.split("\t"))


def _part(line: str, start: int, end: int) -> str:
    """The part of `line` that is drawn from `start` to `end`; a tab belongs to it if any of it does."""
    parts: list[str] = []
    at = 0
    for number, piece in enumerate(line.split("\t")):
        if number:
            if at < end and at + len(TAB) > start:
                parts.append("\t")
            at += len(TAB)
        parts.append(piece[max(0, start - at) : max(0, end - at)])
        at += len(piece)
    return "".join(parts)
