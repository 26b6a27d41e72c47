"""Identifiers and the words that they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"[A-Z]{2,}[sv](?![a-zß-ÿ])|[A-Z]+(?![a-zß-ÿ])|[A-Z]?[a-zß-ÿ]++|\d++|[^\W\d_A-Za-zß-ÿ]++")
"""`HTTPServer2` is HTTP, Server, 2, `UUIDv4` UUIDv, 4; letters of other scripts stay together."""

LONGEST = 100
"""Characters of an identifier that is parted: what is longer was written by no one."""

_SPACES = bytes(
    byte if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256)
)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


EVERYWHERE = _set(
    "and as const def elif else fn for from func function if import in is let not or return self the this to "
    "var void"
)
"""Words of languages that stand in every file, and say nothing of one."""


def words(text: str) -> list[str]:
    """Identifiers, numbers and words of a text in their order, without what stands between them."""
    return text.encode("utf-8", "replace").translate(_SPACES).decode("utf-8", "replace").split()


def parts(identifier: str) -> list[str]:
    """`parseHTTPBody_v2` as parse, HTTP, Body, v, 2."""
    return _PART.findall(identifier[:LONGEST])


def spelled(identifiers: Iterable[str]) -> str:
    """The identifiers one after the other, each followed by its parts.

    What an underscore joins is left as it is: the index parts it there.
    """
    return " ".join(filter(None, map(_spell, identifiers)))


def _spell(identifier: str) -> str:
    identifier = identifier[:LONGEST]
    if identifier in EVERYWHERE:
        return ""
    is_plain = identifier.islower() or (identifier.isupper() and identifier.isascii())
    if is_plain and (identifier.isalpha() or identifier.replace("_", "").isalpha()):
        return identifier
    spelling = identifier
    for piece in identifier.split("_"):
        if len(split := _PART.findall(piece)) > 1:
            for part in split:
                if len(part) > 1:
                    spelling += f" {part}"
    return spelling
