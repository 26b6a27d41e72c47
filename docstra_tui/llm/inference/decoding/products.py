"""Products of a few rows with a weight: the ways that torch has, and which of them is quick here.

Writing a token is hardly more than these. Which way is the quickest differs from processor to processor, with
the numeric form and between one row and several, by a third and more, and no flag of a processor tells. So
they are timed at load, on the model's own weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from docstra_tui.llm.loading.kept import machine
from docstra_tui.llm.log import logger
from docstra_tui.llm.machine.kept import Kept

SEVERAL = 4
"""Rows that several are timed with."""
MOST_ROWS = 24
"""With more rows than these the way for reading is quicker."""
NUMBERS = 16_000_000
"""Of the weights that are timed: more than a processor keeps at hand."""
WEIGHT_NUMBERS = 4_000_000
"""The most of one weight."""
SECONDS = 0.2
ROUNDS = 4
RUNNING = 0.75
"""Time by the clock counts when all threads ran for this share of it."""
WORTH = 0.95
"""Another way than the usual must take less than this share of its time."""
ROUNDING = 3e-2
"""How far off a product may be, as a share of the spread of the right one."""

KEPT = Kept("products", 1)
"""`[WAY OF ONE ROW, WAY OF SEVERAL]`"""

FAILED = (RuntimeError, NotImplementedError, AttributeError, TypeError)
"""What torch raises where this build or processor has no such kernel."""

Product = Callable[[torch.Tensor], torch.Tensor]
"""Rows in, rows out."""


def _usual(weight: torch.Tensor, bias: torch.Tensor | None) -> Product:
    def product(x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, weight, bias)

    return product


def _turned(weight: torch.Tensor, bias: torch.Tensor | None) -> Product:
    """The weight times the rows as columns."""
    column = None if bias is None else bias[:, None]

    def product(x: torch.Tensor) -> torch.Tensor:
        if x.shape[0] == 1:
            row = torch.mv(weight, x[0]) if bias is None else torch.addmv(bias, weight, x[0])
            return row[None]
        turned = torch.mm(weight, x.t()) if column is None else torch.addmm(column, weight, x.t())
        return turned.t().contiguous()

    return product


def _packed(weight: torch.Tensor, bias: torch.Tensor | None) -> Product:
    """oneDNN's, with a copy of the weight in the order that it likes."""
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, SEVERAL)
    multiply = torch.ops.mkldnn._linear_pointwise

    def product(x: torch.Tensor) -> torch.Tensor:
        rows: torch.Tensor = multiply(x, packed, bias, "none", [], "")
        return rows

    return product


def _mkl(weight: torch.Tensor, bias: torch.Tensor | None) -> Product:
    """The same of MKL, which has float32 alone."""
    packed = torch.ops.mkl._mkl_reorder_linear_weight(weight, SEVERAL)
    multiply = torch.ops.mkl._mkl_linear

    def product(x: torch.Tensor) -> torch.Tensor:
        rows: torch.Tensor = multiply(x, packed, weight, bias, x.shape[0])
        return rows

    return product


WAYS: Mapping[str, Callable[[torch.Tensor, torch.Tensor | None], Product]] = {
    "usual": _usual,
    "turned": _turned,
    "packed": _packed,
    "mkl": _mkl,
}
COPY = ("packed", "mkl")
"""Ways that need as much memory again."""


@dataclass(frozen=True)
class Ways:
    """How weights of one kind are multiplied with."""

    one: str = "usual"
    several: str = "usual"

    @property
    def copies(self) -> bool:
        """True where weights are held twice."""
        return self.one in COPY or self.several in COPY


USUAL = Ways()


def made(weight: torch.Tensor, bias: torch.Tensor | None, ways: Ways) -> Product:
    """What multiplies rows with this weight of shape (outputs, inputs)."""
    usual = _usual(weight, bias)
    if ways == USUAL:
        return usual
    one = WAYS[ways.one](weight, bias)
    several = one if ways.one == ways.several else WAYS[ways.several](weight, bias)

    def product(x: torch.Tensor) -> torch.Tensor:
        rows = x.shape[0]
        if rows == 1:
            return one(x)
        return several(x) if rows <= MOST_ROWS else usual(x)

    return product


