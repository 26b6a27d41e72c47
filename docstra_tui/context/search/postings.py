"""In which regions a word stands, and how often: packed, so that many words are looked up in little time.

A part is what one transaction put in. Its postings are rows of some hundredth of all words each; two words
that stand beside each other are as one (`stems`). In a row are first how many words, then their numbers, then
where each one's regions begin, and for each of these its place in the part and what the word weighs there
(`counting`). Nothing in a part is ever changed: files that were taken out since stand in `gone`, until the
part is made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from docstra_tui.context.search.counting import Triples, begins_of, counted, lengths_of, triples_of
from docstra_tui.context.search.facts import SHIFT, TEXTS, FileKind, Words

ROWS = 1 << 10
"""Of a part, at most."""
ROW_OF = 22
"""Bits of a word's number beyond those that say in which row it is."""
_PART = 1 << 32
"""An id of `postings` is a row's number times this, and the part's."""
MOST = 1 << 15
"""Regions of a part: what is written, and what is freed, of two of them is in memory at once."""
TOGETHER = 8
"""Parts of a level that become one of the next."""

KINDS: tuple[FileKind, ...] = get_args(FileKind)
"""By the numbers that stand for them in a part."""


def put(connection: sqlite3.Connection, files: Sequence[tuple[int, str, Words]]) -> None:
    """Have these files, by their ids, in a new part. Inside a transaction."""
    some: list[tuple[int, str, Words]] = []
    regions = 0
    for one in files:
        count = len(one[2].sizes) // TEXTS
        if regions + count > MOST:
            _put_part(connection, some)
            some, regions = [], 0
        if count:
            some.append(one)
            regions += count
    if some:
        _put_part(connection, some)


