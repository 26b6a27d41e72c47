"""What a SQLite file still holds, page by page, when SQLite itself refuses to read it.

No page is trusted and none is needed to reach another: every page that looks like one with rows is read by
itself, so damage costs what stands on the damaged page and no more. The layout is SQLite's documented file
format ("Database File Format", sections 1.6 B-tree Pages and 2.1 Record Format). Deleted rows do not come
back: our files are written with `secure_delete`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from docstra_tui.session.store.values import Value

PAGE_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
USUAL_PAGE = 4096
LONGEST = 64_000_000
"""Bytes of one row; a larger length is damage."""

TABLE_LEAF, INDEX_LEAF, INDEX_INNER = 13, 10, 2


@dataclass(frozen=True)
class Row:
    """One row as it lies in a page."""

    rowid: int | None
    """None for a row of an index, or of a table without rowids."""
    values: tuple[Value, ...]
    """Text that is no UTF-8 comes as its bytes."""
    is_cut: bool = False
    """True when the end of it lies on a page that cannot be followed; what is missing is None, or shorter."""


class Pages:
    """A file's bytes as pages."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        told = int.from_bytes(data[16:18], "big") if data.startswith(b"SQLite format 3\0") else 0
        self._size = 65536 if told == 1 else told if told in PAGE_SIZES else USUAL_PAGE
        reserved = data[20] if len(data) > 20 and data[20] <= 32 else 0
        self._usable = self._size - reserved

    def rows(self) -> Iterator[Row]:
        """Every row that a page's own list of cells leads to."""
        for start in range(0, len(self._data), self._size):
            header = start + 100 if start == 0 else start
            kind = self._data[header] if header < len(self._data) else 0
            if kind not in (TABLE_LEAF, INDEX_LEAF, INDEX_INNER):
                continue
            cells = int.from_bytes(self._data[header + 3 : header + 5], "big")
            first = header + (12 if kind == INDEX_INNER else 8)
            for number in range(min(cells, self._size // 2)):
                place = first + 2 * number
                at = start + int.from_bytes(self._data[place : place + 2], "big")
                if first <= at < start + self._usable:
                    row = self._cell(at, kind)
                    if row is not None:
                        yield row

    def rows_like(self, mark: re.Pattern[bytes], length: int) -> Iterator[Row]:
        """Rows of tables, found by how their list of types begins (`length` columns, `mark` the first of
        them): those of a page whose own list of cells is damaged."""
        for found in mark.finditer(self._data):
            for before in (1, 2):  # bytes of the length of the list of types
                types = found.start() - before
                size, after = _varint(self._data, types)
                if after != found.start() or not length <= size <= 9 * length + 9:
                    continue
                row = self._cell_before(types)
                if row is not None and len(row.values) >= length:
                    yield row

    def _cell_before(self, record: int) -> Row | None:
        """The cell of a table whose record begins at a place: its two lengths stand before it."""
        for rowid_bytes in range(9, 0, -1):
            for payload_bytes in (1, 2, 3, 4):
                at = record - rowid_bytes - payload_bytes
                if at < 0 or _varint(self._data, at)[1] != at + payload_bytes:
                    continue
                if _varint(self._data, at + payload_bytes)[1] == record:
                    row = self._cell(at, TABLE_LEAF)
                    if row is not None and not row.is_cut:
                        return row
        return None

    def _cell(self, at: int, kind: int) -> Row | None:
        """The row whose cell begins at a place; None where there is none."""
        if kind == INDEX_INNER:
            at += 4  # the page with what comes before
        size, at = _varint(self._data, at)
        if not 0 < size <= LONGEST:
            return None
        rowid = None
        if kind == TABLE_LEAF:
            rowid, at = _varint(self._data, at)
            rowid -= (rowid >> 63) << 64
        record, is_whole = self._payload(at, size, kind)
        values = _values(record, size)
        return None if values is None else Row(rowid, values, is_cut=not is_whole)

    def _payload(self, at: int, size: int, kind: int) -> tuple[bytes, bool]:
        """The bytes of a record, from its cell and the pages that go on from it; whether all are there."""
        usable = self._usable
        most = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if size <= most:
            part = self._data[at : at + size]
            return part, len(part) == size
        least = (usable - 12) * 32 // 255 - 23
        here = least + (size - least) % (usable - 4)
        here = here if here <= most else least
        parts = [self._data[at : at + here]]
        page = int.from_bytes(self._data[at + here : at + here + 4], "big")
        left, seen = size - here, set[int]()
        while left > 0:
            start = (page - 1) * self._size
            if page < 2 or page in seen or start + self._usable > len(self._data):
                return b"".join(parts), False
            seen.add(page)
            parts.append(self._data[start + 4 : start + 4 + min(left, usable - 4)])
            left -= usable - 4
            page = int.from_bytes(self._data[start : start + 4], "big")
        return b"".join(parts), True


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's number of one to nine bytes, and where it ends; (-1, at) beyond the end."""
    value = 0
    for number in range(9):
        if not 0 <= at + number < len(data):
            return -1, at
        byte = data[at + number]
        if number == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + number + 1
    return -1, at  # not reached


def _values(record: bytes, size: int) -> tuple[Value, ...] | None:
    """A record's values; None for what is none: its types must fill `size` to the byte."""
    length, at = _varint(record, 0)
    if not 0 < length <= min(size, len(record)):
        return None
    kinds = []
    while at < length:
        kind, at = _varint(record, at)
        if kind < 0 or kind in (10, 11):
            return None
        kinds.append(kind)
    if at != length or length + sum(map(_width, kinds)) != size:
        return None
    values: list[Value] = []
    for kind in kinds:
        is_gone = len(record) < size and at >= len(record)
        values.append(None if is_gone else _value(kind, record[at : at + _width(kind)]))
        at += _width(kind)
    return tuple(values)


def _width(kind: int) -> int:
    """Bytes of a value of a serial type."""
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind] if kind < 10 else (kind - 12) // 2


def _value(kind: int, raw: bytes) -> Value:
    if kind in (0, 8, 9):
        return (None, 0, 1)[max(0, kind - 7)]
    if len(raw) < _width(kind) and kind < 12:
        return None
    if kind == 7:
        return float(struct.unpack(">d", raw)[0])
    if kind < 7:
        return int.from_bytes(raw, "big", signed=True)
    if kind % 2 == 0:
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw
