"""Where a model goes and as which dtype, decided before a byte of it is loaded, with the reason in words."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from docstra_tui.errors import DeviceUnavailable, ModelError, NotEnoughMemory
from docstra_tui.llm.loading import accelerators, int8, numeric_form
from docstra_tui.llm.loading.accelerators import Gpu
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.machine import memory_free

WIDTHS = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
"""Bytes a number."""

SMALL = 20_000_000
"""A model of fewer numbers is fast in any form: it is not measured."""

# Trained in bfloat16 with activations beyond float16's 65,504; float16 makes their answers NaN.
_NEVER_FLOAT16 = ("gemma2", "gemma3", "gemma3_text", "gemma3n", "glm4", "t5")


@dataclass(frozen=True)
class Weights:
    """What must be placed."""

    name: str
    """The model's, for messages."""
    dtype: str
    """The checkpoint's own float type."""
    size: Callable[[int], int]
    """Bytes of the weights when a float takes so many bytes."""
    model_type: str = ""
    asked_dtype: str = "auto"
    """What the user wants; `auto` follows the checkpoint."""
    shape: Shape | None = None
    """For measuring; None where no other form than the checkpoint's comes into question."""
    whole: Callable[[int], int] | None = None
    """Bytes of the weights before they become int8, where that was asked for and `size` is that of int8."""


@dataclass(frozen=True)
class Placement:
    """The decision."""

    device: str
    """`cpu`, `cuda:0`, `mps`, or `cuda:0+1` for a model that is spread."""
    dtype: str
    """`bfloat16`, `float16` or `float32`."""
    reason: str
    """Why this device, and why this dtype where that was measured: one short sentence."""
    device_map: dict[str, str] | str | None = None
    """For transformers: None is the CPU."""
    max_memory: dict[int, int] = field(default_factory=dict)
    """Bytes for each GPU of a spread model."""
    int8: int8.Form | None = None
    """How its linear layers are to be held, where that is by ourselves."""
    read_as: str = ""
    """The dtype to read the files as before that: then they need not be copied."""


def place(weights: Weights, device: str = "auto") -> Placement:
    """Decide. Raises `NotEnoughMemory`, or `DeviceUnavailable` with what to do about it."""
    if device == "auto":
        return _auto(weights)
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return _on_cpu(weights, "the CPU was asked for")
    if kind == "mps":
        return _on_mps(weights)
    if kind != "cuda" or (number and not number.isdigit()):
        raise DeviceUnavailable(
            f"There is no device {device!r}.",
            "Known are auto, cpu, cuda, cuda:1 and mps. auto takes several GPUs where a model needs them; "
            "CUDA_VISIBLE_DEVICES=0,1 says which.",
        )
    found = accelerators.gpus()
    if not found:
        accelerators.check_nvidia()
        raise DeviceUnavailable("There is no CUDA device that torch can use.", "Use --device cpu or auto.")
    if not number:
        return _on_gpus(weights, found) or _on_gpu(weights, _roomiest(found), found)
    for gpu in found:
        if gpu.index == int(number):
            return _on_gpu(weights, gpu, found)
    raise DeviceUnavailable(
        f"There is no {device}; this machine shows {len(found)}.", "Check CUDA_VISIBLE_DEVICES, or use auto."
    )


def needed(weights: Weights, dtype: str) -> int:
    """Bytes to have free: the weights, and a tenth more for the cache and the intermediate values."""
    return int(weights.size(WIDTHS[dtype]) * memory_free.WANTED)


def dtype_on_cpu(weights: Weights) -> str:
    """The checkpoint's own, unless the CPU would have to emulate it."""
    if weights.asked_dtype != "auto":
        return weights.asked_dtype
    if weights.dtype == "bfloat16" and cpu_has_bfloat16():
        return "bfloat16"
    if weights.dtype == "float16" and cpu_has_bfloat16() and weights.model_type not in _NEVER_FLOAT16:
        return "bfloat16"
    return "float32"


def dtype_on_gpu(weights: Weights, gpu: Gpu) -> str:
    """The checkpoint's own, unless the GPU would have to emulate it."""
    if weights.asked_dtype != "auto":
        return weights.asked_dtype
    if weights.dtype == "bfloat16" and not gpu_has_bfloat16(gpu.index):
        return "float32" if weights.model_type in _NEVER_FLOAT16 else "float16"
    return "float32" if weights.dtype == "float64" else weights.dtype


def form_on_cpu(weights: Weights, free: int) -> tuple[str, str]:
    """The dtype and why: another than usual where it was measured to be faster. That is float32 where the
    weights and the cache of a full window fit as it, and a checkpoint's own float16."""
    own = dtype_on_cpu(weights)
    if weights.asked_dtype != "auto" or weights.shape is None or WIDTHS[own] != 2:
        return own, ""
    if weights.size(1) < SMALL:
        return own, ""
    others = ["float16"] if weights.dtype == "float16" else []
    if needed(weights, "float32") + weights.shape.cache(WIDTHS["float32"]) <= free:
        others.append("float32")
    return numeric_form.choose(weights.shape, own, *others) if others else (own, "")


def int8_on_cpu(weights: Weights, whole: Callable[[int], int], free: int) -> tuple[str, int8.Form, str]:
    """The dtype around weights of eight bits, how those are held, and why."""
    if not int8.engines():
        raise ModelError(
            "--quant int8 does not work here: this CPU or this torch multiplies no 8-bit numbers rightly.",
            "Leave out --quant.",
        )
    own = dtype_on_cpu(weights)
    shape = weights.shape if weights.size(1) >= SMALL else None

    def room(dtype: str) -> int:
        return free - needed(weights, dtype) - (shape.cache(WIDTHS[dtype]) if shape is not None else 0)

    dtypes = [own]
    if weights.asked_dtype == "auto" and WIDTHS[own] == 2 and room("float32") >= 0:
        dtypes.append("float32")
    return numeric_form.choose_int8(shape, dtypes, lambda dtype: whole(WIDTHS[dtype]) <= room(dtype))


@functools.cache
def cpu_has_bfloat16() -> bool:
    """Does the CPU multiply bfloat16 itself? Where it does not, every product is emulated, and float32 is
    faster in spite of its size. Where it does, only measuring tells."""
    import torch

    if any(
        bool(getattr(torch.cpu, name, lambda: False)())
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    ):
        return True
    return "bf16" in _arm_features()


def gpu_has_bfloat16(index: int) -> bool:
    """Does this GPU multiply bfloat16 itself?"""
    import torch

    if torch.version.hip is not None:
        return True
    major, _ = torch.cuda.get_device_capability(index)
    return bool(major >= 8)


def _auto(weights: Weights) -> Placement:
    found = accelerators.gpus()
    if not found:
        accelerators.check_nvidia()
        return _on_cpu(weights, "no GPU was found")
    placed = _on_gpus(weights, found)
    if placed is not None:
        return placed
    need = _gb(needed(weights, dtype_on_gpu(weights, _roomiest(found))))
    together = _gb(sum(gpu.free for gpu in found))
    return _on_cpu(weights, f"{need} do not fit in the {together} that the GPUs have free")


def _on_gpus(weights: Weights, found: Sequence[Gpu]) -> Placement | None:
    """On one GPU where it fits on one, which is faster, else on as few as it takes; None where it fits on
    none of that."""
    best = _roomiest(found)
    if needed(weights, dtype_on_gpu(weights, best)) <= best.free:
        return _on_gpu(weights, best, found)
    by_room = sorted(found, key=lambda gpu: (-gpu.free, gpu.index))
    for count in range(2, len(found) + 1):
        used = sorted(by_room[:count], key=lambda gpu: gpu.index)
        dtype = next(
            (own for own in (dtype_on_gpu(weights, gpu) for gpu in used) if own != weights.dtype), ""
        )
        dtype = dtype or dtype_on_gpu(weights, used[0])  # the one that all of them have
        need = needed(weights, dtype)
        if need > sum(gpu.free for gpu in used) * memory_free.SPREAD:
            continue
        return Placement(
            device="cuda:" + "+".join(str(gpu.index) for gpu in used),
            dtype=dtype,
            reason=f"spread over {count} GPUs, because {_gb(need)} fit on none alone",
            device_map="auto",
            max_memory={gpu.index: int(gpu.free * 0.95) for gpu in used},
        )
    return None


def _on_gpu(weights: Weights, gpu: Gpu, found: Sequence[Gpu]) -> Placement:
    dtype = dtype_on_gpu(weights, gpu)
    need = needed(weights, dtype)
    if need > gpu.free:
        raise NotEnoughMemory(
            f"{weights.name} needs {_gb(need)} as {dtype}; cuda:{gpu.index} has {_gb(gpu.free)} free.",
            "Free the GPU, pick a smaller model or --quant bnb-4bit, or use --device auto or cpu.",
        )
    chosen = f"most free memory of {len(found)} GPUs" if len(found) > 1 else gpu.name
    return Placement(
        device=f"cuda:{gpu.index}",
        dtype=dtype,
        reason=f"{chosen}: {_gb(gpu.free)} of {_gb(gpu.total)} were free",
        device_map={"": f"cuda:{gpu.index}"},
    )


def _on_cpu(weights: Weights, reason: str) -> Placement:
    free = accelerators.free_memory()
    form = None
    if weights.whole is not None:
        dtype, form, why = int8_on_cpu(weights, weights.whole, free)
    else:
        dtype, why = form_on_cpu(weights, free)
    need, shown = needed(weights, dtype), "int8" if form else dtype
    if need > free:
        raise NotEnoughMemory(
            f"{weights.name} needs {_gb(need)} of memory as {shown}; {_gb(free)} are free.",
            "Close other programs, or pick a smaller model.",
        )
    read_as = weights.dtype if form else ""
    return Placement(
        device="cpu", dtype=dtype, reason=f"{reason}; {why}" if why else reason, int8=form, read_as=read_as
    )


def _on_mps(weights: Weights) -> Placement:
    import torch

    if not torch.backends.mps.is_available():
        raise DeviceUnavailable("torch finds no Apple GPU here.", "Use --device auto.")
    dtype = weights.dtype if weights.asked_dtype == "auto" else weights.asked_dtype
    dtype = "float32" if dtype == "float64" else dtype
    need, free = needed(weights, dtype), accelerators.free_memory()  # the memory is shared with the CPU
    if need > free:
        raise NotEnoughMemory(
            f"{weights.name} needs {_gb(need)}; {_gb(free)} are free.", "Pick a smaller model."
        )
    return Placement("mps", dtype, "the Apple GPU was asked for", {"": "mps"})


def _roomiest(found: Sequence[Gpu]) -> Gpu:
    return max(found, key=lambda gpu: (gpu.free, -gpu.index))


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _arm_features() -> frozenset[str]:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("Features"):
                    return frozenset(line.partition(":")[2].split())
    except OSError:
        pass
    return frozenset()
