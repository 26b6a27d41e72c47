"""Commits, tags and trees: what their bytes say."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from docstra_tui.context.git.errors import damaged
from docstra_tui.context.git.objects import Objects

FOLDER, LINK, SUBMODULE = 0o040000, 0o120000, 0o160000

_PERSON = re.compile(r"(.*?)\s*<[^>]*>\s*(\d{1,12})\s*([+-]\d{4})")
_TAGS = 20
"""Tags of tags."""
COMMIT_BYTES = 1_000_000
AUTHOR_BYTES = 1_000
TREE_BYTES = 32_000_000


@dataclass(frozen=True)
class Commit:
    """One commit."""

    name: bytes
    tree: bytes
    parents: tuple[bytes, ...]
    author: str
    """A name; the address stays where it is."""
    when: str
    """`2026-11-28 10:30 +0100`; empty when it is not told."""
    message: str


class Row(NamedTuple):
    """One thing in a tree, or in the index."""

    mode: int
    name: bytes
    """Its id."""


def commit_of(objects: Objects, name: bytes) -> Commit:
    """Reads a commit."""
    found = objects.read(name, COMMIT_BYTES)
    if found.kind != "commit":
        raise damaged(f"{name.hex()[:12]} is no commit")
    head, _, message = found.data.partition(b"\n\n")
    tree, parents, author, encoding = b"", [], "", "utf-8"
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree":
            tree = _id(value, name)
        elif key == b"parent":
            parents.append(_id(value, name))
        elif key == b"author":
            author = value[:AUTHOR_BYTES].decode("utf-8", "replace")
        elif key == b"encoding":
            encoding = value.decode("ascii", "replace")
    if not tree:
        raise damaged(f"{name.hex()[:12]} has no tree")
    person = _PERSON.match(author)
    who, when = (
        (person[1], _when(int(person[2]), person[3])) if person else (author.split("<")[0].strip(), "")
    )
    return Commit(name, tree, tuple(parents), who, when, _text(message, encoding))


def tag_target(objects: Objects, name: bytes) -> bytes:
    """What a tag stands for; what is none stands for itself."""
    for _ in range(_TAGS):
        found = objects.read(name)
        if found.kind != "tag":
            return name
        key, _, value = found.data.partition(b"\n")[0].partition(b" ")
        if key != b"object":
            raise damaged("a tag of nothing")
        name = _id(value, name)
    raise damaged("tags that stand for each other")


def tree_rows(objects: Objects, name: bytes) -> Iterator[tuple[bytes, Row]]:
    """What a tree holds. Names that could lead elsewhere are left out."""
    found = objects.read(name, TREE_BYTES)
    if found.kind != "tree":
        raise damaged(f"{name.hex()[:12]} is no tree")
    data, at, width = found.data, 0, len(name)
    while at < len(data):
        space = data.find(b" ", at, at + 8)
        end = data.find(b"\0", space)
        mode = data[at:space]
        if space < 0 or end < 0 or not mode.isdigit() or end + 1 + width > len(data):
            raise damaged("a tree that is cut")
        try:
            row = Row(int(mode, 8), data[end + 1 : end + 1 + width])
        except ValueError:
            raise damaged("a tree of no mode") from None
        path = data[space + 1 : end]
        at = end + 1 + width
        if is_plain(path):
            yield path, row


def is_plain(name: bytes) -> bool:
    """False for what no file of a working tree may be called."""
    return name not in (b"", b".", b"..") and b"/" not in name and name.lower() != b".git"


def _id(value: bytes, name: bytes) -> bytes:
    try:
        found = bytes.fromhex(value.decode("ascii"))
    except ValueError:
        found = b""
    if len(found) != len(name):
        raise damaged("an id that is none")
    return found


def _when(seconds: int, zone: str) -> str:
    away = (int(zone[1:3]) * 60 + int(zone[3:])) * (-60 if zone[0] == "-" else 60)
    try:
        return f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(seconds + away))} {zone}"
    except (OverflowError, ValueError, OSError):
        return ""


def _text(message: bytes, encoding: str) -> str:
    try:
        text = message.decode(encoding)
        text.encode()  # some encodings can write half a letter, which nothing here can save or count
    except (LookupError, ValueError):
        return message.decode("utf-8", "replace")
    return text
