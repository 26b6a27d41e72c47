"""Where the program keeps things while it is measured: nothing of the user's is read or written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_places(prefix: str) -> Iterator[Path]:
    """A folder of its own for all of it, gone at the end; what processes still write does not matter."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as base:
        before = dict(os.environ)
        for name in ("RUNTIME", "STATE", "CONFIG", "CACHE"):
            os.environ[f"DOCSTRA_{name}_DIR"] = f"{base}/{name.lower()}"
        try:
            yield Path(base)
        finally:
            os.environ.clear()
            os.environ.update(before)
