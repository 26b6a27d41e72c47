"""Objects of a repository by their ids: loose ones and those in packs. Missing ones are never fetched.

Sizes are bounded before anything is unpacked, and so is the length of a chain of deltas.
"""

from __future__ import annotations

import mmap
import os
import re
import zlib
from bisect import bisect_left
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from docstra_tui.context.git.errors import MissingObject, damaged
from docstra_tui.context.git.held import Held
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

LARGEST = 64_000_000
"""Bytes of one object."""
LONGEST_CHAIN = 4096
"""Deltas on each other; git writes 50, and reads up to this many."""
KEPT_BYTES = 32_000_000
"""Of objects that others are deltas of."""
MOST_PACKS = 2000
LEAST_PREFIX = 4
MATCHES = 100
"""Objects that begin alike; more are not looked at."""

_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET, _REFERENCE = 6, 7
_HEX = re.compile(r"[0-9a-f]{38}|[0-9a-f]{62}")
_ALTERNATES = "info/alternates"


class Object(NamedTuple):
    """What was unpacked."""

    kind: str
    """`commit`, `tree`, `blob`, `tag`."""
    data: bytes


class Objects:
    """For one thread."""

    def __init__(self, own: Held, inside: Path, id_bytes: int) -> None:
        """`own` is `objects` of the repository; what it borrows is read only `inside` the project."""
        self._id_bytes = id_bytes
        self.notes: list[str] = []
        """What is not followed."""
        self._stores = [own]
        self._borrow(inside)
        self._packs: list[_Pack] | None = None
        self._kept: OrderedDict[tuple[int, int], Object] = OrderedDict()
        self._kept_size = 0

    def read(self, name: bytes, limit: int = LARGEST) -> Object:
        """An object of at most `limit` bytes. Raises `MissingObject`, `UnreadableFile`."""
        for is_again in (False, True):
            for pack in self._all_packs(is_again):
                at = pack.find(name)
                if at is not None:
                    return self._packed(pack, at, limit)
            for store in self._stores:
                text = name.hex()
                packed = store.read(f"{text[:2]}/{text[2:]}", limit + 4096)
                if packed is not None:
                    return _loose(packed, limit)
        borrowed = f" {self.notes[0]}" if self.notes else ""
        raise MissingObject(
            f"Object {name.hex()[:12]} is not in the repository; nothing is fetched.{borrowed}"
        )

    def beginning_with(self, prefix: str) -> list[bytes]:
        """The ids that begin so, in hexadecimal."""
        found: set[bytes] = set()
        for store in self._stores:
            for name in store.names(prefix[:2]):
                if _HEX.fullmatch(name) and (prefix[:2] + name).startswith(prefix):
                    found.add(bytes.fromhex(prefix[:2] + name))
        for pack in self._all_packs(False):
            found.update(pack.beginning_with(prefix))
        return sorted(found)[:MATCHES]

    def _borrow(self, inside: Path) -> None:
        folder = self._stores[0].place
        for line in os.fsdecode(self._stores[0].read(_ALTERNATES, 100_000) or b"").splitlines():
            if not line or line.startswith("#"):
                continue
            place = Path(os.path.realpath(folder / line.replace("\0", "")))
            if inside in place.parents and len(self._stores) < 10:
                self._stores.append(Held(inside, place.relative_to(inside).as_posix()))
            else:
                self.notes.append(
                    f"Its objects are borrowed from {shown_name(str(place))}, which is not followed."
                )

    def _all_packs(self, is_again: bool) -> list[_Pack]:
        """Read once, and again where an object is missing: git may have packed meanwhile."""
        if self._packs is None or is_again:
            known = {pack.place: pack for pack in self._packs or ()}
            self._packs = []
            for store in self._stores:
                names = [name for name in store.names("pack") if name.endswith(".idx")]
                for name in names[:MOST_PACKS]:
                    place = str(store.place / "pack" / name)
                    self._packs.append(known.get(place) or _Pack(store, name[:-4], self._id_bytes))
        return self._packs

    def _packed(self, pack: _Pack, at: int, limit: int) -> Object:
        """Down the chain of deltas to a whole object, then all of them put on it."""
        deltas: list[tuple[int, bytes]] = []
        while True:
            found = self._kept.get((id(pack), at))
            if found is not None:
                self._kept.move_to_end((id(pack), at))
                break
            entry = pack.entry(at, limit)
            if entry.kind in _KINDS:
                found = Object(_KINDS[entry.kind], entry.data)
                self._keep(pack, at, found)
                break
            if len(deltas) == LONGEST_CHAIN:
                raise damaged("a chain of deltas has no end")
            deltas.append((at, entry.data))
            if entry.kind == _OFFSET:
                at -= entry.distance
            else:
                base = pack.find(entry.base)
                if base is None:
                    raise MissingObject(f"Object {entry.base.hex()[:12]} is not in the repository.")
                at = base
        if len(found.data) > limit:
            raise _too_large(len(found.data), limit)
        for place, delta in reversed(deltas):
            found = Object(found.kind, apply(found.data, delta, limit))
            self._keep(pack, place, found)
        return found

    def _keep(self, pack: _Pack, at: int, found: Object) -> None:
        if len(found.data) > KEPT_BYTES // 8 or (id(pack), at) in self._kept:
            return
        self._kept[id(pack), at] = found
        self._kept_size += len(found.data)
        while self._kept_size > KEPT_BYTES:
            _, old = self._kept.popitem(last=False)
            self._kept_size -= len(old.data)


