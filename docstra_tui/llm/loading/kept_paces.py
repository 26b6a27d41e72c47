"""What was measured on this machine, so that only the first start of a model measures.

One JSON file in the cache folder: `{"format": 1, "paces": {KEY: {"bfloat16": [READ, WRITE], …}}}`. It may
lie in a home that several machines share. Damaged or unwritable it costs a second, never a start.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from docstra_tui import paths
from docstra_tui.llm.files.load_errors import logger
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.loading.paces import Pace

FORMAT = 1  # counts up when what is timed changes
MOST = 100
"""Results that are kept, the latest."""


def place() -> Path:
    """The file."""
    return paths.cache_dir() / "paces.json"


def key_of(shape: Shape) -> str:
    """What the paces hold for: this processor, its threads, this torch and this shape."""
    about = hashlib.sha256(_processor().encode()).hexdigest()[:16]
    return f"{about} {os.cpu_count()} {torch.get_num_threads()} {torch.__version__} {shape.key}"


def find(key: str, names: Sequence[str]) -> dict[str, Pace] | None:
    """What was kept, when it has each of these forms."""
    row = _read().get(key)
    if not isinstance(row, dict):
        return None
    found = {name: pace for name in names if (pace := _pace(row.get(name))) is not None}
    return found if len(found) == len(names) else None


def keep(key: str, paces: Mapping[str, Pace]) -> None:
    """Write it beside the others; the file is there whole or not at all."""
    rows = {name: row for name, row in _read().items() if name != key}
    rows[key] = {name: [pace.read, pace.write] for name, pace in paces.items()}
    latest = dict(list(rows.items())[-MOST:])
    try:
        paths.make_folder(paths.cache_dir())
        paths.write_private(place(), json.dumps({"format": FORMAT, "paces": latest}))
    except OSError as error:
        logger.info("what was measured is not kept: %s", error)


def _read() -> dict[str, Any]:
    try:
        told = json.loads(place().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        return {}
    rows = told.get("paces")
    return rows if isinstance(rows, dict) else {}


def _pace(told: Any) -> Pace | None:
    if not isinstance(told, list) or len(told) != 2:
        return None
    if not all(isinstance(figure, float) and math.isfinite(figure) and figure > 0 for figure in told):
        return None
    return Pace(*told)


def _processor() -> str:
    """Its name and abilities. A virtual machine's name may be the same where its abilities are not."""
    kinds = ("model name", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0].splitlines()
    except OSError:
        first = []
    told = [line for line in first if line.partition(":")[0].strip() in kinds]
    return "\n".join(told) or f"{platform.processor()} {platform.machine()} {platform.version()}"
