"""Identifiers as the numbers of their words: what an index has of a text.

That of each identifier is found out once for many files, and with it whether it may begin a credential.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from docstra_tui.context.credentials import may_begin
from docstra_tui.context.search.facts import SIZE
from docstra_tui.context.search.spelling import EVERYWHERE, LONGEST, parts, spelled
from docstra_tui.context.search.stems import find_number, parted

_KEPT = 30_000
"""Identifiers that are remembered, and as many of those before them: most of a file's stand in others too."""

_WORDS = 20_000
"""The same of words."""


class _Numbers(dict[str, bytes]):
    """Of the words of each identifier."""

    def __init__(self) -> None:
        super().__init__()
        self._older: dict[str, bytes] = {}
        self._suspected: dict[str, bytes] = {}
        self.suspects: list[str] = []
        """Those met that may begin a credential; again each time."""

    def __missing__(self, identifier: str) -> bytes:
        if identifier in self._suspected:
            self.suspects.append(identifier)
            return self._suspected[identifier]
        packed = self._older.get(identifier)
        if packed is None:
            packed = b"".join(map(_packed, _words(identifier)))
            if may_begin(identifier):
                if len(self._suspected) >= _KEPT:
                    self._suspected.clear()
                self.suspects.append(identifier)
                self._suspected[identifier] = packed
                return packed
        if len(self) >= _KEPT:
            self._older = dict(self)
            self.clear()
        self[identifier] = packed
        return packed


_numbers = _Numbers()


class _Packed(dict[str, bytes]):
    """The number of each word."""

    def __init__(self) -> None:
        super().__init__()
        self._older: dict[str, bytes] = {}

    def __missing__(self, word: str) -> bytes:
        packed = self._older.get(word)
        if packed is None:
            packed = find_number(word).to_bytes(SIZE, sys.byteorder)
        if len(self) >= _WORDS:
            self._older = dict(self)
            self.clear()
        self[word] = packed
        return packed


_packed = _Packed().__getitem__


def _words(identifier: str) -> list[str]:
    """`parted(spelled([identifier]))`, in half the time where it has no accents."""
    if not identifier.isascii() or len(identifier) > LONGEST or identifier in EVERYWHERE:
        return parted(spelled([identifier]))
    lowered = identifier.lower()
    if lowered.isalpha() and (identifier.islower() or identifier.isupper()):
        return [lowered]
    bare = lowered.replace("_", "")
    if not bare.isalnum():
        return parted(spelled([identifier]))
    words = lowered.split("_")
    if "" in words:
        words = [word for word in words if word]
    if (identifier.islower() or identifier.isupper()) and bare.isalpha():
        return words
    for piece in identifier.split("_"):
        split = parts(piece)
        if len(split) > 1:
            words += [part.lower() for part in split if len(part) > 1]
    return words


def numbers(identifiers: Iterable[str]) -> bytes:
    """Those of their words, one after the other: of each identifier whole and in its parts."""
    return looked_at(identifiers, [])


def looked_at(identifiers: Iterable[str], suspects: list[str]) -> bytes:
    """`numbers`; among `suspects` are then those that may begin a credential."""
    found = b"".join(map(_numbers.__getitem__, identifiers))
    suspects += _numbers.suspects
    _numbers.suspects.clear()
    return found
