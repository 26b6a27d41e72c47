"""Drawn lines, and how text is broken into them. Widths are cells of the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, split_graphemes

from docstra_tui.text import TAB, sanitize_line

Bits = tuple[tuple[str, int], ...]
"""Text with its looks."""

Place = tuple[int, ...]
"""Where a line stands in something that may be laid out anew: in which part of it, in which part of
that, and so on. Stays right when the parts before it change their height.

What was laid out may have become something else meanwhile, a paragraph a table: so everything takes the
places of everything, and says about where that is now."""

_WIDE = (
    "\u1100-\u115e\u2e80-\u303e\u3041-\u3163\u3165-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003fffd"
)
_JOINED = "\u0300-\u036f\u200c\u200d\u3099\u309a\ufe00-\ufe0f"
_WORD = re.compile(f"[{_WIDE}][{_JOINED}]*[ ]*|[^ {_WIDE}]+[ ]*|[ ]+")
"""A word with the spaces after it; scripts that are written without spaces break after any character."""


class Line:
    """One line as it is drawn, without the margin of the view."""

    __slots__ = ("bits", "cells", "indent", "joint")

    def __init__(self, bits: Bits, indent: int = 0, joint: str = "\n") -> None:
        self.bits = bits
        self.cells = sum(cell_len(text) for text, _ in bits)
        self.indent = indent
        """Cells at the left that are decoration, not text."""
        self.joint = joint
        """What stands between the line before and this one in the text: a line feed, a space, nothing."""

    @property
    def text(self) -> str:
        """Everything that is drawn."""
        return "".join(text for text, _ in self.bits)

    @property
    def content(self) -> str:
        """What is drawn, without decoration."""
        return cut_cells(self.text, self.indent)[1]


BLANK = Line(())


def about(place: Place) -> int:
    """About how many rows into a thing a place is that something else made."""
    return max(0, sum(place[-2:]))


def show(text: str) -> str:
    """`text` as it may be drawn: one line, no control character, tabs as spaces."""
    return sanitize_line(text.replace("\t", TAB))


def width_of(bits: Sequence[tuple[str, int]]) -> int:
    """Cells of `bits`."""
    return sum(cell_len(text) for text, _ in bits)


def cut_cells(text: str, cells: int) -> tuple[str, str]:
    """`text` before and from a cell; a wide character across the cut goes to the left."""
    if cells <= 0:
        return "", text
    if text.isascii():
        return text[:cells], text[cells:]
    x = 0
    for start, end, width in split_graphemes(text)[0]:
        if x >= cells:
            return text[:start], text[start:]
        x += width
        del end
    return text, ""


def break_text(text: str, width: int) -> list[tuple[int, int, str]]:
    """Where one line of text (no line feed) is broken at words: start, end and joint of each part.

    The joint of the first part is a line feed. Spaces at a break belong to it and are not drawn.
    """
    width = max(1, width)
    if len(text) <= width and (text.isascii() or cell_len(text) <= width):
        return [(0, len(text), "\n")]
    parts: list[tuple[int, int, str]] = []
    start, end, used, joint = 0, 0, 0, "\n"
    for match in _WORD.finditer(text):
        word = match[0]
        bare = word.rstrip(" ")
        cells = cell_len(bare)
        if used + cells > width and used:
            space = text[end - 1 : end] == " "
            parts.append((start, end - 1 if space else end, joint))
            joint = " " if space else ""
            start = match.start()
            used = 0
        if cells > width:
            pieces = list(chop(bare, width))
            for first, last in pieces[:-1]:
                parts.append((match.start() + first, match.start() + last, joint))
                joint = ""
            start = match.start() + pieces[-1][0]
            cells = cell_len(bare[pieces[-1][0] :])
        used += cells + len(word) - len(bare)
        end = match.end()
    if start < len(text) or not parts:
        parts.append((start, len(text), joint))
    return [(a, _without_space(text, a, b, i == 0), joint) for i, (a, b, joint) in enumerate(parts)]


def _without_space(text: str, start: int, end: int, is_first: bool) -> int:
    """Where a part ends when the spaces that hang over its end are not drawn."""
    bare = start + len(text[start:end].rstrip(" "))
    return bare if bare > start or not is_first else end


def chop(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where text without a place to break is cut; at least one character a part."""
    if text.isascii():
        for index in range(0, len(text), width):
            yield index, min(len(text), index + width)
        return
    start, used = 0, 0
    for first, last, cells in split_graphemes(text)[0]:
        if used + cells > width and first > start:
            yield start, first
            start, used = first, 0
        used += cells
        del last
    yield start, len(text)


def cut_bits(bits: Sequence[tuple[str, int]], ranges: Sequence[tuple[int, int]]) -> list[Bits]:
    """The parts of `bits` at ascending ranges of characters."""
    if len(bits) == 1:
        text, look = bits[0]
        return [((text[a:b], look),) if b > a else () for a, b in ranges]
    parts: list[Bits] = []
    index, offset = 0, 0
    for start, end in ranges:
        part: list[tuple[str, int]] = []
        while index < len(bits) and offset + len(bits[index][0]) <= start:
            offset += len(bits[index][0])
            index += 1
        at, place = index, offset
        while at < len(bits) and place < end:
            text, look = bits[at]
            piece = text[max(0, start - place) : end - place]
            if piece:
                part.append((piece, look))
            place += len(text)
            at += 1
        parts.append(tuple(part))
    return parts


def wrap_bits(bits: Sequence[tuple[str, int]], width: int) -> list[tuple[Bits, str]]:
    """`bits` (line feeds allowed) broken at words, each line with its joint."""
    text = "".join(piece for piece, _ in bits)
    ranges: list[tuple[int, int]] = []
    joints: list[str] = []
    offset = 0
    for line in text.split("\n"):
        for start, end, joint in break_text(line, width):
            ranges.append((offset + start, offset + end))
            joints.append(joint)
        offset += len(line) + 1
    return list(zip(cut_bits(bits, ranges), joints, strict=True))
