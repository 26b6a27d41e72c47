"""How much memory is free, asked without torch: of the machine, and of its NVIDIA GPUs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from docstra_tui.llm.log import logger

WANTED = 1.1
"""Of a model's weights: what is to be free, a tenth more for the cache and the intermediate values."""
SPREAD = 0.9
"""Of several GPUs' memory, what a model that is spread may take: layers are not divided, some of each stays
empty."""


def of_machine() -> int:
    """Bytes that this process may still take: of the machine, or of its container when that is less."""
    import psutil

    free = int(psutil.virtual_memory().available)
    base = Path("/sys/fs/cgroup")
    for limit, used, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most = int((base / limit).read_text())  # "max" is no number: no limit
            taken = int((base / used).read_text())
            rows = (base / limit).with_name("memory.stat").read_text().splitlines()
        except (OSError, ValueError):
            continue
        # file pages count as used but are given back when needed
        given_back = sum(int(row.split()[1]) for row in rows if row.split()[0] == cache)
        free = min(free, max(0, most - taken + given_back))
    return free


def for_device(device: str) -> int:
    """Bytes for a model on this device, as settings name it: on `auto` of the roomiest GPU, of all of them
    where a model would be spread, or of the machine without any."""
    kind, _, number = device.partition(":")
    gpus = of_gpus() if kind in ("auto", "cuda") else {}
    if number.isdigit() and int(number) in gpus:
        return gpus[int(number)]
    if gpus:
        return max(gpus.values()) if kind == "cuda" else max(*gpus.values(), int(sum(gpus.values()) * SPREAD))
    return of_machine()


def of_gpus() -> Mapping[int, int]:
    """Free bytes of each GPU that is not hidden, by its number among those."""
    told = nvidia_smi("--query-gpu=index,uuid,memory.free", "--format=csv,noheader,nounits").splitlines()
    rows = [[part.strip() for part in row.split(",")] for row in told]
    free = [(row[0], row[1], int(row[2]) << 20) for row in rows if len(row) == 3 and row[2].isdigit()]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return {number: size for number, (_, _, size) in enumerate(free)}
    found: dict[int, int] = {}
    for name in map(str.strip, visible.split(",")):
        sizes = [size for index, uuid, size in free if name and (name == index or uuid.startswith(name))]
        if len(sizes) != 1:
            break  # CUDA, too, takes none from there on
        found[len(found)] = sizes[0]
    return found


def nvidia_smi(*arguments: str) -> str:
    """What it prints; empty where it is not there or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("nvidia-smi failed: %s", error)
        return ""
    return done.stdout if done.returncode == 0 else ""
