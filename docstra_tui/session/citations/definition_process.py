"""The process that parses: `python -P -m docstra_tui.session.citations.definition_process`.

Reads a JSON list of `[path, language, content]` and writes a JSON line for each: a list of names with their
first and last row, from 0.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys

from docstra_tui.context.search.extraction import extract

MEMORY = 2 << 30
"""Bytes of address space, as for outlines."""


def main() -> None:
    """Answer everything that stands in the standard input."""
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))
    for path, language, content in json.load(sys.stdin.buffer):
        try:
            found = extract(path, content, language=language).definitions
        except (ImportError, MemoryError):
            found = ()
        sys.stdout.write(json.dumps([(one.name, one.line - 1, one.end - 1) for one in found]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
