"""The terminal: which descriptor it is, how it is kept clean, and how it is given back.

Textual draws on `sys.__stderr__` and reads `sys.__stdin__`. Anything else that is written to
descriptors 1 and 2 (C libraries, loggers) goes to a log file while the app runs.
"""

from __future__ import annotations

import io
import os
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui.errors import UsageError

RESTORE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""Every mode that the app may have set, taken back; harmless when it was not set."""


def require_terminal() -> None:
    """Raises `UsageError` where a full-screen app cannot work."""
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError(
            "This terminal cannot show a full-screen app (TERM is unset or dumb).",
            "Use `docstra-tui chat`, or `docstra-tui ask` for one question.",
        )
    if not (_is_tty(0) and _is_tty(2)):
        try:
            os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        except OSError:
            raise UsageError(
                "The full-screen app needs a terminal.",
                without_terminal(),
            ) from None


def without_terminal() -> str:
    """What to do where there is no terminal: a command given to ssh has none unless it is asked for."""
    over_ssh = "Over SSH, -t gives it one: ssh -t HOST … " if "SSH_CONNECTION" in os.environ else ""
    return f"{over_ssh}For pipes and scripts there is: docstra-tui ask"


@dataclass
class Terminal:
    """The terminal while the app has it."""

    fd: int
    """Writes to the terminal, whatever 1 and 2 are now."""
    attributes: list[Any] | None
    """The line discipline as it was found."""
    saved: tuple[int, int]
    """What descriptors 1 and 2 were."""
    streams: tuple[Any, Any, Any]
    """What `sys.__stdin__`, `sys.__stdout__` and `sys.__stderr__` were."""

    @classmethod
    def take(cls, log: int) -> Terminal:
        """Keep the terminal for the app and send foreign output to the descriptor `log`."""
        streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
        if not _is_tty(0):
            tty = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
            if tty != 0:
                os.dup2(tty, 0)
                os.close(tty)
        fd = os.dup(2) if _is_tty(2) else os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        saved = (_dup_or_null(1), _dup_or_null(2))
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8", "replace")  # type: ignore[misc]
        # Textual asks __stdout__ for the size and writes to __stderr__.
        sys.__stdout__ = writer(fd)  # type: ignore[misc]
        sys.__stderr__ = writer(fd)  # type: ignore[misc]
        try:
            attributes = termios.tcgetattr(0)
        except termios.error:
            attributes = None
        return cls(fd, attributes, saved, streams)

    def give_back(self) -> None:
        """Descriptors and streams as they were found; the terminal itself was restored by Textual."""
        os.dup2(self.saved[0], 1)
        os.dup2(self.saved[1], 2)
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = self.streams  # type: ignore[misc]

    def restore(self) -> None:
        """Leave the full screen by force; never blocks, works from any thread."""
        try:
            os.set_blocking(self.fd, False)
            os.write(self.fd, RESTORE)
        except OSError:
            pass
        if self.attributes is not None:
            try:
                termios.tcsetattr(0, termios.TCSANOW, self.attributes)
            except (termios.error, OSError):
                pass
        try:
            os.set_blocking(self.fd, True)
        except OSError:
            pass

    def say(self, line: str) -> None:
        """One line on the restored terminal, if it is still there."""
        try:
            os.write(self.fd, (line.rstrip("\n") + "\n").encode("utf-8", "backslashreplace"))
        except OSError:
            pass


def open_log(folder: Path) -> tuple[int, Path]:
    """A fresh, private log file of this app's run, and its path; the last few are kept."""
    from docstra_tui import paths

    paths.private_folder(folder.parent)
    paths.private_folder(folder)
    old = sorted(folder.glob("app-*.log"), key=lambda path: path.name)
    for path in old[:-9]:
        path.unlink(missing_ok=True)
    from datetime import datetime

    path = folder / f"app-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    return paths.open_private(path), path


def writer(fd: int) -> io.TextIOWrapper:
    """Text to the descriptor `fd`, which stays open."""
    raw = io.FileIO(fd, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")


def _is_tty(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _dup_or_null(fd: int) -> int:
    try:
        return os.dup(fd)
    except OSError:
        return os.open(os.devnull, os.O_RDWR)
