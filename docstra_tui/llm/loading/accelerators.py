"""Which devices there are, how much memory each has free, and why a GPU that is there cannot be used."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.errors import DeviceUnavailable
from docstra_tui.llm.log import logger
from docstra_tui.llm.machine import memory_free


@dataclass(frozen=True)
class Gpu:
    """One CUDA (or ROCm) device that torch can use."""

    index: int
    """As in `cuda:0`, counted among the visible ones."""
    name: str
    free: int
    """Bytes."""
    total: int
    """Bytes."""


def gpus() -> list[Gpu]:
    """The visible devices that torch can use; none where it can use none."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # an old driver is a warning on stderr; `check_nvidia` tells it better
        if not torch.cuda.is_available():
            return []
        count = torch.cuda.device_count()
    free = _free_by_uuid() if count > 1 else {}
    found = []
    for index in range(count):
        properties = torch.cuda.get_device_properties(index)
        uuid = str(getattr(properties, "uuid", ""))
        if uuid in free:
            found.append(Gpu(index, properties.name, free[uuid], int(properties.total_memory)))
        else:
            available, total = torch.cuda.mem_get_info(index)
            found.append(Gpu(index, properties.name, int(available), int(total)))
    return found


def check_nvidia() -> None:
    """Raise `DeviceUnavailable` when an NVIDIA device is here, meant to be used, and torch cannot.

    Call it when `gpus()` found none.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "unset").strip() in ("", "-1"):
        return  # hidden on purpose
    if not _nvidia_is_here():
        return
    import torch

    aside = "Or use the CPU: --device cpu."
    if torch.version.cuda is None:
        raise DeviceUnavailable(
            f"This machine has an NVIDIA GPU, but torch {torch.__version__} is a build without CUDA.",
            f"Install one with CUDA: pip install --force-reinstall torch, from an index that has it. {aside}",
        )
    reason = _init_error()
    driver = _driver_version()
    if "driver" in reason.lower() and "old" in reason.lower():
        raise DeviceUnavailable(
            f"The NVIDIA driver{f' {driver}' if driver else ''} is too old for this torch, "
            f"which is built for CUDA {torch.version.cuda}.",
            "Update the driver, or install a torch for an older CUDA: make clean, then make run PIP_ARGS="
            f"'--extra-index-url URL' (URL: the index that pytorch.org names for that CUDA). {aside}",
        )
    raise DeviceUnavailable(
        f"torch cannot use this machine's NVIDIA GPU: {reason or 'it finds no device'}.",
        f"See nvidia-smi and CUDA_VISIBLE_DEVICES, or restart the machine after a driver update. {aside}",
    )


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, or of its container when that is less."""
    return memory_free.of_machine()


def _nvidia_is_here() -> bool:
    folder = Path("/proc/driver/nvidia/gpus")
    if folder.is_dir() and any(folder.iterdir()):
        return True
    return "GPU 0" in memory_free.nvidia_smi("-L")  # WSL has no /proc entry


def _driver_version() -> str:
    return (
        memory_free.nvidia_smi("--query-gpu=driver_version", "--format=csv,noheader")
        .partition("\n")[0]
        .strip()
    )


def _free_by_uuid() -> dict[str, int]:
    """Free bytes by device, asked from outside: torch would open a context (0.5 GB) on each to tell."""
    rows = memory_free.nvidia_smi(
        "--query-gpu=uuid,memory.free", "--format=csv,noheader,nounits"
    ).splitlines()
    free = {}
    for row in rows:
        uuid, _, mebibytes = row.partition(",")
        if mebibytes.strip().isdigit():
            free[uuid.strip().removeprefix("GPU-")] = int(mebibytes) << 20
    return free


def _init_error() -> str:
    """What torch says when it is made to use CUDA; empty when it says nothing."""
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.cuda.init()
    except (RuntimeError, AssertionError, OSError, torch.cuda.DeferredCudaCallError) as error:
        logger.error("torch.cuda.init failed", exc_info=error)
        lines = str(error).strip().splitlines()
        return lines[0].rstrip(".") if lines else type(error).__name__
    return ""
