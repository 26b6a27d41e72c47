"""Weights of eight bits on a CPU: a model's linear layers multiply whole numbers.

Each row of a weight has a scale of its own, and so has each row of what is multiplied with it. torch's own
dynamic quantisation has one scale for all rows, and one row of large numbers (the first token of most models
is one) costs the others what they say: off by 0.33 then, where a scale a row is off by 0.011. It also makes
a row's result the same whatever else is read in the pass. Channels that are large in every row are made
smaller before, and their weights larger for it, by what was seen of them in a short text: that left a third
fewer of the starter's tokens other than they were.

Two engines do it. `x86` is torch's own quantised kernels (fbgemm), whose tensors torch calls deprecated: all
of torch that it needs is named here, and where that is absent, so is the engine. `onednn` takes plain
tensors. Which of them is faster differs by machine and by number of rows, so it is measured (`paces.py`).
Whether they are right is found out as well: without instructions for it (VNNI), sums of products stop at
16 bits.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from docstra_tui.llm.log import logger

TOP = 127
"""The largest of a row becomes this."""
SMALLEST = 1e-12
"""Of a scale, so that a row of zeros divides by something."""
READING = 48
"""From so many rows on a pass reads; below it writes an answer, or several."""
LEAST_WIDTH = 16
"""Linear layers with fewer outputs stay as they are: gates and the like decide much and cost little."""
BESIDE = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))
"""Layers side by side that read the same: one product serves them."""

Ranges = dict[int, torch.Tensor]
"""The largest that each input of a layer was, by the layer's `id`."""

Product = Callable[[torch.Tensor], torch.Tensor]
"""Rows of float32 to rows of float32."""


@dataclass(frozen=True)
class Form:
    """How a model's linear layers are held."""

    write: str
    """The engine for few rows."""
    read: str
    """The engine for many; empty where the weights as they were are kept beside for that."""


# Engines


def _rows(x: torch.Tensor) -> torch.Tensor:
    return x.abs().amax(1, keepdim=True).clamp_min_(SMALLEST)


class _X86:
    """torch's quantised kernels."""

    def __init__(self, whole: torch.Tensor, scales: torch.Tensor, middle: int) -> None:
        top = TOP if middle > TOP else TOP // 2
        self._scale, self._middle = 1.0 / top, middle
        zeros = torch.zeros(len(scales), dtype=torch.long)
        before = torch.backends.quantized.engine
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = torch._make_per_channel_quantized_tensor(whole, scales.double(), zeros, 0)
            try:
                torch.backends.quantized.engine = "x86"
                self._packed = torch.ops.quantized.linear_prepack(made, None)
            finally:
                torch.backends.quantized.engine = before

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        rows = _rows(x)
        multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
        product: torch.Tensor = multiply(x / rows, self._scale, self._middle, self._packed)
        return product.mul_(rows)


class _OneDnn:
    """oneDNN's, on plain tensors."""

    def __init__(self, whole: torch.Tensor, scales: torch.Tensor) -> None:
        self._packed = torch.ops.onednn.qlinear_prepack(whole, None)
        self._scales = scales.float()
        self._zeros = torch.zeros(len(scales), dtype=torch.int32)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        rows = _rows(x)
        given = (x * (TOP / rows)).round_().to(torch.int8)
        weight = (self._packed, self._scales, self._zeros)
        how: tuple[Any, ...] = (
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )  # no bias, nothing done to the output
        product: torch.Tensor = torch.ops.onednn.qlinear_pointwise(given, 1.0 / TOP, 0, *weight, *how)
        return product.mul_(rows)


