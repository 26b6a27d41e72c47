"""What was found out about a model on this machine, so that only its first start pays for it.

A JSON file of the cache folder for each kind, `{"format": 1, "paces": {KEY: …}}`. It may lie in a home that
several machines share. Damaged or unwritable it costs the time again, never a start.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui import paths
from docstra_tui.llm.log import logger

MOST = 100
"""Results of one kind that are kept, the latest."""


@dataclass(frozen=True)
class Kept:
    """Results of one kind, by key."""

    name: str
    format: int
    """Counts up when what is found out changes."""

    @property
    def place(self) -> Path:
        """The file."""
        return paths.cache_dir() / f"{self.name}.json"

    def find(self, key: str) -> Any:
        """What was kept, as JSON has it; None for nothing. Whatever its shape: check it."""
        return self._read().get(key)

    @property
    def rows(self) -> dict[str, Any]:
        """All that was kept, the latest last."""
        return self._read()

    def keep(self, key: str, value: Any) -> None:
        """Write it beside the others; the file is there whole or not at all."""
        rows = {name: row for name, row in self._read().items() if name != key}
        rows[key] = value
        self._write(rows)

    def size_of(self, fits: Callable[[str], bool]) -> int:
        """Bytes of the rows whose key fits."""
        return sum(len(json.dumps({key: row})) for key, row in self._read().items() if fits(key))

    def drop(self, fits: Callable[[str], bool]) -> None:
        """Forget those rows."""
        self._write({key: row for key, row in self._read().items() if not fits(key)})

    def _write(self, rows: dict[str, Any]) -> None:
        latest = dict(list(rows.items())[-MOST:])
        try:
            paths.make_folder(paths.cache_dir())
            paths.write_private(self.place, json.dumps({"format": self.format, self.name: latest}))
        except OSError as error:
            logger.info("what was found out is not kept: %s", error)

    def _read(self) -> dict[str, Any]:
        try:
            told = json.loads(self.place.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(told, dict) or told.get("format") != self.format:
            return {}
        rows = told.get(self.name)
        return rows if isinstance(rows, dict) else {}


def processor() -> str:
    """What tells this processor from another one, in a few letters and the number of its threads."""
    return f"{hashlib.sha256(_processor().encode()).hexdigest()[:16]} {os.cpu_count()}"


@functools.cache  # read for each row otherwise; a large machine takes long to tell of all its threads
def _processor() -> str:
    """Its name and abilities. A virtual machine's name may be the same where its abilities are not."""
    kinds = ("model name", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0].splitlines()
    except OSError:
        first = []
    told = [line for line in first if line.partition(":")[0].strip() in kinds]
    return "\n".join(told) or f"{platform.processor()} {platform.machine()} {platform.version()}"
