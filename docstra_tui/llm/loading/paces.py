"""How fast this machine reads and writes with a layer of a model's shape: timed, in about a second at most.

The layer is a decoder's usual one with made-up weights. Of a large model it is made smaller: what is wanted
is how two numeric forms compare. Writing goes over more weights than a processor keeps at hand, as a real
model does.

One thread's own processor time is the same on a busy machine: two threads wait for each other there, and the
passes of one took 3 to 10 times shorter than those of two. But many cores share one memory, which decides
how fast they write, so that is timed with all threads too, and counts where they were really running.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn import functional

from docstra_tui.llm.loading import int8
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.log import logger

READ, WRITTEN = 2_000, 200
"""Tokens of the question that forms are compared for."""

SECONDS = 0.35
"""For each of the two ways to time."""
ROWS = 256
LAYER_NUMBERS = 8_000_000
"""The most numbers of one layer's weights."""
NUMBERS = 32_000_000
"""Of all layers that are written with."""
MOST_ROUNDS = 8
RUNNING = 0.75
"""A pass of all threads counts when they ran for this share of it; more would not, so none is tried, where
one thread alone ran for less."""

Work = Callable[[], None]
Product = Callable[[torch.Tensor], torch.Tensor]
Packs = dict[tuple[str, int], Product]
"""By engine, and which of a layer's weights."""


@dataclass(frozen=True)
class Pace:
    """Seconds for a token in one layer."""

    read: float
    write: float

    @property
    def question(self) -> float:
        """Seconds for a question, in one layer."""
        return READ * self.read + WRITTEN * self.write


@dataclass(frozen=True)
class Measured:
    """What timing gave."""

    paces: Mapping[str, Pace]
    is_sure: bool
    """False on a busy machine: it holds for this start."""


