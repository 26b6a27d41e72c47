"""Text that is piped into a command."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable
from typing import Any

from docstra_tui.context.files.decoding import decode
from docstra_tui.errors import UsageError

PATIENCE_SECONDS = 2.0
"""Silence on the pipe before it is said what is waited for."""

WAITING = "Waiting for the end of standard input. Ctrl+D ends it at a terminal, </dev/null leaves it out."


def is_piped() -> bool:
    """True when standard input is a pipe, a socket or a file: not a terminal and not /dev/null."""
    mode = _mode()
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def is_file() -> bool:
    """True when standard input is a regular file."""
    return stat.S_ISREG(_mode())


def is_at_end() -> bool:
    """True for a file that has been read to its end; of a pipe nobody can tell."""
    if not is_file():
        return False
    descriptor = sys.stdin.fileno()
    return os.lseek(descriptor, 0, os.SEEK_CUR) >= os.fstat(descriptor).st_size


def read(limit: int, note: Callable[[str], None]) -> str:
    """All of standard input as text; `note` hears once what is waited for, where it takes its time.

    Raises `UsageError` (too much) or `UnreadableFile` (no text).
    """
    stream: Any = sys.stdin.buffer
    data, is_patient = bytearray(), True
    while len(data) <= limit:
        if is_patient and not select.select([stream], [], [], PATIENCE_SECONDS)[0]:
            note(WAITING)
            is_patient = False
        part = stream.read1(limit + 1 - len(data))
        if not part:
            return decode(bytes(data), "standard input")[0]
        data += part
    raise UsageError(
        f"Standard input has more than {limit:,} bytes.",
        "The setting context.max_file_bytes raises the limit.",
    )


def _mode() -> int:
    """The kind of standard input; 0 for none, and for a terminal."""
    try:
        if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
            return 0
        return os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return 0
