"""Where the converted form of a GGUF file lies, and whether somebody makes one now."""

from __future__ import annotations

import hashlib
from pathlib import Path

from docstra_tui import paths

SOURCE = "source.json"
"""Beside the converted weights: the GGUF they came from."""
_FORMAT = 2  # counts up when converted folders of an earlier version must not be used


def root() -> Path:
    """The folder of all converted models."""
    return paths.cache_dir() / "converted"


def folder_of(path: Path) -> Path:
    """Where the converted form of this very file (path, size and time) is, or would be."""
    status = path.stat()
    key = f"{_FORMAT}|{path.resolve()}|{status.st_size}|{status.st_mtime_ns}"
    return root() / hashlib.sha256(key.encode()).hexdigest()[:20]


def lock_of(folder: Path) -> Path:
    """Held by whoever makes it."""
    return folder.with_suffix(".lock")


def is_locked(lock: Path) -> bool:
    """True while a process holds a lock of the filelock library; where there are none, nobody does."""
    try:
        return paths.is_locked(lock)
    except OSError:
        return False
