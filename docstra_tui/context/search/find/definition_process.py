"""The process that parses one file: `python -P -m docstra_tui.context.search.find.definition_process`.

Reads JSON, `[path, content]`, and writes JSON, a list of the first and last line of each definition.
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
    """Answer what stands in the standard input."""
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))
    path, content = json.load(sys.stdin.buffer)
    found = extract(path, content).definitions
    json.dump([(one.line, one.end) for one in found], sys.stdout)


if __name__ == "__main__":
    main()