_MAKERS: dict[str, Callable[[torch.Tensor, torch.Tensor], Product]] = {
    "x86": lambda whole, scales: _X86(whole, scales, TOP + 1),
    "x86 in seven bits": lambda whole, scales: _X86(whole, scales, TOP // 2 + 1),
    "onednn": _OneDnn,
}


@functools.cache
def engines() -> tuple[str, ...]:
    """Those that multiply rightly on this machine, with this torch."""
    found = [name for name in _MAKERS if _is_right(name)]
    if "x86" in found:  # more bits, and no slower
        found.remove("x86 in seven bits")
    return tuple(found)


def _is_right(name: str) -> bool:
    """Tried with the largest numbers there are: whatever is cut off is cut off here."""
    weight = torch.ones(64, 256)
    weight[::2] = -1
    try:
        product = pack(weight, name)
        return all(
            bool(torch.allclose(product(x), functional.linear(x, weight), rtol=0.02))
            for x in (torch.ones(1, 256), -torch.ones(1, 256), torch.ones(READING, 256))
        )
    except (AttributeError, RuntimeError, NotImplementedError) as error:  # torch lacks it, or the machine
        logger.info("there is no int8 by %s: %s", name, error)
        return False


def pack(weight: torch.Tensor, engine: str) -> Product:
    """What multiplies rows with this weight of shape (outputs, inputs)."""
    weight = weight.detach().float()
    scales = weight.abs().amax(1).clamp_min(SMALLEST) / TOP
    whole = (weight / scales[:, None]).round_().to(torch.int8)
    return _MAKERS[engine](whole, scales)


# A model's layers


class Joined:
    """Linear layers that read the same: one product, and each takes its part of it.

    Whoever knows them all calls this; a model's own code asks one after the other, so what came of an input
    is kept until each of them had its part.
    """

    def __init__(self, layers: Sequence[nn.Linear], form: Form, seen: torch.Tensor | None = None) -> None:
        self._ease: torch.Tensor | None = None
        weight = torch.cat([layer.weight.detach().float() for layer in layers])
        if seen is not None:
            larger = (seen.clamp_min(SMALLEST) / weight.abs().amax(0).clamp_min(SMALLEST)).sqrt_()
            larger = larger.clamp_(1e-4, 1e4)
            self._ease, weight = 1 / larger, weight * larger
        self._write = pack(weight, form.write)
        self._read = self._write if form.read in ("", form.write) else pack(weight, form.read)
        self.reads_whole = not form.read
        """True while passes over many rows multiply with the weights as they were."""
        biases = [
            layer.bias.detach().float() if layer.bias is not None else torch.zeros(layer.out_features)
            for layer in layers
        ]
        self._bias = torch.cat(biases) if any(layer.bias is not None for layer in layers) else None
        self.sizes = [layer.out_features for layer in layers]
        self._given: torch.Tensor | None = None
        self._parts: list[torch.Tensor | None] = []

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """All of them, side by side in the last dimension, in the form of `x`."""
        rows = x.reshape(-1, x.shape[-1])
        rows = rows.float() if self._ease is None else rows * self._ease  # which is float32
        product = (self._read if len(rows) >= READING else self._write)(rows)
        if self._bias is not None:
            product += self._bias
        return product.to(x.dtype).view(*x.shape[:-1], product.shape[-1])

    def part(self, index: int, x: torch.Tensor) -> torch.Tensor:
        """That of one layer."""
        if len(self.sizes) == 1:
            return self(x)
        if self._given is not x or self._parts[index] is None:
            self._given, self._parts = x, list(self(x).split(self.sizes, -1))
        part, self._parts[index] = self._parts[index], None
        assert part is not None
        if not any(part is not None for part in self._parts):
            self._given = None
        return part


class Int8Linear(nn.Module):
    """Stands where a linear layer stood."""

    def __init__(self, layer: nn.Linear, joined: Joined, index: int) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.joined, self.index = joined, index
        if joined.reads_whole:
            self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.joined.reads_whole and x.numel() >= READING * self.in_features:
            return functional.linear(x, self.weight, self.bias)
        return self.joined.part(self.index, x)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}"


def ranges(model: Any, read: Callable[[], Any]) -> Ranges:
    """What linear layers are given while `read` runs."""
    found: Ranges = {}

    def hear(layer: nn.Module, given: tuple[Any, ...]) -> None:
        largest = given[0].detach().reshape(-1, given[0].shape[-1]).abs().amax(0).float()
        before = found.get(id(layer))
        found[id(layer)] = largest if before is None else torch.maximum(before, largest)

    hooks = [m.register_forward_pre_hook(hear) for m in model.modules() if type(m) is nn.Linear]
    try:
        read()
    finally:
        for hook in hooks:
            hook.remove()
    return found


def quantise(model: Any, form: Form, seen: Ranges | None = None) -> float:
    """Put `Int8Linear` in the place of a model's linear layers; the share of its numbers that are in them.

    Embeddings stay, and so does the output layer: as eight bits it changed another 2.4 % of the starter's
    greedy tokens, for 3 % of a token's time.
    """
    everything = sum(parameter.numel() for parameter in model.parameters())
    output = model.get_output_embeddings()
    done: int = 0
    for parent in list(model.modules()):
        for names in _beside(parent, output):
            layers = [getattr(parent, name) for name in names]
            joined = Joined(layers, form, (seen or {}).get(id(layers[0])))
            for index, (name, layer) in enumerate(zip(names, layers, strict=True)):
                done += layer.weight.numel()
                setattr(parent, name, Int8Linear(layer, joined, index))
    return float(done / max(everything, 1))


def _beside(parent: nn.Module, output: nn.Module | None) -> Iterator[tuple[str, ...]]:
    """The linear layers of a module, those together that read the same."""
    names = [
        name
        for name, child in parent.named_children()
        if type(child) is nn.Linear
        and child.out_features >= LEAST_WIDTH
        and child.weight.device.type == "cpu"
        and child is not output
    ]
    for several in BESIDE:
        inputs = {getattr(parent, name).in_features for name in several if name in names}
        if all(name in names for name in several) and len(inputs) == 1:
            yield several
            names = [name for name in names if name not in several]
    yield from ((name,) for name in names)


def is_in(model: Any) -> bool:
    """Has this model layers of eight bits?"""
    return any(isinstance(module, Int8Linear) for module in model.modules())


def joined_of(layers: Sequence[Any]) -> Joined | None:
    """What serves exactly these layers together, in this order; None where nothing does."""
    if not all(isinstance(layer, Int8Linear) for layer in layers):
        return None
    joined: Joined = layers[0].joined
    wanted = [(joined, index) for index in range(len(joined.sizes))]
    return joined if [(layer.joined, layer.index) for layer in layers] == wanted else None


@contextmanager
def as_written(model: Any) -> Iterator[None]:
    """Meanwhile every pass multiplies as an answer is written, however many rows it has."""
    every = {m.joined for m in model.modules() if isinstance(m, Int8Linear)}
    before = [(joined, joined.reads_whole, joined._read) for joined in every]
    for joined in every:
        joined.reads_whole, joined._read = False, joined._write
    try:
        yield
    finally:
        for joined, whole, read in before:
            joined.reads_whole, joined._read = whole, read
