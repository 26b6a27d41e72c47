"""Words as they are compared: without case and accents, and in which line of a text they stand.

The index keeps what `words_of` makes of a text, and a text that it found is looked through with the same
function: the two cannot disagree. What is looked for may be anything; nothing here raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
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

    def places(self, words: Sequence[str], places_of: Mapping[str, Sequence[int]]) -> Iterator[int]:
        """Where in `words` it begins; `places_of` says where each of them stands."""
        first, *rest = self.words
        if not rest:
            if not self.may_go_on:
                yield from places_of.get(first, ())
                return
            for word, places in places_of.items():
                if word.startswith(first):
                    yield from places
            return
        for at in places_of.get(first, ()):
            behind = list(words[at + 1 : at + 1 + len(rest)])
            if behind == rest or (self.may_go_on and _goes_on(behind, rest)):
                yield at


def _goes_on(words: list[str], wanted: list[str]) -> bool:
    """The last one wanted is where a longer word begins."""
    return len(words) == len(wanted) and words[:-1] == wanted[:-1] and words[-1].startswith(wanted[-1])


def _places_of(words: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word, []).append(at)
    return places


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
        """The line with most of its terms, of several the one with the rarest, then the first; None where one
        of the terms is nowhere."""
        found: dict[tuple[int, int], set[Term]] = {}
        count = dict.fromkeys(self.terms, 0)
        for part, text in enumerate(parts):
            words: list[str] = []
            lines: list[int] = []
            for number, line in enumerate(text.split("\n"), 1):
                in_line = words_of(line)
                words += in_line
                lines += [number] * len(in_line)
            places_of = _places_of(words)
            for term in self.terms:
                at = {lines[place] for place in term.places(words, places_of)}
                count[term] += len(at)
                for line_number in at:
                    found.setdefault((part, line_number), set()).add(term)
        if not found or not all(count.values()):
            return None
        best = min(
            found, key=lambda place: (-len(found[place]), -sum(1 / count[one] for one in found[place]), place)
        )
        return Place(*best)

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where its words stand in a line, for showing."""
        found = [(match.span(), folded) for match in _WORD.finditer(line) if (folded := _folded(match[0]))]
        words = [word for _, word in found]
        places_of = _places_of(words)
        return sorted(
            {
                found[place + step][0]
                for term in self.terms
                for place in term.places(words, places_of)
                for step in range(len(term.words))
            }
        )


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
            if words:  # a letter by itself is the name of something, and begins nearly every word
                terms.append(Term(words, may_go_on=words != (words[0][:1],)))
    return Wanted(tuple(dict.fromkeys(terms))[:MOST_TERMS])
