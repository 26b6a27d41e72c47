"""How much memory a model's device has, and how much of it caches may take."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import torch

from docstra_tui.llm.loading import accelerators

CACHE_SHARE = 4
"""Caches may take one part in this many of what is free after loading."""


@dataclass(frozen=True)
class Memory:
    """Bytes of one device, or of all that a model is spread over."""

    used: int
    """On a GPU by everybody; on a CPU by this process."""
    total: int


def of(devices: Sequence[Any]) -> Memory:
    """Memory of these GPUs, or of the machine where there are none."""
    if not devices:
        return Memory(psutil.Process().memory_info().rss, psutil.virtual_memory().total)
    figures = [torch.cuda.mem_get_info(device) for device in devices]
    total = sum(total for _, total in figures)
    return Memory(total - sum(free for free, _ in figures), total)


def free(model: Any) -> int:
    """Bytes that may still be taken on the devices the model is on."""
    devices = devices_of(model)
    if not devices:
        return accelerators.free_memory()  # an Apple GPU's memory is the machine's
    # What torch gave back to itself counts too.
    kept = sum(torch.cuda.memory_reserved(d) - torch.cuda.memory_allocated(d) for d in devices)
    return int(sum(torch.cuda.mem_get_info(device)[0] for device in devices) + kept)


def for_caches(model: Any, gigabytes: float | None = None) -> int:
    """Bytes that all prompt caches together may take."""
    if gigabytes is not None:
        return int(gigabytes * 1e9)
    devices = devices_of(model)
    if devices:
        return int(sum(torch.cuda.mem_get_info(device)[0] for device in devices)) // CACHE_SHARE
    return int(psutil.virtual_memory().available) // CACHE_SHARE


def give_back() -> None:
    """Give the system what was freed and is only kept for later: reading a large text leaves much of it.
    Nothing where the C library has no such call."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def devices_of(model: Any) -> list[Any]:
    """The GPUs that it is on; none for a CPU, or an Apple GPU."""
    devices = {parameter.device for parameter in model.parameters()}
    return sorted((d for d in devices if d.type == "cuda"), key=lambda d: d.index or 0)
