"""Text that is piped into a command."""

from __future__ import annotations

import os
import select
import stat
import sys

from docstra_tui.context.decoding import decode
from docstra_tui.errors import UsageError

PATIENCE_SECONDS = 2.0
"""Silence on the pipe before a person at the terminal is told what is waited for."""


def is_piped() -> bool:
    """True when standard input is a pipe, a socket or a file: not a terminal and not /dev/null."""
    try:
        if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
            return False
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def read_stdin(limit: int) -> str:
    """All of standard input as text. Raises `UsageError` (too much) or `UnreadableFile` (no text)."""
    stream = sys.stdin.buffer
    if sys.stderr.isatty() and not select.select([stream], [], [], PATIENCE_SECONDS)[0]:
        sys.stderr.write("Reading standard input; Ctrl+D ends it.\n")
        sys.stderr.flush()
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise UsageError(
            f"Standard input has more than {limit:,} bytes.",
            "The setting context.max_file_bytes raises the limit.",
        )
    return decode(data, "standard input")[0]
