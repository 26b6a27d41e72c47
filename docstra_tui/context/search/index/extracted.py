"""What comes back of a file from the process that read it, ready to be put into the tables."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from docstra_tui.context.search.facts import SHIFT, SIZE, FileFacts, Words
from docstra_tui.context.search.index.plain import path_words, plain_facts

AS_LINES = 2
"""Failures of a file after which it is taken as lines of text; after one more only its name is known."""

REGIONS = 1 << SHIFT
DEFINITIONS = 20_000
USES = 10_000
IMPORTS = 2_000
"""Of one file; the rest is not kept."""
NAME = 200
"""Characters of a name; longer ones are left out."""


class Order(msgspec.Struct, array_like=True, frozen=True):
    """What a worker is told first."""

    root: bytes
    is_low: bool


class Wanted(msgspec.Struct, array_like=True, frozen=True):
    """A file that is to be read."""

    path: str
    max_bytes: int
    failures: int = 0
    """How often it broke a process: the more, the less of it is looked at."""


class Extracted(msgspec.Struct, array_like=True, frozen=True):
    """All rows of one file."""

    language: str
    kind: str
    lines: int
    left_out: str
    places: list[tuple[int, int]]
    """The lines of each region."""
    definitions: list[tuple[str, str, int, int]]
    uses: list[tuple[str, int]]
    imports: list[str]
    words: Words


def extracted(facts: FileFacts, lines: int, left_out: str = "") -> Extracted:
    """The rows for what is known of a file."""
    regions = facts.regions[:REGIONS]
    path = path_words(facts.path)
    texts = [
        text
        for number, region in enumerate(regions)
        for text in (b"" if number else path, region.names, region.comments, region.body)
    ]
    return Extracted(
        facts.language,
        facts.kind,
        lines,
        left_out,
        [(region.start, region.end) for region in regions],
        [
            (one.name, one.kind, one.line, one.end)
            for one in facts.definitions[:DEFINITIONS]
            if len(one.name) <= NAME
        ],
        [use for use in facts.uses[:USES] if len(use[0]) <= NAME],
        [module for module in facts.imports[:IMPORTS] if len(module) <= NAME],
        words_of(texts),
    )


def name_only(path: str, left_out: str) -> Extracted:
    """A file of which nothing but its name is known."""
    return extracted(plain_facts(path, "\n", ""), 0, left_out)


def nothing(left_out: str) -> Extracted:
    """A file that nobody looks for."""
    return Extracted("", "", 0, left_out, [], [], [], [], Words(b"", []))


def words_of(texts: Sequence[bytes]) -> Words:
    """`TEXTS` of each region."""
    return Words(b"".join(texts), [len(text) // SIZE for text in texts])
