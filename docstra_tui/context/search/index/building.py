"""Bringing an index up to what the project's files are now: only what changed is read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.index import FileIndex
from docstra_tui.context.files.reader import read_file
from docstra_tui.context.search.facts import FileFacts
from docstra_tui.context.search.index import shape
from docstra_tui.context.search.index.plain import path_words, plain_facts
from docstra_tui.errors import UnreadableFile

BATCH = 500
"""Files of one transaction."""

Stamp = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, inode."""


@dataclass(frozen=True)
class Progress:
    """How far a refresh is."""

    done: int
    total: int
    """Files that are to be read; 0 while they are listed."""


def bring_up(
    root: Path,
    connection: sqlite3.Connection,
    ignore: Sequence[str] = (),
    told: Callable[[Progress], None] = lambda progress: None,
) -> None:
    known = {
        path: (file, stamp)
        for file, path, *stamp in connection.execute("SELECT id, path, size, mtime, inode FROM files")
    }
    now = dict(_listed(root, ignore))
    gone = [file for path, (file, stamp) in known.items() if now.get(path) != tuple(stamp)]
    new = [path for path, stamp in now.items() if path not in known or tuple(known[path][1]) != stamp]
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR REPLACE INTO state VALUES ('complete', '0')")
        for file in gone:
            shape.take_out(connection, file)
    for start in range(0, len(new), BATCH):
        told(Progress(start, len(new)))
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for path in new[start : start + BATCH]:
                facts, lines, left_out = _read(root, path)
                shape.put(connection, facts, path_words(path), now[path], lines, left_out)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR REPLACE INTO state VALUES ('complete', '1')")
    told(Progress(len(new), len(new)))


def _listed(root: Path, ignore: Sequence[str]) -> Iterator[tuple[str, Stamp]]:
    index = FileIndex(root, IgnoreRules(root, ignore))
    index.fill()
    for path in index.paths:
        try:
            status = os.stat(root / path, follow_symlinks=False)
            path.encode()
        except (OSError, UnicodeEncodeError):
            continue
        yield path, (status.st_size, status.st_mtime_ns, status.st_ino)


def _read(root: Path, path: str) -> tuple[FileFacts, int, str]:
    try:
        item = read_file(root, path).item
    except UnreadableFile as error:
        return plain_facts(path, "\n", ""), 0, error.message
    return plain_facts(path, item.content, item.language), item.content.count("\n"), ""
