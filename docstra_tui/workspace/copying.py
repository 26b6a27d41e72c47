"""Copying: to the terminal's clipboard where it takes that much, and always to a private file as well.

A terminal never says whether it took a text, so nobody is told that it did. tmux keeps what programs
write to the clipboard to itself unless it is set up otherwise; its own command works everywhere.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from docstra_tui import paths
from docstra_tui.text import sanitize_text
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.title import shown_path

CLIPBOARD_BYTES = 74_994
"""More than this (100 kB as base64) terminals drop without a word."""
TMUX_SECONDS = 2.0
"""How long tmux may take: its server may be stopped."""
FILE_NAME = "copied.txt"


class Copying:
    """`send` writes to the terminal, `say` and `warn` tell; all three on the screen's thread."""

    def __init__(
        self,
        jobs: JobQueue,
        send: Callable[[str], None],
        say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._jobs = jobs
        self._send = send
        self._say = say
        self._warn = warn

    def copy(self, text: str, what: str = "") -> None:
        """Let `text` out of the screen, on a key somebody pressed. `what` it is, in one word, or nothing."""
        plain = safe_copy(text)
        if not plain:
            return
        size = len(plain.encode())
        fits = size <= CLIPBOARD_BYTES
        if fits:
            self._send(plain)
        name = what or "text"
        self._jobs.do(
            lambda: _keep(plain),
            lambda kept: self._tell(name, size, fits, *kept),
            lambda error: self._complain(name, fits, error),
        )

    def _tell(self, what: str, size: int, fits: bool, path: Path, in_tmux: bool) -> None:
        where = f"also in {shown_path(path)}"
        count = f"{what}, {size:,} bytes"
        if fits:
            tmux = " and put into tmux's buffer" if in_tmux else ""
            self._say(f"Sent to the terminal{tmux} ({count}); {where}.")
        else:
            tmux = "It is in tmux's buffer, and " if in_tmux else "It is "
            self._warn(f"Too long for a terminal's clipboard ({count}). {tmux}{where.removeprefix('also ')}.")

    def _complain(self, what: str, fits: bool, error: Exception) -> None:
        sent = "Sent to the terminal, but not" if fits else "Too long for a terminal's clipboard, and not"
        self._warn(f"{sent} written to a file ({what}): {sanitize_text(str(error))[:200]}")


def safe_copy(text: str) -> str:
    """`text` without control characters but tabs and line feeds, and without the last line's end: pasted
    into a shell, a command must not run by itself."""
    return "\t".join(sanitize_text(part) for part in text.split("\t")).rstrip("\n")


def _keep(text: str) -> tuple[Path, bool]:
    """Write the file and tell tmux; the path, and True when tmux took it. Raises `OSError`, `UnsafePath`."""
    path = paths.private_folder(paths.state_dir()) / FILE_NAME
    fd = paths.open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return path, bool(os.environ.get("TMUX")) and _load_buffer(text)


def _load_buffer(text: str) -> bool:
    # -w hands it on to the outer terminal's clipboard; tmux before 3.2 does not know it.
    for options in (["-w"], []):
        try:
            done = subprocess.run(
                ["tmux", "load-buffer", *options, "-"],
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TMUX_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode == 0:
            return True
    return False