class _Entry(NamedTuple):
    kind: int
    data: bytes
    distance: int = 0
    base: bytes = b""


class _Pack:
    """A pack and its table of ids (version 2; version 1 is what git wrote until 2007)."""

    def __init__(self, store: Held, name: str, id_bytes: int) -> None:
        self.place = str(store.place / "pack" / f"{name}.idx")
        self._store, self._name, self._width = store, name, id_bytes
        fd = store.open(f"pack/{name}.idx")
        if fd is None:
            raise damaged(f"{shown_name(name)}.idx is gone")
        try:
            size = os.fstat(fd).st_size
            if size < 8 + 1024:
                raise damaged(f"{shown_name(name)}.idx is too short")
            self._table = mmap.mmap(fd, size, prot=mmap.PROT_READ)
        finally:
            os.close(fd)
        if self._table[:8] != b"\xfftOc\0\0\0\2":
            raise UnreadableFile(f"{shown_name(name)}.idx is of a version that is not known.")
        self._fan = [int.from_bytes(self._table[8 + 4 * n : 12 + 4 * n], "big") for n in range(256)]
        self._count = self._fan[255]
        if self._fan != sorted(self._fan) or size < 1032 + self._count * (id_bytes + 8):
            raise damaged(f"{shown_name(name)}.idx")
        self._fd: int | None = None

    def _name_at(self, number: int) -> bytes:
        start = 1032 + number * self._width
        return self._table[start : start + self._width]

    def find(self, name: bytes) -> int | None:
        """Where an object stands in the pack."""
        low = self._fan[name[0] - 1] if name[0] else 0
        number = bisect_left(range(self._count), name, low, self._fan[name[0]], key=self._name_at)
        if number >= self._fan[name[0]] or self._name_at(number) != name:
            return None
        start = 1032 + self._count * (self._width + 4) + 4 * number
        at = int.from_bytes(self._table[start : start + 4], "big")
        if at & 0x80000000:
            start = 1032 + self._count * (self._width + 8) + 8 * (at & 0x7FFFFFFF)
            at = int.from_bytes(self._table[start : start + 8], "big")
        return at

    def beginning_with(self, prefix: str) -> list[bytes]:
        """At most `MATCHES` ids."""
        first = bytes.fromhex(prefix + "0" * (2 * self._width - len(prefix)))
        number = bisect_left(range(self._count), first, key=self._name_at)
        found: list[bytes] = []
        while number < self._count and len(found) < MATCHES:
            name = self._name_at(number)
            if not name.hex().startswith(prefix):
                break
            found.append(name)
            number += 1
        return found

    def entry(self, at: int, limit: int) -> _Entry:
        """What stands at `at`, unpacked."""
        head = self._read(at, 64)
        if len(head) < 2:
            raise damaged(f"{shown_name(self._name)} is too short")
        kind, size, shift, used = head[0] >> 4 & 7, head[0] & 15, 4, 1
        while head[used - 1] & 0x80:
            if used > 10 or used >= len(head):
                raise damaged("the size of a packed object")
            size |= (head[used] & 0x7F) << shift
            shift, used = shift + 7, used + 1
        if size > limit:
            raise _too_large(size, limit)
        distance, base = 0, b""
        if kind == _OFFSET:
            distance, used = _distance(head, used)
            if not 0 < distance <= at:
                raise damaged("a delta of nothing")
        elif kind == _REFERENCE:
            base, used = head[used : used + self._width], used + self._width
        elif kind not in _KINDS:
            raise damaged("an object of no kind")
        return _Entry(kind, self._inflated(at + used, size), distance, base)

    def _inflated(self, at: int, size: int) -> bytes:
        inflate = zlib.decompressobj()
        parts: list[bytes] = []
        room, step = size + 1, size // 2 + 128
        try:
            while room > 0 and not inflate.eof and (packed := self._read(at, min(step, 1 << 20))):
                at += len(packed)
                parts.append(inflate.decompress(packed, room))
                room -= len(parts[-1])
        except zlib.error as error:
            raise damaged("an object that cannot be unpacked") from error
        data = b"".join(parts)
        if len(data) != size:
            raise damaged("an object of another size than it says")
        return data

    def _read(self, at: int, count: int) -> bytes:
        if self._fd is None:
            self._fd = self._store.open(f"pack/{self._name}.pack")
            if self._fd is None:
                raise damaged(f"{shown_name(self._name)}.pack is gone")
        return os.pread(self._fd, count, at)

    def __del__(self) -> None:
        if getattr(self, "_fd", None) is not None:
            os.close(self._fd)  # type: ignore[arg-type]


