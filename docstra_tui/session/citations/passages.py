"""Where a quote stands in a text: to the letter, or but for white space. Every word of it must be whole.

A text is looked through only where all words of a quote are, so most quotes that stand nowhere cost next to
nothing, however many files there are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

WORD = re.compile(r"\w+")
_ASCII = "".join(chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128))
"""Blanks for what is no part of a word: takes half the time of looking for words."""
_BLANKS = "\t\r\v\f\x1c\x1d\x1e\x1f"
"""White space of ASCII but for blanks and the end of a line."""
PART = 200
"""Lines that are told apart by their words."""
WHOLE = 1_000
"""Lines of a text that is looked through as a whole."""
SHORT = 2_000
"""Characters of a quote that is looked for in parts of a text."""
PLACES = 200
"""In one text at which a quote is found, at most."""
TRIED = 20_000

_HINT = re.compile(r"\s*(?:#|//|--|;|%)?\s{1,2}lines (\d{1,9})-(\d{1,9})$")
"""What an outline says of a definition's lines."""
_LEFT_OUT = re.compile(r"\s*(?:\{…\}|…)$")
_LINES = re.compile(r"Outline of (\d{1,9}) lines")
_LOOSE = re.compile(r"(?<!\w) | (?!\w)")


def words_of(text: str) -> tuple[str, ...]:
    """The different words of a text, the longest first: those are the rarest."""
    return tuple(sorted(set(WORD.findall(text)), key=lambda word: (-len(word), word)))


def _words_in(text: str) -> frozenset[str]:
    if text.isascii():
        return frozenset(text.translate(_ASCII).split())
    return frozenset(WORD.findall(text))


def joined(text: str) -> str:
    """A text with one blank for each run of white space."""
    return " ".join(text.split())


def _plain(text: str, lines: Sequence[str]) -> list[str]:
    """The same of each line of a text. Most have their blanks before them, and elsewhere one at a time."""
    if not text.isascii() or any(map(text.__contains__, _BLANKS)):
        return [" ".join(line.split()) for line in lines]
    stripped = [line.strip(" ") for line in lines]
    return [" ".join(line.split()) if "  " in line else line for line in stripped]


def tight(text: str) -> str:
    """A joined text without the blanks that part no words."""
    return _LOOSE.sub("", text)


class Form:
    """A text's lines in a row, and where each begins."""

    def __init__(self, text: str, plain: Sequence[str], blank: str) -> None:
        """`plain` are the lines; between two of them stands `blank`."""
        self.text = text
        self._plain = plain
        self._blank = blank
        self._last = 0, 0
        """Where in the text somebody asked last, and how many lines end before it."""

    @cached_property
    def rows(self) -> Sequence[int]:
        """Lines that are not empty, from 0."""
        return [row for row, line in enumerate(self._plain) if line]

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where these begin."""
        plain = self._plain
        if self._blank:
            return [0, *accumulate(len(plain[row]) + 1 for row in self.rows)]
        return [0, *accumulate(len(plain[row]) - plain[row].count(" ") for row in self.rows)]

    @cached_property
    def _broken(self) -> str:
        """The text with a line's end for each blank that parts two lines."""
        return "\n".join(filter(None, self._plain))

    def row(self, offset: int) -> int:
        if not self._blank:
            return self.rows[bisect_right(self.starts, offset) - 1]
        # From where somebody asked last it is mostly not far, and no line has to be measured.
        at, ended = self._last
        if offset >= at:
            ended += self._broken.count("\n", at, offset)
        else:
            ended -= self._broken.count("\n", offset, at)
        self._last = offset, ended
        return self.rows[ended]