def measure(shape: Shape, names: Sequence[str]) -> Measured:
    """The pace of each form: a dtype (`bfloat16`), or int8 by an engine within one (`bfloat16 x86`)."""
    began = time.perf_counter()
    shape = _smaller(shape)
    count = min(shape.layers, max(1, NUMBERS // _numbers(shape)))
    packs: dict[int, Packs] = {}  # of each layer: they are the same within every dtype
    reading: list[Work] = []
    writing: list[Work] = []
    threads = torch.get_num_threads()
    with torch.inference_mode():
        try:
            torch.set_num_threads(1)
            for name in names:
                layers = [_Layer.made(shape, name, packs.setdefault(number, {})) for number in range(count)]
                reading.append(_read(shape, layers[0]))
                writing.append(_write(shape, layers))
            at, ran = time.perf_counter(), time.thread_time()
            best = _best([*reading, *writing], _alone)
            is_quiet = time.thread_time() - ran >= RUNNING * (time.perf_counter() - at)
        finally:
            torch.set_num_threads(threads)
        reads, writes, together = best[: len(names)], best[len(names) :], [math.inf]
        if threads == 1:
            together = writes
        elif is_quiet:
            together = _best(writing, lambda work: _together(work, threads))
    is_sure = all(math.isfinite(seconds) for seconds in together)
    spent = time.perf_counter() - began
    logger.info("timed %s in %.2f s: %s %s %s", names, spent, reads, writes, together)
    if is_sure:
        reads, writes = [seconds / threads for seconds in reads], together
    paces = {
        name: Pace(read / ROWS, write / count) for name, read, write in zip(names, reads, writes, strict=True)
    }
    return Measured(paces, is_sure)


def _best(works: Sequence[Work], timed: Callable[[Work], float]) -> list[float]:
    """The shortest pass of each; they take turns, and the first is no measure."""
    deadline = time.perf_counter() + SECONDS
    best = [math.inf for _ in works]
    for done in range(MOST_ROUNDS):
        for index, work in enumerate(works):
            seconds = timed(work)
            best[index] = min(best[index], seconds if done else math.inf)
        if done and time.perf_counter() > deadline:
            break
    return best


def _alone(work: Work) -> float:
    before = time.thread_time()
    work()
    return max(time.thread_time() - before, 1e-9)


def _together(work: Work, threads: int) -> float:
    """Seconds on the clock; infinite when others had the processors."""
    before, ran = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - before
    return seconds if time.process_time() - ran >= RUNNING * threads * seconds else math.inf


@dataclass(frozen=True)
class _Layer:
    """Weights of one decoder layer, and what is in its cache."""

    shape: Shape
    norm: torch.Tensor
    attention: Product
    """To queries, keys and values."""
    out: Product
    up: Product
    gate: Product
    down: Product

    @classmethod
    def made(cls, shape: Shape, name: str, packs: Packs) -> _Layer:
        dtype_name, _, engine = name.partition(" ")
        dtype = getattr(torch, dtype_name)
        heads, inner = shape.heads * shape.head, shape.inner
        both = heads + 2 * shape.groups * shape.head
        sizes = ((both, shape.hidden), (shape.hidden, heads), (inner, shape.hidden), (inner, shape.hidden))
        weights = [torch.full(size, 0.01, dtype=dtype) for size in (*sizes, (shape.hidden, inner))]
        products = [_product(weight, (engine, index), packs) for index, weight in enumerate(weights)]
        return cls(shape, torch.ones(shape.hidden, dtype=dtype), *products)

    def forward(self, x: torch.Tensor, past: torch.Tensor | None) -> torch.Tensor:
        shape, rows = self.shape, x.shape[0]
        mixed = self.attention(self._normed(x)).view(1, rows, -1, shape.head)
        queries, keys, values = mixed.transpose(1, 2).split((shape.heads, shape.groups, shape.groups), 1)
        if past is not None:
            keys, values = torch.cat((past, keys), 2), torch.cat((past, values), 2)
        seen = functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=past is None, enable_gqa=shape.groups != shape.heads
        )
        x = x + self.out(seen.transpose(1, 2).reshape(rows, -1))
        normed = self._normed(x)
        inner = functional.silu(self.gate(normed)) * self.up(normed)
        return x + self.down(inner)

    def _normed(self, x: torch.Tensor) -> torch.Tensor:
        whole = x.float()  # as most models do
        whole = whole * torch.rsqrt(whole.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.norm * whole.to(x.dtype)


def _product(weight: torch.Tensor, key: tuple[str, int], packs: Packs) -> Product:
    engine, dtype = key[0], weight.dtype
    if not engine:
        return lambda x: functional.linear(x, weight)
    if key not in packs:
        packs[key] = int8.pack(weight, engine)
    packed = packs[key]
    return lambda x: packed(x.float()).to(dtype)


def _read(shape: Shape, layer: _Layer) -> Work:
    rows = torch.ones(ROWS, shape.hidden, dtype=layer.norm.dtype)

    def read() -> None:
        layer.forward(rows, None)

    return read


def _write(shape: Shape, layers: Sequence[_Layer]) -> Work:
    dtype = layers[0].norm.dtype
    row = torch.ones(1, shape.hidden, dtype=dtype)
    past = torch.ones(1, shape.groups, READ, shape.head, dtype=dtype)

    def write() -> None:
        x = row
        for layer in layers:
            x = layer.forward(x, past)

    return write


def _numbers(shape: Shape) -> int:
    return shape.hidden * (2 * shape.head * (shape.heads + shape.groups) + 3 * shape.inner)


def _smaller(shape: Shape) -> Shape:
    """The same in proportion, so that a layer has no more than `LAYER_NUMBERS`."""
    share = math.sqrt(min(1.0, LAYER_NUMBERS / _numbers(shape)))
    if share == 1:
        return shape
    per_group = max(1, shape.heads // shape.groups)
    groups = max(1, int(shape.groups * share))
    heads = groups * per_group
    hidden, inner = (max(64, int(size * share) // 64 * 64) for size in (shape.hidden, shape.inner))
    return replace(shape, hidden=hidden, inner=inner, heads=heads, groups=groups)