def choose(name: str, weights: Sequence[torch.Tensor], free_bytes: int) -> Ways:
    """The quickest ways for these weights, which `name` says the kind of; `free_bytes` may be taken."""
    first = weights[0]
    if first.device.type != "cpu":
        return USUAL
    size = sum(weight.numel() * weight.element_size() for weight in weights)
    names = [way for way in WAYS if way not in COPY or size <= free_bytes]
    if first.dtype != torch.float32:
        names.remove("mkl") if "mkl" in names else None
    shapes = sorted({tuple(weight.shape) for weight in weights})
    key = f"{machine()} {name} {first.dtype} {len(weights)} {shapes} {','.join(names)}"
    known = KEPT.find(key)
    if isinstance(known, list) and len(known) == 2 and all(way in names for way in known):
        return Ways(*known)
    ways, is_sure = _timed(_some(weights), names)
    logger.info("products of %s: %s", name, ways)
    if is_sure:
        KEPT.keep(key, [ways.one, ways.several])
    return ways


def _some(weights: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """As many as are timed; of large ones, some of their rows."""
    taken: list[torch.Tensor] = []
    for weight in weights:
        taken.append(weight[: max(1, WEIGHT_NUMBERS // weight.shape[1])])
        if sum(one.numel() for one in taken) >= NUMBERS:
            break
    return taken


def _timed(weights: Sequence[torch.Tensor], names: Sequence[str]) -> tuple[Ways, bool]:
    """The quickest ways, and whether the machine was quiet enough to be sure."""
    chosen, is_sure = [], True
    made_ways = {name: products for name in names if (products := _tried(weights, name)) is not None}
    for rows in (1, SEVERAL):
        given = {w.shape[1]: torch.ones(rows, w.shape[1], dtype=w.dtype) for w in weights}
        inputs = [given[weight.shape[1]] for weight in weights]
        works = {name: _pass(products, inputs) for name, products in made_ways.items()}
        took, was_quiet = shortest(works, SECONDS / 2)
        is_sure &= was_quiet
        best = min(took, key=lambda name: took[name])
        chosen.append(best if took[best] < took["usual"] * WORTH else "usual")
    return Ways(*chosen), is_sure


def _tried(weights: Sequence[torch.Tensor], name: str) -> list[Product] | None:
    """The weights made ready one way; None where this machine or build has none, or a wrong one."""
    try:
        products = [WAYS[name](weight, None) for weight in weights]
        wide = weights[0].shape[1]
        for rows in (1, SEVERAL):
            x = torch.linspace(-1, 1, rows * wide).cos().view(rows, wide).to(weights[0].dtype)
            right = functional.linear(x.float(), weights[0].float())
            off = (products[0](x).float() - right).std() / right.std().clamp_min(1e-30)
            if not off.item() <= ROUNDING:
                return None
    except FAILED as error:
        logger.info("no product %s: %s", name, error)
        return None
    return products


def _pass(products: Sequence[Product], inputs: Sequence[torch.Tensor]) -> Callable[[], object]:
    def work() -> None:
        for product, x in zip(products, inputs, strict=True):
            product(x)

    return work


def shortest(works: Mapping[str, Callable[[], Any]], seconds: float) -> tuple[dict[str, float], bool]:
    """The shortest run of each, and whether the machine was quiet; they take turns.

    By the clock where all threads were running. On a busy machine they wait for each other, whichever way is
    taken: what the processors worked counts then.
    """
    threads = torch.get_num_threads()
    deadline = time.perf_counter() + seconds
    worked, took = dict.fromkeys(works, math.inf), dict.fromkeys(works, math.inf)
    for done in range(ROUNDS + 1):
        for name, work in works.items():
            before, ran = time.perf_counter(), time.process_time()
            work()
            passed, ran = time.perf_counter() - before, time.process_time() - ran
            if not done:  # the first turn is no measure
                continue
            worked[name] = min(worked[name], max(ran, 1e-9))
            if ran >= RUNNING * threads * passed:
                took[name] = min(took[name], passed)
        if done and time.perf_counter() > deadline:
            break
    is_quiet = all(math.isfinite(one) for one in took.values())
    return (took, True) if is_quiet else (worked, False)
