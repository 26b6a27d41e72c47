"""The logs that engines left: some are kept for whoever asks why one died, the rest goes."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Container
from pathlib import Path

MOST = 20
"""Logs that are kept, the latest."""
DAYS = 30
"""And no longer than that."""


def remove(folder: Path, living: Container[Path], now: float | None = None) -> list[Path]:
    """Remove what is old, or one too many; no log of a living engine, and nothing else of the folder."""
    found = []
    with contextlib.suppress(OSError):
        for path in [*folder.glob("engine-*.log"), *folder.glob("engine-*.log.1")]:
            with contextlib.suppress(OSError):
                status = os.lstat(path)
                if stat.S_ISREG(status.st_mode) and path not in living:
                    found.append((status.st_mtime, path))
    oldest = (time.time() if now is None else now) - DAYS * 86400
    found.sort(reverse=True)
    removed = []
    for place, (written, path) in enumerate(found):
        if place >= MOST or written < oldest:
            with contextlib.suppress(OSError):
                path.unlink()
                removed.append(path)
    return removed