def apply(base: bytes, delta: bytes, limit: int = LARGEST) -> bytes:
    """What a delta makes of `base`. Raises `UnreadableFile`."""
    source, at = _length(delta, 0)
    target, at = _length(delta, at)
    if source != len(base):
        raise damaged("a delta of another object")
    if target > limit:
        raise _too_large(target, limit)
    parts: list[bytes] = []
    made = 0
    while at < len(delta) and made <= target:
        order = delta[at]
        at += 1
        if order & 0x80:
            offset = size = 0
            for bit in range(7):
                if order >> bit & 1:
                    if at >= len(delta):
                        raise damaged("a delta that is cut")
                    if bit < 4:
                        offset |= delta[at] << 8 * bit
                    else:
                        size |= delta[at] << 8 * (bit - 4)
                    at += 1
            part = base[offset : offset + (size or 0x10000)]
        else:
            part = delta[at : at + order]
            at += order
        if not part:
            raise damaged("a delta that copies nothing")
        parts.append(part)
        made += len(part)
    if made != target:
        raise damaged("a delta that makes another size than it says")
    return b"".join(parts)


def _loose(packed: bytes, limit: int) -> Object:
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(packed, limit + 64)
    except zlib.error as error:
        raise damaged("an object that cannot be unpacked") from error
    head, _, body = data.partition(b"\0")
    kind, _, size = head.decode("ascii", "replace").partition(" ")
    if kind not in _KINDS.values() or not size.isdecimal() or len(size) > 12:
        raise damaged("an object of no kind")
    if int(size) > limit:
        raise _too_large(int(size), limit)
    if len(body) != int(size):
        raise damaged("an object of another size than it says")
    return Object(kind, body)


def _length(delta: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(delta) and shift < 64:
        byte = delta[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise damaged("the length of a delta")


def _distance(head: bytes, used: int) -> tuple[int, int]:
    value = head[used] & 0x7F
    while head[used] & 0x80:
        used += 1
        if used >= len(head) - 1:
            raise damaged("the place of a delta")
        value = (value + 1) << 7 | head[used] & 0x7F
    return value, used + 1


def _too_large(size: int, limit: int) -> UnreadableFile:
    return UnreadableFile(f"An object of {size:,} bytes is too large; up to {limit:,} are read.")
