"""What code calls the things that people talk about: data, in `vocabulary.txt` beside this.

A question about an unknown project has none of its words, a bm25 of whatever weights finds nothing then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

_WORD = re.compile(r"[^\W_]+")
_PLURALS = (("sses", "ss"), ("ies", "y"), ("ied", "y"))
_SPELLINGS = (
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("iser", "izer"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("centre", "center"),
    ("grey", "gray"),
    ("catalogue", "catalog"),
    ("licence", "license"),
    ("cancell", "cancel"),
    ("labell", "label"),
)
"""British and American; which of them a project writes is not known."""


@dataclass(frozen=True)
class Vocabulary:
    """Words of code by what people say, the words of which are stems."""

    meanings: dict[tuple[str, ...], tuple[str, ...]]
    longest: int
    """Words of the longest phrase."""

    def of(self, stems: Sequence[str]) -> tuple[str, ...]:
        """What code calls this; empty where nobody knows."""
        return self.meanings.get(tuple(stems), ())

    def phrases(self, stems: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The meanings of what several words of a question say together; the longest first, none twice."""
        taken: set[int] = set()
        for length in range(self.longest, 1, -1):
            for start in range(len(stems) - length + 1):
                places = range(start, start + length)
                found = self.of(stems[start : start + length])
                if found and taken.isdisjoint(places):
                    taken.update(places)
                    yield found


def stem(word: str) -> str:
    """What the forms of an English word have in common; `word` is in small letters.

    Lighter than the index's own: it only has to be the same for a question and the vocabulary.
    """
    if len(word) <= 3:
        return word
    for ending, instead in _PLURALS:
        if word.endswith(ending) and len(word) > 4:
            return word[: -len(ending)] + instead
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= 3 and re.search("[aeiouy]", rest):
            is_doubled = len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz"
            word = rest[:-1] if is_doubled else rest
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def other_spellings(word: str) -> tuple[str, ...]:
    """The word as it is written on the other side of the ocean."""
    found = []
    for british, american in _SPELLINGS:
        if british in word:
            found.append(word.replace(british, american))
        elif american in word and len(word) > 4:
            found.append(word.replace(american, british))
    return tuple(found)


@cache
def vocabulary() -> Vocabulary:
    """Read once, when the first question is asked."""
    return parse(resources.files(__package__).joinpath("vocabulary.txt").read_text("utf-8"))


def parse(text: str) -> Vocabulary:
    """What a file like `vocabulary.txt` says."""
    meanings: dict[tuple[str, ...], dict[str, None]] = {}
    for line in text.splitlines():
        said, bar, called = line.partition("|")
        if line.startswith("#") or not bar:
            continue
        for phrase in said.split(","):
            stems = tuple(stem(word) for word in _WORD.findall(phrase.lower()))
            if stems:
                meanings.setdefault(stems, {}).update(dict.fromkeys(called.split()))
    return Vocabulary(
        {key: tuple(words) for key, words in meanings.items()}, max(map(len, meanings), default=0)
    )
