"""Identifiers and the words that they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"[A-Z]+s(?![^\W\d_A-Z])|[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]++|\d++")
"""`HTTPServer2` is HTTP, Server, 2; letters other than English ones count as small."""

_LONGEST = 100
"""Characters of an identifier that is parted: what is longer was written by no one."""
_KEPT = 100_000
"""Identifiers whose words are remembered."""

_SPACES = bytes(
    byte if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256)
)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_EVERYWHERE = _set(
    "and as const def elif else fn for from func function if import in is let not or return self the this to "
    "var void"
)
"""Words of languages that stand in every file, and say nothing of one."""


class _Spelling(dict[str, str]):
    """What is indexed for each identifier: itself, and its parts where capitals or digits join them."""

    def __missing__(self, identifier: str) -> str:
        if len(self) >= _KEPT:
            self.clear()
        spelling = self[identifier] = _spell(identifier[:_LONGEST])
        return spelling


def spaced(text: str) -> str:
    """The same, as long, with blanks for what stands between identifiers, numbers and words."""
    return text.encode("utf-8", "replace").translate(_SPACES).decode("utf-8", "replace")


def words(text: str) -> list[str]:
    """Identifiers, numbers and words of a text in their order."""
    return spaced(text).split()


def parts(identifier: str) -> list[str]:
    """`parseHTTPBody_v2` as parse, HTTP, Body, v, 2."""
    return _PART.findall(identifier[:_LONGEST])


def spelled(identifiers: Iterable[str]) -> str:
    """The identifiers one after the other, each followed by its parts.

    What an underscore joins is left as it is: the index parts it there.
    """
    return " ".join(filter(None, map(_spellings.__getitem__, identifiers)))


def _spell(identifier: str) -> str:
    if identifier in _EVERYWHERE:
        return ""
    if identifier.islower() and identifier.isalpha():
        return identifier
    inner = (split for piece in identifier.split("_") if len(split := _PART.findall(piece)) > 1)
    return " ".join([identifier, *(part for split in inner for part in split if len(part) > 1)])


_spellings = _Spelling()
