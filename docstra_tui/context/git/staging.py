"""Git's index file: what is staged, and what `stat` said of each file then.

Versions 2 to 4, split and sparse. What is not understood and has to be, git writes in small letters: there
the whole file is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from docstra_tui.context.git.errors import damaged
from docstra_tui.context.git.held import Held
from docstra_tui.context.git.history import FOLDER
from docstra_tui.errors import UnreadableFile

LARGEST = 400_000_000
"""Bytes: some four million files."""

STAT = 40
"""Bytes of what `stat` said."""
EXTENDED, ASSUMED, SKIPPED, ADDED_LATER = 0x4000, 0x8000, 0x4000, 0x2000
_ODD = re.compile(rb"(?:^|/)(?:\.{0,2}|\.[gG][iI][tT])(?:/|$)|\0")


class Entry(NamedTuple):
    """One file that is staged."""

    stat: bytes
    """Ten numbers of four bytes, as the file system gave them when it was last looked at."""
    name: bytes
    """The id of its content."""
    stage: int
    """0; of a conflict 1 for what both sides had, 2 for ours, 3 for theirs."""
    is_watched: bool
    """False where the disk does not count: it is not checked out here, or said to be unchanged."""
    is_later: bool
    """It is to be added: nothing of its content is staged yet."""

    @property
    def mode(self) -> int:
        return int.from_bytes(self.stat[24:28], "big")

    @property
    def size(self) -> int:
        return int.from_bytes(self.stat[36:40], "big")


class Staged:
    """What is staged, by path."""

    def __init__(self) -> None:
        self.entries: dict[bytes, Entry] = {}
        """By whole path; of a conflict the first side that is there, ours before the others."""
        self.conflicts: dict[bytes, dict[int, Entry]] = {}
        self.folders: dict[bytes, bytes] = {}
        """Ids of whole folders that are as in a tree; the empty path is the top."""
        self.is_sparse = False
        """True where whole folders stand for what is in them."""
        self.odd = 0
        """Paths that no file of a working tree can have; they are left out."""
        self.written_ns = 0
        """When the file was written: what is as new as that has to be looked into."""


def read(own: Held, id_bytes: int) -> Staged:
    """What is staged. Raises `UnreadableFile`."""
    data = own.read("index", LARGEST)
    if data is None:
        return Staged()
    entries, extensions = _split(data, id_bytes)
    if b"link" in extensions:
        entries = _joined(own, extensions[b"link"], entries, id_bytes)
    staged = Staged()
    staged.written_ns = os.stat(own.place / "index", follow_symlinks=False).st_mtime_ns
    staged.is_sparse = b"sdir" in extensions
    _fill(staged, entries)
    if b"TREE" in extensions:
        staged.folders = dict(_folders(extensions[b"TREE"], id_bytes))
    return staged


def _fill(staged: Staged, entries: list[tuple[bytes, Entry]]) -> None:
    if _ODD.search(b"/".join(path for path, _ in entries)):
        kept = [(path, entry) for path, entry in entries if not _ODD.search(path.rstrip(b"/") or b"/")]
        staged.odd = len(entries) - len(kept)
        entries = kept
    staged.entries = {path: entry for path, entry in entries if not entry.stage}
    for path, entry in entries:
        if entry.stage:
            staged.conflicts.setdefault(path, {})[entry.stage] = entry


def _split(data: bytes, id_bytes: int) -> tuple[list[tuple[bytes, Entry]], dict[bytes, bytes]]:
    """The entries of an index file, and what stands behind them."""
    if len(data) < 12 + id_bytes or data[:4] != b"DIRC":
        raise damaged("its index is none")
    body, told = data[:-id_bytes], data[-id_bytes:]
    kind = hashlib.sha1 if id_bytes == 20 else hashlib.sha256
    if any(told) and kind(body, usedforsecurity=False).digest() != told:
        raise damaged("its index was cut, or changed by something else")
    version, count = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
    if version not in (2, 3, 4):
        raise UnreadableFile(f"The repository's index has version {version}; 2 to 4 are read.")
    if count * (STAT + id_bytes + 3) > len(body):
        raise damaged("its index is shorter than it says")
    try:
        entries, at = (_packed if version == 4 else _plain)(body, count, id_bytes)
    except (IndexError, ValueError):
        raise damaged("its index ends in the middle") from None
    extensions = {}
    while at + 8 <= len(body):
        name, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "big")
        if name[:1].islower() and name not in (b"link", b"sdir"):
            raise UnreadableFile(f"The repository's index uses {name!r}, which is not known.")
        extensions[name] = body[at + 8 : at + 8 + size]
        at += 8 + size
    return entries, extensions


def _plain(body: bytes, count: int, id_bytes: int) -> tuple[list[tuple[bytes, Entry]], int]:
    entries = []
    at, fixed = 12, STAT + id_bytes
    for _ in range(count):
        flags = body[at + fixed] << 8 | body[at + fixed + 1]
        start, more = at + fixed + 2, 0
        if flags & EXTENDED:
            more = body[start] << 8 | body[start + 1]
            start += 2
        length = flags & 0xFFF
        end = start + length if length < 0xFFF else body.index(0, start)
        entries.append((body[start:end], _entry(body, at, fixed, flags, more)))
        at += (end - at + 8) & ~7
    return entries, at


def _packed(body: bytes, count: int, id_bytes: int) -> tuple[list[tuple[bytes, Entry]], int]:
    """Version 4: each path is told by what of the one before it is cut off, and what comes instead."""
    entries = []
    at, fixed, path = 12, STAT + id_bytes, b""
    for _ in range(count):
        flags = body[at + fixed] << 8 | body[at + fixed + 1]
        start, more = at + fixed + 2, 0
        if flags & EXTENDED:
            more = body[start] << 8 | body[start + 1]
            start += 2
        cut = body[start] & 0x7F
        while body[start] & 0x80:
            start += 1
            cut = (cut + 1) << 7 | body[start] & 0x7F
            if cut > len(path):
                raise ValueError
        if cut > len(path):
            raise ValueError
        end = body.index(0, start + 1)
        path = path[: len(path) - cut] + body[start + 1 : end]
        entries.append((path, _entry(body, at, fixed, flags, more)))
        at = end + 1
    return entries, at


def _entry(body: bytes, at: int, fixed: int, flags: int, more: int) -> Entry:
    is_watched = not (flags & ASSUMED or more & SKIPPED)
    return Entry(
        body[at : at + STAT],
        body[at + STAT : at + fixed],
        flags >> 12 & 3,
        is_watched,
        bool(more & ADDED_LATER),
    )


# A split index: what changed since a shared one


def _joined(
    own: Held, link: bytes, changed: list[tuple[bytes, Entry]], id_bytes: int
) -> list[tuple[bytes, Entry]]:
    """The shared index with what was deleted and replaced since, and what is new."""
    shared = link[:id_bytes]
    if not any(shared):
        return changed
    data = own.read(f"sharedindex.{shared.hex()}", LARGEST)
    if data is None:
        raise damaged("the shared part of its index is gone")
    entries, _ = _split(data, id_bytes)
    at, deleted = _bits(link, id_bytes, len(entries))
    _, replaced = _bits(link, at, len(entries))
    replacing = iter(changed)
    kept: list[tuple[bytes, Entry]] = []
    for number, (path, entry) in enumerate(entries):
        if number in replaced:
            try:
                new_path, entry = next(replacing)
            except StopIteration:
                raise damaged("its index replaces what is not there") from None
            path = new_path or path
        if number not in deleted:
            kept.append((path, entry))
    return sorted([*kept, *replacing], key=lambda row: (row[0], row[1].stage))


def _bits(data: bytes, at: int, most: int) -> tuple[int, set[int]]:
    """The numbers of the bits that are set in a compressed map of them (EWAH), and where it ends."""
    if at >= len(data):
        return at, set()
    words = int.from_bytes(data[at + 4 : at + 8], "big")
    end = at + 8 + 8 * words + 4
    if end > len(data):
        raise damaged("its index is cut")
    found: set[int] = set()
    position, number = 0, 0
    while number < words:
        marker = _word(data, at + 8 + 8 * number)
        run, literal = marker >> 1 & 0xFFFFFFFF, marker >> 33
        if marker & 1:
            found.update(range(position, min(most, position + 64 * run)))
        position += 64 * run
        for step in range(min(literal, words - number - 1)):
            word = _word(data, at + 8 + 8 * (number + 1 + step))
            found.update(position + bit for bit in range(64) if word >> bit & 1)
            position += 64
        number += 1 + literal
        if position > most + 64:
            break
    return end, found


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "big")


# Folders that are as in a tree


def _folders(told: bytes, id_bytes: int) -> Iterator[tuple[bytes, bytes]]:
    """The folders that have not changed since they were written as a tree, with its id."""
    at = 0
    above: list[tuple[bytes, int]] = []
    while at < len(told):
        end = told.find(b"\0", at)
        line = told.find(b"\n", end)
        if end < 0 or line < 0:
            return
        try:
            count, below = map(int, told[end + 1 : line].split(b" "))
        except ValueError:
            return
        prefix = above[-1][0] if above else b""
        path = prefix + told[at:end]
        at = line + 1
        if count >= 0:
            yield path, told[at : at + id_bytes]
            at += id_bytes
        if above:
            above[-1] = (prefix, above[-1][1] - 1)
        if below > 0:
            above.append((path + b"/" if path else b"", below))
        while above and above[-1][1] <= 0:
            above.pop()


def is_folder(entry: Entry) -> bool:
    """True for a whole folder of a sparse index."""
    return entry.mode == FOLDER
