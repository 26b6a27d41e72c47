"""Text that is piped into a command."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docstra_tui.context.files.confined import unreadable
from docstra_tui.context.files.decoding import decode
from docstra_tui.errors import UsageError
from docstra_tui.text import shown_name

PATIENCE_SECONDS = 2.0
"""Silence on the pipe before it is said what is waited for."""

STANDARD = "standard input"
WAITING = "Waiting for the end of standard input. Ctrl+D ends it at a terminal, </dev/null leaves it out."


def is_piped() -> bool:
    """True when standard input is a pipe, a socket or a file: not a terminal and not /dev/null."""
    mode = _mode()
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def is_file() -> bool:
    """True when standard input is a regular file."""
    return stat.S_ISREG(_mode())


def is_at_end() -> bool:
    """True for a file that was read to its end, and a pipe that was closed with nothing in it; of one that is
    open nobody can tell."""
    descriptor = sys.stdin.fileno()
    if not is_file():
        return bool(select.select([descriptor], [], [], 0)[0]) and not _waiting(descriptor)
    return os.lseek(descriptor, 0, os.SEEK_CUR) >= os.fstat(descriptor).st_size


def _waiting(descriptor: int) -> int:
    """Bytes that can be read now."""
    found = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", found)[0])


def read(limit: int, note: Callable[[str], None]) -> str:
    """All of standard input as text; `note` hears once what is waited for, where it takes its time.

    Raises `UsageError` (too much) or `UnreadableFile` (no text).
    """
    return _read(sys.stdin.buffer, STANDARD, WAITING, limit, note)


def read_stream(path: Path, limit: int, note: Callable[[str], None]) -> str:
    """The same of a pipe or a device that has a name, such as `/dev/fd/63` of a shell's `<(…)`."""
    name = shown_name(str(path))
    try:
        # Whoever opens a pipe waits for its other end, and would not say so.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as stream:
            os.set_blocking(stream.fileno(), True)
            return _read(stream, name, f"Waiting for the end of {name}.", limit, note)
    except OSError as error:
        raise unreadable(str(path), error) from error


def is_stream(path: Path) -> bool:
    """True for a pipe, a device or a socket: something without an end that is known."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _read(stream: Any, name: str, waiting: str, limit: int, note: Callable[[str], None]) -> str:
    data, is_patient = bytearray(), True
    while len(data) <= limit:
        if is_patient and not select.select([stream], [], [], PATIENCE_SECONDS)[0]:
            note(waiting)
            is_patient = False
            select.select([stream], [], [])  # a pipe that nobody has opened yet would be at its end
        part = stream.read1(limit + 1 - len(data))
        if not part:
            return decode(bytes(data), name)[0]
        data += part
    raise UsageError(
        f"{'Standard input' if name == STANDARD else name} has more than {limit:,} bytes.",
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
