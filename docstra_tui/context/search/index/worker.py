"""The process that reads and parses files: `python -P -m docstra_tui.context.search.index.worker`.

It hears of some files together, and answers for a few of them at once: each message wakes whoever writes.
It exists so that a parser that crashes, or never ends, takes nothing with it but itself: the processor's time
for one file is bounded by the kernel.
"""

from __future__ import annotations

import contextlib
import gc
import resource
import sys
import time
from pathlib import Path

import msgspec

from docstra_tui.context.child import bound
from docstra_tui.context.credentials import without_credentials
from docstra_tui.context.files.reader import read_file
from docstra_tui.context.search.extraction import extract
from docstra_tui.context.search.facts import FileFacts
from docstra_tui.context.search.index.extracted import (
    AS_LINES,
    Extracted,
    Order,
    Wanted,
    extracted,
    name_only,
    nothing,
)
from docstra_tui.context.search.index.listing import BINARY, UNREADABLE
from docstra_tui.context.search.index.messages import receive, send
from docstra_tui.context.search.index.plain import plain_facts
from docstra_tui.context.search.index.priority import MEMORY, step_aside
from docstra_tui.errors import UnreadableFile

SECONDS = 4
"""Of the processor, for one file; a megabyte of ordinary source takes half of one."""

ENOUGH = 300_000
"""Bytes of words in one answer."""
PATIENCE = 2.0
"""Seconds after which whatever there is is said."""

MINIFIED = "minified"
LONG_LINE = 500
"""Characters of a line on average: nobody wrote that."""
LEAST = 5_000
"""Characters of what can be minified."""


NO_TEXT = " is not text."
"""How `decoding` says it."""


def main() -> None:
    """Answer until nobody asks any more."""
    bound(MEMORY)
    gc.disable()  # what is known of one file is gone with it; of circles there are a few
    asked, said = sys.stdin.buffer, sys.stdout.buffer
    order = msgspec.msgpack.decode(receive(asked), type=Order)
    if order.is_low:
        step_aside(is_idle=True)
    root = Path(order.root.decode(errors="surrogateescape"))
    gc.freeze()
    while message := receive(asked):
        found: list[Extracted] = []
        began, size = time.monotonic(), 0
        for wanted in msgspec.msgpack.decode(message, type=list[Wanted]):
            _begin_clock()
            one = look_at(root, wanted)
            found.append(one)
            size += len(one.words.numbers)
            if size > ENOUGH or time.monotonic() - began > PATIENCE:
                send(said, found)
                found, began, size = [], time.monotonic(), 0
        if found:
            send(said, found)
        gc.collect()


def look_at(root: Path, wanted: Wanted) -> Extracted:
    """One file, as it is now."""
    try:
        item = read_file(root, wanted.path, max_bytes=wanted.max_bytes).item
    except UnreadableFile as error:
        return nothing(BINARY if error.message.endswith(NO_TEXT) else UNREADABLE)
    text, language = item.content, item.language
    lines = text.count("\n") + (not text.endswith("\n"))
    if len(text) > LEAST and len(text) > LONG_LINE * lines:
        return name_only(wanted.path, MINIFIED)
    return extracted(_facts(wanted, text, language), lines)


def _facts(wanted: Wanted, text: str, language: str) -> FileFacts:
    """With a parser; without one; or as so many lines."""
    for failures in range(wanted.failures, AS_LINES):
        with contextlib.suppress(ImportError, MemoryError, RecursionError):
            return extract(wanted.path, text, language=language, parse=failures == 0)
    return plain_facts(wanted.path, without_credentials(text), language)


def _begin_clock() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
