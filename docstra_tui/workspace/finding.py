"""Search in files for both faces: what is written for it, what is found as it is found, and which lines
around a hit are ticked."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from docstra_tui import figures
from docstra_tui.context.search.find.definitions import Lines, around, definitions
from docstra_tui.context.search.find.hits import Ended, FileHits, Progress, Wanted
from docstra_tui.context.search.find.order import HITS, Order
from docstra_tui.context.search.find.search import FileSearch
from docstra_tui.errors import UsageError
from docstra_tui.workspace.jobs import Deliver, later

TELL_SECONDS = 0.1
"""What is found is told together, this often."""

DEFINITION, WHOLE = -1, -2
"""Reaches that are no number of lines around a hit."""
REACHES = (0, 3, 10, 30, DEFINITION, WHOLE)
"""How much around a hit is ticked, in the order of the keys: lines before and behind it, and more."""
NOT_DEFINED = 10
"""Lines around what stands in no definition."""

_OPTIONS = re.compile(r"-(?P<letters>[ec]{1,2}|-)\s+")


class Found(NamedTuple):
    """What came since the last time."""

    files: tuple[FileHits, ...]
    progress: int
    """Files that were looked in, from the beginning."""
    ended: Ended | None


class Finding:
    """One search after the other; what a search that was replaced still finds is told to nobody."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._search: FileSearch | None = None

    def look(self, order: Order, tell: Callable[[Found], object]) -> None:
        """Begin another search; `tell` hears of it where results are delivered."""
        self.stop()
        search = self._search = FileSearch(order)

        def told(found: Found) -> None:
            if self._search is search:
                tell(found)

        def listen() -> None:
            for found in in_time(search):
                later(self._deliver, lambda found=found: told(found))  # type: ignore[misc]

        threading.Thread(target=listen, name="find", daemon=True).start()

    def stop(self) -> None:
        """Look for nothing any more; any thread."""
        if self._search is not None:
            self._search.stop()
        self._search = None


def in_time(search: FileSearch) -> Iterator[Found]:
    """What is found: the first at once, the rest together every now and then. Blocks."""
    files: list[FileHits] = []
    count, told = 0, 0.0
    for event in search.events():
        match event:
            case FileHits():
                files.append(event)
            case Progress():
                count = event.files
            case Ended():
                yield Found(tuple(files), event.files, event)
                return
        if (now := time.monotonic()) - told > TELL_SECONDS:
            yield Found(tuple(files), count, None)
            files, told = [], now


def wanted_of(text: str) -> Wanted:
    """What is written behind `/find`: words, or with `-e` a regular expression; with `-c` capital letters
    count; `--` ends such letters. Raises `UsageError` where nothing is left to look for."""
    letters, rest = "", text.strip()
    while (found := _OPTIONS.match(rest + " ")) is not None:
        letters, rest = letters + found["letters"], rest[found.end() :]
        if found["letters"] == "-":
            break
    if not rest or "\n" in rest:
        raise UsageError(
            "What is to be found?" if not rest else "One line is looked for.",
            "/find WORDS, or -e and a regular expression; with -c capital letters count.",
        )
    return Wanted(rest, is_pattern="e" in letters, is_case_kept="c" in letters)


@dataclass(frozen=True)
class Place:
    """A line that was found, and how long its file is."""

    path: str
    line: int
    lines: int


def lines_around(place: Place, reach: int, defined: Sequence[Lines] = ()) -> Lines | None:
    """The lines that a tick takes; None for the whole file. `defined`: what the file defines, for
    `DEFINITION`."""
    if reach == WHOLE:
        return None
    if reach == DEFINITION:
        if (found := around(place.line, defined)) is not None:
            return found[0], min(found[1], place.lines)
        reach = NOT_DEFINED
    return max(1, place.line - reach), min(place.line + reach, place.lines)


def reach_words(reach: int) -> str:
    """How much that is, in words."""
    match reach:
        case 0:
            return "the line alone"
        case 3 | 10 | 30:
            return f"{reach} lines around"
        case -1:
            return "the definition around"
        case _:
            return "the whole file"


class DefinitionsOf:
    """What the files of a project define, found when it is needed. In a worker."""

    KEPT = 50

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, tuple[Lines, ...]] = {}

    def known(self, path: str) -> tuple[Lines, ...] | None:
        """None where nobody looked yet."""
        return self._known.get(path)

    def find(self, path: str, max_bytes: int) -> tuple[Lines, ...]:
        """Blocks. Nothing for what cannot be read: that is said where it is ticked."""
        if (known := self._known.get(path)) is None:
            known = self._known[path] = self._look(path, max_bytes)
            while len(self._known) > self.KEPT:
                self._known.pop(next(iter(self._known)))
        return known

    def _look(self, path: str, max_bytes: int) -> tuple[Lines, ...]:
        from docstra_tui.context.files.reader import read_item
        from docstra_tui.errors import UnreadableFile

        try:
            item = read_item(self._root, path, max_bytes=max_bytes)
        except UnreadableFile:
            return ()
        return definitions(path, item.content)


def told_of(ended: Ended, hits: int, files: int) -> str:
    """How a search ended, in one line that is not safe to show yet."""
    if ended.problem and not hits:
        return ended.problem
    said = [f"{figures.count(hits, 'line')} in {figures.count(files, 'file')}" if hits else NOTHING]
    if ended.has_more:
        said = [f"The first {HITS:,} lines, in {figures.count(files, 'file')}: more words find less"]
    left = [
        f"{count:,} {what}"
        for count, what in (
            (ended.secret, "that may hold secrets"),
            (ended.large, "too large"),
            (ended.closed, "unreadable"),
            (ended.slow, "that took the pattern too long"),
        )
        if count
    ]
    said += [f"not looked in: {', '.join(left)}"] if left else []
    said += [ended.problem] if ended.problem else []
    return " · ".join(said)


NOTHING = "Nothing was found"
