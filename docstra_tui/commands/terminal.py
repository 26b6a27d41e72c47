"""The terminal itself: whether there is one, taking it back from a redirection, putting it right."""

from __future__ import annotations

import os
import sys
import termios
from typing import Any

from docstra_tui.errors import UsageError

ASCII = "\x1b(B\x0f"
"""Letters instead of line drawing, which a stray byte can switch on."""

FULL_SCREEN = "\x1b[?1049h"
"""Once more onto the full screen before it is left: who leaves one they are not on lands where the last
one began, on top of what was written since."""


def reset() -> int:
    """Print the reset string, and let the terminal echo and edit lines again."""
    from docstra_tui.workspace.terminal.device import RESTORE

    sys.stdout.write(FULL_SCREEN + RESTORE.decode() + ASCII)
    sys.stdout.flush()
    try:
        modes = termios.tcgetattr(0)
        modes[0] |= termios.ICRNL | termios.IXON
        modes[1] |= termios.OPOST | termios.ONLCR
        modes[3] |= (
            termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK | termios.ISIG | termios.IEXTEN
        )
        termios.tcsetattr(0, termios.TCSADRAIN, modes)
    except (termios.error, OSError):
        pass  # standard input is no terminal: the string is all there is to do
    return 0


def is_plain() -> str:
    """Why a full screen would not work on this terminal; empty when it would."""
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"TERM is {term or 'not set'}"
    encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower().replace("-", "")
    if encoding not in ("utf8", "utf8sig"):
        return f"the terminal's encoding is {encoding}"
    return ""


def take(program: str) -> None:
    """Make standard input and standard error the terminal, whatever they were sent to.

    A screen is drawn on standard error and keys come from standard input: `2>log` would show
    nothing, `</dev/null` would spin. Raises `UsageError` when this process has no terminal.
    """
    missing = [fd for fd in (0, 2) if not _is_terminal(fd)]
    if not missing:
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError as error:
        from docstra_tui.workspace.terminal.device import without_terminal

        raise UsageError(f"{program} needs a terminal.", without_terminal()) from error
    for fd in missing:
        if fd != terminal:
            os.dup2(terminal, fd)
    if terminal > 2:
        os.close(terminal)
    # Started with it closed, it is nothing, or leads nowhere.
    if 0 in missing and _number(sys.stdin) != 0:
        sys.stdin = sys.__stdin__ = _text(0, "r")  # type: ignore[misc]
    if 2 in missing and _number(sys.stderr) != 2:
        sys.stderr = sys.__stderr__ = _text(2, "w")  # type: ignore[misc]


def _number(stream: Any) -> int | None:
    try:
        return None if stream is None else int(stream.fileno())
    except (OSError, ValueError):
        return None


def _text(fd: int, mode: str) -> Any:
    # The standard streams have no end that a `with` could mark.
    return open(fd, mode, encoding="utf-8", closefd=False)


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
