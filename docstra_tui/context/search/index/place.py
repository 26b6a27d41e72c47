"""Where the index of a project is kept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from docstra_tui import paths

FILE = "index.db"


def folder_of(root: Path) -> Path:
    """By the project's real path, so that it has one index whatever way leads to it."""
    real = os.fsencode(os.path.realpath(root))
    return paths.cache_dir() / "index" / hashlib.sha256(real).hexdigest()[:32]
