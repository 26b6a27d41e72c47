"""The process that parses: `python -P -m docstra_tui.context.outline.process`.

Reads one JSON list of `[language, first line, content]` and writes a JSON line for each: the outline or
null. It exists so that a parser that crashes, or never ends, takes nothing with it but itself.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys

from docstra_tui.context.outline.headings import headings
from docstra_tui.context.outline.skeleton import skeleton

MEMORY = 2 << 30
"""Bytes of address space; a megabyte of hostile source has taken 600 MB."""


def main() -> None:
    """Answer everything that stands in the standard input."""
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))
    for language, first_line, content in json.load(sys.stdin.buffer):
        try:
            answer = headings(content, language, first_line) or skeleton(content, language, first_line)
        except (ImportError, MemoryError):
            answer = None
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
