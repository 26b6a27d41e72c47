"""Lines of text that is shown as it is, with their looks.

Lines that may still grow are plain. Code that is whole is painted with the colours that somebody found
for it; what it looks like in the end depends on the text only, never on the pieces it came in.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.text import TAB
from docstra_tui.tui.transcript.blocks.lines import Bits, show
from docstra_tui.tui.transcript.blocks.look import look_of_kind
from docstra_tui.workspace.colouring.code_colours import code_of
from docstra_tui.workspace.colouring.code_kinds import PLAIN_LANGUAGES

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
        self._ended = self._is_closed = False
        self._has_colours = language.lower() not in PLAIN_LANGUAGES
        self._is_painted = not self._has_colours
        self._code: str | None = None

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

    def end(self, *, is_closed: bool = False) -> None:
        """No line comes any more; `is_closed`: for good, a sign says so."""
        if self.partial is not None:
            self.add(self._partial)
        self._ended, self._is_closed = True, is_closed

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
        """More lines may come, in another copy of these; not after a sign that closes them."""
        self._ended = self._is_closed

    # Looks

    def bits(self, index: int) -> Bits:
        """A line with its looks; plain where no colours are known."""
        if index < len(self._bits):
            return self._bits[index]
        text = self.text(index)
        return ((text, self._look),) if text else ()

    @property
    def is_growing(self) -> bool:
        """True for code of which more may come."""
        return self._has_colours and not self._ended

    @property
    def wants_colours(self) -> bool:
        """True for whole code that has not all its colours."""
        return self._ended and not self._is_painted

    @property
    def code(self) -> str:
        """What its colours are found from."""
        if self._code is None:
            self._code = code_of(self.lines)
        return self._code

    def paint(self, colours: Sequence[Sequence[int]], *, is_all: bool) -> None:
        """The lengths and kinds of the words of each line, from the first line on."""
        for index in range(len(self._bits), min(len(colours), len(self.lines))):
            self._bits.append(_painted(self.lines[index], colours[index], self._look))
        if is_all:
            self._is_painted, self._code = True, None


def _painted(text: str, colours: Sequence[int], look: int) -> Bits:
    bits: list[tuple[str, int]] = []
    at = 0
    for length, kind in zip(colours[::2], colours[1::2], strict=False):
        piece = text[at : at + length]
        if piece:
            bits.append((piece, look | look_of_kind(kind)))
        at += length
    if at < len(text):
        bits.append((text[at:], look))
    return tuple(bits)


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
