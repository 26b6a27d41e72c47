"""What tmux says of a window or of itself."""

from __future__ import annotations

import subprocess

SECONDS = 1.0
"""How long it may take: its server may be stopped."""


def says(form: str, *where: str) -> str | None:
    """A format of its own, filled in; None where it does not answer. Blocks for a moment."""
    try:
        done = subprocess.run(
            ["tmux", "display-message", "-p", *where, form],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
