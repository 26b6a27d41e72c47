"""Words as the index counts them: the forms of one are one (Porter), and each is a number."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

if TYPE_CHECKING:
    import numpy.typing as npt

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 64
"""Characters of a word that has forms."""

_CONSONANTS, _VOWELS = "[^aeiou][^aeiouy]*", "[aeiouy][aeiou]*"
_ONCE = re.compile(f"(?:{_CONSONANTS})?{_VOWELS}{_CONSONANTS}")
_ONLY_ONCE = re.compile(f"(?:{_CONSONANTS})?{_VOWELS}{_CONSONANTS}(?:{_VOWELS})?$")
_TWICE = re.compile(f"(?:{_CONSONANTS})?{_VOWELS}{_CONSONANTS}{_VOWELS}{_CONSONANTS}")
"""How often vowels are followed by consonants."""
_SPOKEN = re.compile(f"(?:{_CONSONANTS})?[aeiouy]")
_SHORT = re.compile(f"{_CONSONANTS}[aeiouy][^aeiouwxy]$")
_DOUBLE = re.compile(r"([^aeiouylsz])\1$")

_INSTEAD = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble",
    "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate",
    "ator": "ate", "alism": "al", "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al",
    "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
_SECOND = re.compile(f"(.+?)({'|'.join(sorted(_INSTEAD, key=len, reverse=True))})$")
_THEN = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_THIRD = re.compile(f"(.+?)({'|'.join(_THEN)})$")
_LAST = re.compile(
    "(.+?)(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|(?<=[st])ion|ou|ism|ate|iti|ous|ive|ize)$"
)
_SUFFIXES = ((tuple(_INSTEAD), _SECOND, _INSTEAD), (tuple(_THEN), _THIRD, _THEN))
_LAST_ENDINGS = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ent", "ion", "ou", "ism", "ate", "iti", "ous",
    "ive", "ize",
)  # fmt: skip
"""What most words have none of: that is told in a fraction of the time in which a pattern tells it."""
_CHANGING = frozenset("cdegilmnrstuy")
"""Letters at the end of what has forms."""


def stem_of(word: str) -> str:
    """What the forms of an English word have in common; `word` is in small letters."""
    if not 2 < len(word) <= _LONGEST or word[-1] not in _CHANGING:
        return word
    if word[-1] == "s":
        if word.endswith(("sses", "ies")):
            word = word[:-2]
        elif word[-2] != "s":
            word = word[:-1]
    word = _without_tense(word)
    if word[-1:] == "y" and _SPOKEN.match(word[:-1]):
        word = word[:-1] + "i"
    for endings, pattern, instead in _SUFFIXES:
        if word.endswith(endings) and (found := pattern.match(word)) and _ONCE.match(found[1]):
            word = found[1] + instead[found[2]]
    if word.endswith(_LAST_ENDINGS) and (found := _LAST.match(word)) and _TWICE.match(found[1]):
        word = found[1]
    if word[-1:] == "e":
        rest = word[:-1]
        if _TWICE.match(rest) or (_ONLY_ONCE.match(rest) and not _SHORT.match(rest)):
            word = rest
    if word.endswith("ll") and _TWICE.match(word):
        word = word[:-1]
    return word


def _without_tense(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _ONCE.match(word[:-3]) else word
    for ending in ("ed", "ing"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and _SPOKEN.match(rest):
            if rest.endswith(("at", "bl", "iz")) or _SHORT.match(rest):
                return rest + "e"
            return rest[:-1] if _DOUBLE.search(rest) else rest
    return word


def parted(text: str) -> list[str]:
    """The words of a text in small letters, those that an underscore joins apart, without accents."""
    if not text.isascii():
        text = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return _WORD.findall(text.lower())


BESIDE = 1 << 31
"""In the number of two words that stand beside each other, not in that of one."""
_MIXED = 0x9E3779B1
Number = TypeVar("Number", int, "npt.NDArray[Any]")


def beside(first: Number, second: Number) -> Number:
    """The number of two words, by theirs: hardly any other two have it."""
    number: Number = (first * _MIXED + second) & (BESIDE - 1) | BESIDE
    return number


class _Numbers(dict[str, int]):
    """Of words as they are written."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _KEPT:
            self.clear()
        number = self[word] = find_number(word)
        return number


def find_number(word: str) -> int:
    """`number_of`, not remembered."""
    return crc32(stem_of(word).encode("utf-8", "replace")) >> 1


_KEPT = 20_000
"""Words whose numbers are remembered."""
number_of = _Numbers().__getitem__
"""The number of a word in small letters: the same for its forms, and for hardly any other."""
