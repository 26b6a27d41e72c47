"""The process that looks: `python -P -m docstra_tui.context.search.find.process`.

Reads one `Order` as JSON and writes a JSON line for each file in which something stands, now and then how
far it is, and at last how it ended. It exists so that it can be killed: a pattern may take for ever, in one
file or in each, and so may a disk. In one file a pattern has `SECONDS`; Python's engine looks at signals
while it matches.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import FrameType

from docstra_tui.context.child import bound
from docstra_tui.context.files.ignore import IgnoreRules, NothingIgnored
from docstra_tui.context.search.find.files import ProjectFiles
from docstra_tui.context.search.find.hits import Ended, Event, FileHits, Hit, Progress, Wanted
from docstra_tui.context.search.find.matching import Matcher, matcher
from docstra_tui.context.search.find.order import HITS, HITS_OF_FILE, Order, write

MEMORY = 1 << 30
"""Bytes of address space."""

SECONDS = 1.0
"""In one file."""
SLOW_FILES = 5
"""So many of them, and it is the pattern."""

PROGRESS_SECONDS = 0.2


class TooSlow(Exception):
    """The pattern has had its time in this file."""


class Watch:
    """Ends what takes too long, by a signal."""

    def __init__(self) -> None:
        self._until: float | None = None
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, SECONDS / 4, SECONDS / 4)

    def _look(self, number: int, frame: FrameType | None) -> None:
        if self._until is not None and time.monotonic() > self._until:
            self._until = None
            raise TooSlow

    def run(self, find: Matcher, text: str) -> list[Hit] | None:
        """The lines of a text, one more than are kept; None where it took too long or too much."""
        try:
            self._until = time.monotonic() + SECONDS
            found = list(islice(find(text), HITS_OF_FILE + 1))
            self._until = None
        except (TooSlow, MemoryError, RecursionError):
            self._until = None
            return None
        return found


def look(order: Order) -> Iterator[Event]:
    """What is found, as it is found."""
    try:
        find = matcher(order.wanted)
    except (ValueError, MemoryError) as error:
        yield Ended(problem=f"That is no regular expression: {error}.")
        return
    rules = (
        NothingIgnored(Path(order.root))
        if order.show_ignored
        else IgnoreRules(Path(order.root), order.ignore)
    )
    files = ProjectFiles(Path(order.root), rules, show_hidden=order.show_hidden, max_bytes=order.max_bytes)
    watch = Watch()
    count = kept = slow = 0
    is_full, problem = False, ""
    told = time.monotonic()
    for path, text in files.texts():
        count += 1
        found = watch.run(find, text)
        if found is None:
            slow += 1
            if slow == SLOW_FILES:
                problem = f"The pattern takes too long: {SECONDS:g} s were not enough in {slow} files."
                break
        elif found:
            room = min(HITS_OF_FILE, HITS - kept)
            yield FileHits(path, tuple(found[:room]), _lines(text), has_more=len(found) > room)
            kept += min(len(found), room)
            if is_full := kept >= HITS:
                break
        if (now := time.monotonic()) - told > PROGRESS_SECONDS:
            told = now
            yield Progress(count)
    yield Ended(count, **files.left_out, slow=slow, has_more=is_full, problem=problem)


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


def main() -> None:
    """Do the one order that stands in the standard input, behind whoever draws what is found."""
    with contextlib.suppress(OSError):
        os.nice(5)
    bound(MEMORY)
    given = json.load(sys.stdin)
    order = Order(**{**given, "wanted": Wanted(**given["wanted"])})
    with contextlib.suppress(BrokenPipeError):
        for event in look(order):
            sys.stdout.write(write(event) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
