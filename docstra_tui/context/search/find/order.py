"""What is said to the process that looks, and what it says: all that both sides know of each other."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from docstra_tui.context.files.reader import MAX_BYTES
from docstra_tui.context.search.find.hits import Ended, Event, FileHits, Hit, Progress, Wanted

HITS = 2_000
"""Lines that are kept of one search: nobody reads more."""
HITS_OF_FILE = 100
"""Lines that are kept of one file."""


@dataclass(frozen=True)
class Order:
    """Where something is looked for."""

    root: str
    wanted: Wanted
    ignore: tuple[str, ...] = ()
    """Patterns besides those of the project, as in `IgnoreRules`."""
    show_hidden: bool = False
    show_ignored: bool = False
    max_bytes: int = MAX_BYTES
    """Of one file."""

    def as_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))


def write(event: Event) -> str:
    """One line for it."""
    match event:
        case FileHits(path, hits, lines, has_more):
            said: object = [path, hits, lines, has_more]
        case Progress(files):
            said = files
        case Ended():
            said = dataclasses.asdict(event)
    return json.dumps(said)


def read(line: bytes) -> Event:
    """What such a line says. Raises `ValueError`, `TypeError` for a part of one."""
    match json.loads(line):
        case [str(path), list(hits), int(lines), bool(has_more)]:
            return FileHits(path, tuple(Hit(*hit) for hit in hits), lines, has_more)
        case int(files):
            return Progress(files)
        case dict(ended):
            return Ended(**ended)
        case other:
            raise ValueError(other)
