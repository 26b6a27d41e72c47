"""Words as they are compared: without case and accents, and in which line of a text they stand.

The index keeps what `words_of` makes of a text, and a text that it found is looked through with the same
function: the two cannot disagree. What is looked for may be anything; nothing here raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_CHARACTERS = 1_000
"""Of what is looked for; more is read by nobody."""
MOST_TERMS = 32
LONGEST = 64
"""Characters of a word that count: keys, hashes and what is coded as letters are no words."""

_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana, Chinese
)
"""What is written without spaces between words: each character is one."""
_ACCENTS = "\u0300-\u036f"
_WORD = re.compile(f"[{_ALONE}]|(?:(?![{_ALONE}])[^\\W_]|[{_ACCENTS}])+")
_PLAIN_WORD = re.compile("[a-z0-9]+")
_NO_LETTER = re.compile(r"[\x00-\x2f\x3a-\x60\x7b-\x7f\s]")
"""ASCII at which the index would part a word."""
_QUOTE = re.compile('["\u201c\u201d\u201e]')


def words_of(text: str) -> list[str]:
    """Its words in their order, each as it is compared."""
    if text.isascii():
        return [word[:LONGEST] for word in _PLAIN_WORD.findall(text.lower())]
    return [folded for word in _WORD.findall(text) if (folded := _folded(word))]


@lru_cache(maxsize=20_000)
def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()[:LONGEST]
    parts = unicodedata.normalize("NFKD", word[:LONGEST])
    plain = "".join(character for character in parts if not unicodedata.combining(character)).casefold()
    return _NO_LETTER.sub("", plain)[:LONGEST]


@dataclass(frozen=True)
class Term:
    """Words that stand one behind the other."""

    words: tuple[str, ...]
    may_go_on: bool = False
    """True where the last one may be the beginning of a longer word."""

    def places(self, words: Sequence[str]) -> Iterator[int]:
        """Where in `words` it begins."""
        *whole, last = self.words
        count = len(whole)
        for at in range(len(words) - count):
            if (self.may_go_on and words[at + count].startswith(last)) or words[at + count] == last:
                if not whole or list(words[at : at + count]) == whole:
                    yield at


@dataclass(frozen=True)
class Place:
    """A line of one of several texts."""

    part: int
    """Which text."""
    line: int
    """From 1."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: all of these terms, somewhere in the same turn."""

    terms: tuple[Term, ...]

    @property
    def expression(self) -> str:
        """The same in the words of FTS5. There is nothing in it but letters, digits and what is put here."""
        return " AND ".join(
            f'"{" ".join(term.words)}"{" *" if term.may_go_on else ""}' for term in self.terms
        )

    def place(self, parts: Sequence[str]) -> Place | None:
        """The line with most of it, the first of several; None where one of the terms is nowhere."""
        found: dict[tuple[int, int], int] = {}
        missing = set(self.terms)
        for part, text in enumerate(parts):
            words: list[str] = []
            lines: list[int] = []
            for number, line in enumerate(text.split("\n"), 1):
                in_line = words_of(line)
                words += in_line
                lines += [number] * len(in_line)
            for term in self.terms:
                at = {lines[place] for place in term.places(words)}
                if at:
                    missing.discard(term)
                for line_number in at:
                    found[part, line_number] = found.get((part, line_number), 0) + 1
        if missing or not found:
            return None
        most = max(found.values())
        part, line_number = min(place for place, count in found.items() if count == most)
        return Place(part, line_number)

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where its words stand in a line, for showing."""
        at = [(match.start(), match.end(), folded) for match in _WORD.finditer(line) if (folded := _folded(match[0]))]
        words = [word for _, _, word in at]
        found = {
            (at[place + step][0], at[place + step][1])
            for term in self.terms
            for place in term.places(words)
            for step in range(len(term.words))
        }
        return sorted(found)


def wanted(text: str) -> Wanted:
    """What is meant: words, which may be the beginnings of words, and "phrases", which may not."""
    terms: list[Term] = []
    for number, chunk in enumerate(_QUOTE.split(text[:MOST_CHARACTERS])):
        if number % 2:
            words = tuple(words_of(chunk))
            terms += [Term(words)] if words else []
            continue
        for piece in chunk.split():
            words = tuple(words_of(piece))
            if words:  # one letter is the name of something, and begins nearly every word
                terms.append(Term(words, may_go_on=len(words[-1]) > 1))
    return Wanted(tuple(dict.fromkeys(terms))[:MOST_TERMS])
