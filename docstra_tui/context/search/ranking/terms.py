"""What a question asks for: the things that it speaks of, each with the words it may have in a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docstra_tui.context.search.facts import FileKind
from docstra_tui.context.search.ranking.everyday import SILENT, is_faint
from docstra_tui.context.search.ranking.naming import Mention, mentions_of
from docstra_tui.context.search.ranking.vocabulary import other_spellings, stem, vocabulary
from docstra_tui.context.search.spelling import parts, spelled, words

MOST_CHARACTERS = 4_000
"""Of a question; more is read by nobody."""
MOST_THINGS = 40
"""Of one question: what is pasted into it may be a whole log."""
_LONGEST_WORD = 64
_LEAST_OF_TEXT = 3
"""Words of a quoted text that is looked for as it stands."""

_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(
    r"`(?P<quoted>[A-Za-z_$][\w$.]*)`"
    r"|\b[A-Za-z]\w*_\w+\b|\b_\w{2,}\b|\b[A-Za-z]+[a-z0-9][A-Z]\w*\b|\b[A-Z][A-Z0-9]{2,}\b"
    r"|\b[a-z]\w+(?=\(\))"
)
"""What is written as code is: `no_space`, `camelCase`, `MAXIMUM`, `call()`, and what stands in backticks."""
_TEXT = re.compile(r'["“”«»„]([^"“”«»„]{6,300})["“”«»„]')
_CUT = re.compile(r"\.\.\.|…|[{}<>%]")
"""Where a quoted message has something else each time."""

_ASKED_KINDS: dict[str, tuple[FileKind, ...]] = {
    "test": ("test",),
    "unittest": ("test",),
    "fixtur": ("test",),
    "benchmark": ("example",),
    "exampl": ("example",),
    "demo": ("example",),
    "sampl": ("example",),
    "tutorial": ("docs", "example"),
    "documentation": ("docs",),
    "doc": ("docs",),
    "readm": ("docs",),
    "changelog": ("docs",),
    "licens": ("docs",),
    "guid": ("docs",),
    "vendor": ("vendored",),
    "bundl": ("vendored",),
    "generat": ("generated",),
    "dockerfil": ("config",),
    "makefil": ("config",),
    "pyproject": ("config",),
    "workflow": ("config",),
    "ci": ("config",),
    "dependenci": ("config",),
    "dependency": ("config",),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a question speaks of."""

    said: str
    """In the question's word; empty where several words say it together."""
    own: tuple[str, ...]
    """Words that are it."""
    others: tuple[str, ...]
    """Words that code may have for it."""
    is_faint: bool = False
    """True where the word may mean anything."""


@dataclass(frozen=True, slots=True)
class Terms:
    """All that is looked for."""

    things: tuple[Thing, ...]
    names: tuple[str, ...]
    """Identifiers, as they are written."""
    texts: tuple[str, ...]
    """What was quoted, in the words of the index, which stand beside each other."""
    neighbours: tuple[tuple[str, str], ...]
    """Words that stand beside each other in the question."""
    kinds: frozenset[FileKind]
    """Kinds of files that the question asks for."""
    mentions: tuple[Mention, ...] = ()
    """What may be the name of a file."""


def terms_of(question: str, more: Sequence[str] = ()) -> Terms:
    """What `question` asks for, and `more`: words or names that a model thought of."""
    text = question[:MOST_CHARACTERS]
    known = vocabulary()
    things: dict[str, Thing] = {}
    for word in _said([text, *more]):
        key = stem(word)
        if len(word) > 1 and word not in SILENT and key not in things:
            others = tuple(other for other in known.of((key,)) if stem(other) != key)
            things[key] = Thing(word, (word, *other_spellings(word)), others, is_faint(word))
    spoken = [stem(word.lower()) for word in _WORD.findall(text)]
    together = [Thing("", (), others) for others in known.phrases(spoken)]
    return Terms(
        things=(*tuple(things.values())[:MOST_THINGS], *together[:MOST_THINGS]),
        names=tuple(dict.fromkeys(_names([text, *more])))[:MOST_THINGS],
        texts=tuple(_quoted(text))[:MOST_THINGS],
        neighbours=tuple(_neighbours(text))[:MOST_THINGS],
        kinds=frozenset(kind for one in spoken for kind in _ASKED_KINDS.get(one, ())),
        mentions=tuple(mentions_of(text)),
    )


def _said(texts: Iterable[str]) -> Iterator[str]:
    """Words in their order, identifiers with their parts behind them."""
    for text in texts:
        for word in _WORD.findall(text):
            yield word.lower()[:_LONGEST_WORD]
            pieces = parts(word)
            if len(pieces) > 1:
                yield from (piece.lower() for piece in pieces)


def _names(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for found in _NAME.finditer(text):
            yield (found["quoted"] or found[0]).rpartition(".")[2]


def _quoted(text: str) -> Iterator[str]:
    for found in _TEXT.finditer(text):
        for piece in _CUT.split(found[1]):
            spoken = spelled(words(piece))
            if len(spoken.split()) >= _LEAST_OF_TEXT:
                yield spoken


def _neighbours(text: str) -> Iterator[tuple[str, str]]:
    spoken = [word.lower()[:_LONGEST_WORD] for word in _WORD.findall(text)]
    for first, second in pairwise(spoken):
        if len(first) > 1 and len(second) > 1:
            yield first, second
