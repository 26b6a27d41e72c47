"""What the index of a project knows of a file: nouns.

Made by `extraction`, kept by the index, weighed by the ranking. Texts here are the numbers of words that
stand beside each other, made for looking up and not for reading: identifiers are there as they are and in
their parts (`HttpServer` as `httpserver http server`; `no_space` as `no space`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

SHIFT = 12
"""Bits of a region's number in its file: its id is the file's times 4096, and that number."""

FileKind = Literal["code", "test", "docs", "example", "vendored", "generated", "config"]
"""What a file is for. By its path and the first lines; a question may ask for any of them."""

DefinitionKind = Literal["class", "function", "method", "constant", "type", "macro", "heading", "key"]


@dataclass(frozen=True, slots=True)
class Region:
    """Some lines of a file that belong together: a definition, or what stands between two."""

    start: int
    """The first line, from 1."""
    end: int
    """The last line, which belongs to it."""
    names: bytes
    """What is defined here, and what it is part of, in words: `Retry.sleep` as `Retry sleep`."""
    comments: bytes
    """Comments, documentation and texts in quotes. Of documents, all they say."""
    body: bytes
    """The rest: identifiers, in their parts too."""


TEXTS = 4
"""Of each region: the words of its path, which only a file's first one has, its names, comments and body."""


SIZE = 4
"""Bytes of a word's number."""


class Words(msgspec.Struct, array_like=True, frozen=True):
    """All of one file, one text after the other."""

    numbers: bytes
    """Of the words (`stems`)."""
    sizes: list[int]
    """How many words each text has."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file gives a meaning to."""

    name: str
    """As it is written; of a method with its class, `Retry.sleep`."""
    kind: DefinitionKind
    line: int
    end: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All that is kept of one file."""

    path: str
    """Relative to the project, with `/`."""
    language: str
    """As `context.files.language` calls it; empty where nobody knows."""
    kind: FileKind
    regions: tuple[Region, ...]
    """In their order, without gaps that say anything."""
    definitions: tuple[Definition, ...] = ()
    uses: tuple[tuple[str, int], ...] = ()
    """Identifiers that the file has and does not define, each with how often: of `retry.sleep()` both."""
    imports: tuple[str, ...] = ()
    """Modules, relative paths and headers, as they are written: `..http`, `./buffer`, `lz4.h`."""