class Text:
    """The content of one item."""

    def __init__(self, content: str, first: int = 1, *, is_outline: bool = False) -> None:
        self.size = len(content)
        lines = content.split("\n")
        if not lines[-1]:
            lines.pop()
        self._numbers: list[int | None] | None = None
        self.count: int | None = None
        """Lines of an outlined file."""
        if is_outline:
            self.count = _count(lines)
            lines, self._numbers = _outlined(lines)
        self.lines = lines
        self._text = "\n".join(lines) if is_outline else content.removesuffix("\n")
        self.first = first

    def number(self, row: int) -> int | None:
        """The number of a line in its file; None where an outline does not say."""
        return row + self.first if self._numbers is None else self._numbers[row]

    def row_of(self, number: int) -> int | None:
        """The other way round."""
        if self._numbers is not None:
            return self._numbers.index(number) if number in self._numbers else None
        row = number - self.first
        return row if 0 <= row < len(self.lines) else None

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of the text."""
        return _words_in(self._text)

    @cached_property
    def _parts(self) -> list[frozenset[str]]:
        return [_words_in("\n".join(self.lines[at : at + PART])) for at in range(0, len(self.lines), PART)]

    @cached_property
    def plain(self) -> list[str]:
        """Each line with one blank for each run of white space."""
        return _plain(self._text, self.lines)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The first row of each line, with single blanks."""
        return {line: row for row, line in reversed([*enumerate(self.plain)])}

    @cached_property
    def _joined(self) -> Form:
        return Form(" ".join(filter(None, self.plain)), self.plain, " ")

    @cached_property
    def _squeezed(self) -> Form:
        """Without any blank: where quotes with other blanks may stand."""
        return Form(self._joined.text.replace(" ", ""), self.plain, "")

    def holds(self, words: Sequence[str]) -> bool:
        """True where all these words are in the text."""
        return self.words.issuperset(words)

    def find(self, quote: str, words: Sequence[str], *, is_cut: bool = False) -> Iterator[tuple[int, int]]:
        """The first and last row of each place where a joined quote stands; a cut one may end in a word."""
        return self._find(self._joined, quote, words, is_cut=is_cut)

    def find_loosely(self, quote: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """The same, where blanks count only between words."""
        wanted = tight(quote)
        for first, last in self._find(self._squeezed, quote.replace(" ", ""), words, is_cut=None):
            around = tight(" ".join(line for line in self.plain[first : last + 1] if line))
            at = around.find(wanted)
            while at >= 0 and not stands_whole(around, at, at + len(wanted)):
                at = around.find(wanted, at + 1)
            if at >= 0:
                yield first, last

    def _find(
        self, form: Form, quote: str, words: Sequence[str], *, is_cut: bool | None
    ) -> Iterator[tuple[int, int]]:
        if not quote or not form.text:
            return
        found = 0
        for begin, stop in self._where(form, quote, words):
            at, tried = begin, 0
            while found < PLACES and tried < TRIED and (at := form.text.find(quote, at, stop)) >= 0:
                end = at + len(quote)
                tried += 1
                if is_cut is None or stands_whole(form.text, at, end, is_cut=is_cut):
                    found += 1
                    yield form.row(at), form.row(end - 1)
                at += 1

    def _where(self, form: Form, quote: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Ranges of the form in which the quote can stand; none twice."""
        is_short = len(quote) <= SHORT and quote.count(" ") < PART
        if not is_short or not words or len(self.lines) <= WHOLE:
            yield 0, len(form.text)
            return
        parts = self._parts
        bounds = [_at(form.rows, row) for row in range(0, len(parts) * PART, PART)]
        offsets = [form.starts[bound] if bound < len(form.rows) else len(form.text) for bound in bounds]
        for number, part in enumerate(parts):
            following = parts[number + 1] if number + 1 < len(parts) else part
            if all(word in part or word in following for word in words):
                stop = offsets[number + 1] if number + 1 < len(parts) else len(form.text)
                # It begins in this part, and may end in the next one.
                yield offsets[number], min(len(form.text), stop + len(quote) - 1)

    def is_exact(self, quote: str, first: int, last: int) -> bool:
        """True where a raw quote stands in these rows to the letter; line ends are all the same."""
        text = "\n".join(line.removesuffix("\r") for line in self.lines[first : last + 1])
        return quote in text


def is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def stands_whole(text: str, at: int, end: int, *, is_cut: bool = False) -> bool:
    """False where a word or a number goes on before or behind; behind a cut it may."""
    if at and is_word(text[at]) and (is_word(text[at - 1]) or _is_in_number(text, at - 1, at)):
        return False
    if not is_cut and end < len(text) and is_word(text[end - 1]):
        return not (is_word(text[end]) or _is_in_number(text, end, end - 1))
    return True


def _is_in_number(text: str, point: int, digit: int) -> bool:
    """True for the point of `3.5`."""
    if text[point] not in ".," or not text[digit].isdigit():
        return False
    other = 2 * point - digit
    return text[point] == "." and 0 <= other < len(text) and text[other].isdigit()


def _at(rows: Sequence[int], row: int) -> int:
    """The index of the first line that is not empty from a row on."""
    return bisect_right(rows, row - 1)


def _count(lines: Sequence[str]) -> int | None:
    match = _LINES.search(lines[0]) if lines else None
    return int(match[1]) if match else None


def _outlined(lines: Sequence[str]) -> tuple[list[str], list[int | None]]:
    """The lines of an outline as they are in the file, and their numbers as far as it gives them."""
    texts: list[str] = []
    numbers: list[int | None] = []
    begun = 0
    for row, line in enumerate(lines):
        hint = _HINT.search(line)
        bare = _LEFT_OUT.sub("", line[: hint.start()] if hint else line)
        texts.append("" if row == 0 and _LINES.search(line) else bare)
        numbers.append(None)
        if hint is not None:
            # A signature over several lines has its numbers at its end.
            begun = _signature(texts, row)
            for back in range(begun, row + 1):
                numbers[back] = int(hint[1]) + back - begun
    return texts, numbers


def _signature(texts: Sequence[str], row: int) -> int:
    """The row where a signature begins that ends here: lines back to one whose brackets are balanced."""
    depth = 0
    for back in range(row, max(-1, row - 40), -1):
        depth += sum(texts[back].count(mark) for mark in ")]") - sum(texts[back].count(mark) for mark in "([")
        if depth <= 0:
            return back
    return row
