"""Where the definitions of a text are: found by parsers in C, so in a process that can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

SECONDS = 10.0
"""For the process to start, on a machine with other work, and to parse one file."""

Lines = tuple[int, int]
"""The first and the last of some lines, from 1."""


def definitions(path: str, content: str) -> tuple[Lines, ...]:
    """The lines of everything that a file defines; nothing where they are not known. Blocks."""
    # -P: the current folder is somebody's project, and must not lend its modules to ours.
    command = [sys.executable, "-P", "-m", "docstra_tui.context.search.find.definition_process"]
    given = json.dumps([path, content]).encode()
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, timeout=SECONDS, start_new_session=True, check=True
        )
        return tuple((int(start), int(end)) for start, end in json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return ()


def around(line: int, defined: Sequence[Lines]) -> Lines | None:
    """Those of the smallest definition that a line is in."""
    holding = [lines for lines in defined if lines[0] <= line <= lines[1]]
    return min(holding, key=lambda lines: (lines[1] - lines[0], -lines[0]), default=None)
