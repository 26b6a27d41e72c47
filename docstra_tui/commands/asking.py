"""What a command asks whoever sits at the terminal."""

from __future__ import annotations

import sys
import termios
from contextlib import suppress

from docstra_tui.commands.console import Console


def can_ask(console: Console) -> bool:
    """True where somebody sits at both ends."""
    return console.err_is_terminal and sys.stdin is not None and sys.stdin.isatty()


def says_yes(question: str) -> bool:
    """Put a question on standard error; anything but y is no."""
    return answer_to(question).strip().lower() in ("y", "yes")


def answer_to(question: str) -> str:
    """What is typed to a question on standard error; what was typed before it is no answer."""
    with suppress(OSError, ValueError, termios.error):  # no terminal after all
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()
