"""What this machine is to a model, told by a process of its own: torch may take long here, hang, or crash.

Run as a program it writes a JSON line for each thing as soon as it knows it. With `--measure` it also times
the dtypes, for a model in the folder that is named behind it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import psutil

from docstra_tui.errors import DeviceUnavailable
from docstra_tui.llm.loading import accelerators
from docstra_tui.llm.loading.layer_shape import Shape

USUAL = Shape(layers=30, hidden=576, inner=1536, heads=9, groups=3, head=64, window=8192)
"""The starter's: what is timed where the model's own shape is not known."""

SIDE = 4096
"""Rows and columns of what a GPU multiplies."""
GPU_SECONDS = 0.3
"""For each dtype."""


def tell(what: str, **facts: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps({"what": what, **facts}) + "\n")
    sys.stdout.flush()


def main(words: list[str]) -> None:
    """Everything, in the order in which it is known."""
    tell("memory", free=accelerators.free_memory(), total=int(psutil.virtual_memory().total))
    began = time.monotonic()
    try:
        import torch
    except (ImportError, OSError, RuntimeError) as error:
        tell("torch", problem=_words(error))
        return
    tell("torch", version=torch.__version__, seconds=round(time.monotonic() - began, 2))
    _tell_devices()
    if words[:1] == ["--measure"]:
        _tell_paces(words[1] if len(words) > 1 else "")


def _tell_devices() -> None:
    import torch

    problem: dict[str, str] = {}
    found: list[accelerators.Gpu] = []
    try:
        found = accelerators.gpus()
        if not found:
            accelerators.check_nvidia()
    except DeviceUnavailable as error:
        problem = {"message": error.message, "hint": error.hint}
    except (RuntimeError, AssertionError, OSError) as error:
        problem = {"message": f"The GPU does not answer: {_words(error)}.", "hint": "Look at: nvidia-smi"}
    gpus = [{"index": gpu.index, "name": gpu.name, "free": gpu.free, "total": gpu.total} for gpu in found]
    has_mps = bool(torch.backends.mps.is_available())
    tell("devices", gpus=gpus, problem=problem, mps=has_mps, threads=torch.get_num_threads())


def _tell_paces(folder: str) -> None:
    """Times the dtypes on this CPU, keeps what is sure, and times those of each GPU."""
    import torch

    from docstra_tui.llm.loading import kept_paces, paces
    from docstra_tui.llm.machine.pace_rows import PRODUCTS, products_key

    shape = _shape(folder)
    names = ("bfloat16", "float32")
    measured = paces.measure(shape, names)
    if measured.is_sure:
        kept_paces.keep(kept_paces.key_of(shape), measured.paces)
    rows = {name: [pace.read, pace.write] for name, pace in measured.paces.items()}
    tell("paces", rows=rows, is_sure=measured.is_sure, layers=shape.layers, hidden=shape.hidden)
    for gpu in accelerators.gpus():
        found = products(f"cuda:{gpu.index}")
        if found:
            PRODUCTS.keep(products_key(gpu.name, torch.__version__), found)
        tell("products", index=gpu.index, rows=found)


def products(device: str, side: int = SIDE, seconds: float = GPU_SECONDS) -> dict[str, float]:
    """Arithmetic of a device with large matrices, in TFLOP/s by dtype; without those that it has not."""
    import torch

    found: dict[str, float] = {}
    for name in ("bfloat16", "float16", "float32"):
        try:
            left = torch.ones(side, side, dtype=getattr(torch, name), device=device)
            _wait_for(left @ left)
            began, rounds = time.perf_counter(), 0
            while time.perf_counter() - began < seconds:
                _wait_for(left @ left)
                rounds += 1
            found[name] = 2 * side**3 * rounds / (time.perf_counter() - began) / 1e12
        except RuntimeError:  # no room, or no such numbers there
            continue
    return found


def _wait_for(product: Any) -> None:
    product[0, 0].item()


def _shape(folder: str) -> Shape:
    """Of the model that lies there, where it is of the usual kind."""
    if not folder:
        return USUAL
    from transformers import AutoConfig

    from docstra_tui.llm.loading.layer_shape import shape_of

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return shape_of(config, USUAL.window) or USUAL
    except (ImportError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return USUAL


def _words(error: BaseException) -> str:
    from docstra_tui.error_forms import first_line

    return (first_line(error) or type(error).__name__).rstrip(".")


if __name__ == "__main__":
    main(sys.argv[1:])