def _put_part(connection: sqlite3.Connection, files: Sequence[tuple[int, str, Words]]) -> None:
    sizes = [len(words.sizes) // TEXTS for _, _, words in files]
    regions = np.concatenate(
        [
            np.arange(size, dtype=np.int64) + (file << SHIFT)
            for (file, _, _), size in zip(files, sizes, strict=True)
        ]
    )
    kinds = np.repeat(np.array([_code(kind) for _, kind, _ in files], np.uint8), sizes)
    every = [words for _, _, words in files]
    part = _new_part(connection, 0, regions, lengths_of(every), kinds)
    connection.executemany(
        "INSERT INTO postings (id, packed) VALUES (?, ?)",
        ((row * _PART + part, packed) for row, packed in _rows(counted(every))),
    )


def _code(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else 0


def _new_part(
    connection: sqlite3.Connection,
    level: int,
    regions: npt.NDArray[Any],
    lengths: npt.NDArray[Any],
    kinds: npt.NDArray[Any],
) -> int:
    part = connection.execute(
        "INSERT INTO parts (level, regions, lengths, kinds) VALUES (?, ?, ?, ?)",
        (level, regions.tobytes(), lengths.tobytes(), kinds.tobytes()),
    ).lastrowid
    assert part is not None
    return part


def _rows(triples: Triples) -> Iterator[tuple[int, bytes]]:
    """Each row's number and what stands in it; sorts what it is given."""
    triples.sort()
    numbers = (triples >> np.uint64(32)).astype(np.uint32)
    places = (triples >> np.uint64(16)).astype(np.uint16)  # the lowest bits of it
    weights = triples.astype(np.uint16)
    begins = begins_of(numbers)
    numbers = numbers[begins]
    starts = np.append(begins, len(triples)).astype(np.uint32)
    rows = numbers >> np.uint32(ROW_OF)
    for first, after in pairwise([*begins_of(rows).tolist(), len(rows)]):
        some = starts[first : after + 1]
        begin, end = int(some[0]), int(some[-1])
        yield (
            int(rows[first]),
            b"".join(
                (
                    (after - first).to_bytes(4, "little"),
                    numbers[first:after].tobytes(),
                    (some - some[0]).tobytes(),
                    places[begin:end].tobytes(),
                    weights[begin:end].tobytes(),
                )
            ),
        )


def damaged() -> sqlite3.DatabaseError:
    """SQLite has no sums by which it would notice: what nobody can have packed would break whoever weighs."""
    return sqlite3.DatabaseError("its words are damaged")


class Row(NamedTuple):
    """A row of `postings`, taken apart."""

    numbers: npt.NDArray[Any]
    starts: npt.NDArray[Any]
    places: npt.NDArray[Any]
    weights: npt.NDArray[Any]

    def of(self, number: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Places and weights of a word; none where it is nowhere."""
        at = int(self.numbers.searchsorted(number))
        if at == len(self.numbers) or self.numbers[at] != number:
            return self.places[:0], self.weights[:0]
        some = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.places[some], self.weights[some]

    def each(self, size: int) -> npt.NDArray[Any]:
        """The number of each posting. Raises `sqlite3.DatabaseError` where they are not those of a part of
        so many regions."""
        often: npt.NDArray[Any] = np.diff(self.starts.astype(np.int64))
        if self.starts[0] or often.min(initial=0) < 0 or self.places.max(initial=0) >= size:
            raise damaged()
        return np.repeat(self.numbers, often)


def taken_apart(packed: object) -> Row:
    """Raises `sqlite3.DatabaseError` where it cannot be."""
    if not isinstance(packed, bytes):
        raise damaged()
    count = int.from_bytes(packed[:4], "little")
    at = 8 + 8 * count
    total = int.from_bytes(packed[at - 4 : at], "little")
    if len(packed) != at + 4 * total:
        raise damaged()
    return Row(
        np.frombuffer(packed, np.uint32, count, 4),
        np.frombuffer(packed, np.uint32, count + 1, 4 + 4 * count),
        np.frombuffer(packed, np.uint16, total, at),
        np.frombuffer(packed, np.uint16, total, at + 2 * total),
    )


def rows_of(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Row]]:
    """Those in which a word may be, each with its part."""
    first = (number >> ROW_OF) * _PART
    for row, packed in connection.execute(
        "SELECT id, packed FROM postings WHERE id BETWEEN ? AND ?", (first, first + _PART - 1)
    ).fetchall():
        yield row - first, taken_apart(packed)


def _rows_in(connection: sqlite3.Connection, number: int, parts: Iterable[int]) -> Iterator[tuple[int, Row]]:
    """A row of each of these parts, which has one: the others are not read, that are most of an index."""
    for part in parts:
        found = connection.execute(
            "SELECT packed FROM postings WHERE id = ?", (number * _PART + part,)
        ).fetchone()
        if found is not None:
            yield part, taken_apart(found[0])


def merge(connection: sqlite3.Connection) -> None:
    """Make fewer parts of many, each in a transaction of its own: what changes in one stays in memory."""
    levels = connection.execute(
        "SELECT level FROM parts GROUP BY level HAVING count(*) >= ? ORDER BY level", (TOGETHER,)
    ).fetchall()
    for (level,) in levels:
        rows = connection.execute("SELECT id FROM parts WHERE level = ? ORDER BY id", (level,)).fetchall()
        _merge(connection, {part for (part,) in rows}, _level(level) + 1)


def _level(found: object) -> int:
    if not isinstance(found, int):
        raise damaged()
    return found


def tidy(connection: sqlite3.Connection) -> None:
    """Have nothing in it of files that are gone; in transactions, as `merge`."""
    if connection.execute("SELECT 1 FROM gone LIMIT 1").fetchone() is not None:
        rows = connection.execute("SELECT id, level FROM parts").fetchall()
        _merge(connection, {part for part, _ in rows}, max((_level(level) for _, level in rows), default=0))
        connection.execute("DELETE FROM gone")


class Regions(NamedTuple):
    """Those of one part, in their places."""

    ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.uint32]
    kinds: npt.NDArray[np.uint8]
    is_there: npt.NDArray[np.bool_]


def regions_of(connection: sqlite3.Connection) -> dict[int, Regions]:
    """By part, in the order in which they were made. Raises `sqlite3.DatabaseError` where it is damaged."""
    gone = np.array([file for (file,) in connection.execute("SELECT file FROM gone").fetchall()], np.int64)
    found = {}
    for part, regions, lengths, kinds in connection.execute(
        "SELECT id, regions, lengths, kinds FROM parts ORDER BY id"
    ).fetchall():
        if not all(isinstance(column, bytes) for column in (regions, lengths, kinds)) or not (
            len(regions) == 8 * len(kinds) == 2 * len(lengths)
        ):
            raise damaged()
        ids, codes = np.frombuffer(regions, np.int64), np.frombuffer(kinds, np.uint8)
        if codes.max(initial=0) >= len(KINDS):
            raise damaged()
        is_there = ~np.isin(ids >> SHIFT, gone) if len(gone) else np.ones(len(ids), bool)
        found[part] = Regions(ids, np.frombuffer(lengths, np.uint32), codes, is_there)
    return found


def _merge(connection: sqlite3.Connection, parts: set[int], level: int) -> None:
    known = [(part, one) for part, one in regions_of(connection).items() if part in parts and len(one.ids)]
    known.sort(key=lambda row: int(row[1].ids[0]))  # of two levels the later one may have older files
    groups: list[dict[int, Regions]] = [{}]
    size = 0
    for part, one in known:
        count = int(one.is_there.sum())
        if size + count > MOST:
            groups.append({})
            size = 0
        groups[-1][part] = one
        size += count
    for group in filter(None, groups):
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            _merge_group(connection, group, level)


def _merge_group(connection: sqlite3.Connection, group: dict[int, Regions], level: int) -> None:
    """Row by row, since all of them may be more than there is memory for."""
    if len(group) == 1 and all(one.is_there.all() for one in group.values()):
        connection.executemany("UPDATE parts SET level = ? WHERE id = ?", [(level, part) for part in group])
        return
    places: dict[int, npt.NDArray[np.int64]] = {}
    size, new = 0, -1
    for part, one in group.items():
        places[part] = np.cumsum(one.is_there) - 1 + size
        size += int(one.is_there.sum())
    if size:
        new = _new_part(
            connection,
            level,
            np.concatenate([one.ids[one.is_there] for one in group.values()]),
            np.concatenate([one.lengths[one.is_there] for one in group.values()]),
            np.concatenate([one.kinds[one.is_there] for one in group.values()]),
        )
    for number in range(ROWS):
        some = []
        for part, row in _rows_in(connection, number, group):
            numbers = row.each(len(group[part].ids))
            is_kept = group[part].is_there[row.places]
            some.append(triples_of(numbers[is_kept], places[part][row.places[is_kept]], row.weights[is_kept]))
        connection.executemany(
            "DELETE FROM postings WHERE id = ?", [(number * _PART + part,) for part in group]
        )
        triples = np.concatenate(some) if some else np.zeros(0, np.uint64)
        connection.executemany(
            "INSERT INTO postings (id, packed) VALUES (?, ?)",
            ((row * _PART + new, packed) for row, packed in _rows(triples)),
        )
    connection.executemany("DELETE FROM parts WHERE id = ?", [(part,) for part in group])
    gone = {int(file) for one in group.values() for file in np.unique(one.ids[~one.is_there] >> SHIFT)}
    connection.executemany("DELETE FROM gone WHERE file = ?", [(file,) for file in gone])
