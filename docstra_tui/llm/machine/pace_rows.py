"""How fast this machine was with a layer of some shape, as it is kept: read without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docstra_tui.llm.machine.kept import Kept, processor

KEPT = Kept("paces", 1)
"""`{"bfloat16": [READ, WRITE], …}`, seconds for a token in one layer; by processor, its threads, those of
torch, its version, the layer's shape, and `int8` where that was compared."""

PRODUCTS = Kept("products_gpu", 1)
"""`{"bfloat16": TFLOP/s, …}`, of large matrices; by a GPU's name and the version of torch."""


@dataclass(frozen=True)
class PaceRow:
    """What was timed for models of one shape."""

    layers: int
    hidden: int
    """How wide a layer is."""
    paces: Mapping[str, tuple[float, float]]
    """By dtype: seconds for a token that is read, and that is written, in one layer."""

    def words(self, name: str) -> str:
        """`bfloat16 reads 3,600 and writes 26 tokens/s`."""
        read, write = (1 / (seconds * self.layers) for seconds in self.paces[name])
        return f"{name} reads {_figure(read)} and writes {_figure(write)} tokens/s"


def latest(torch: str) -> PaceRow | None:
    """What was timed last of dtypes, on this processor and with that torch."""
    mine = f"{processor()} "
    for key, told in reversed(KEPT.rows.items()):
        words = key.removeprefix(mine).split(" ")
        if not key.startswith(mine) or len(words) != 3 or words[1] != torch:
            continue
        shape = words[2].split("-")
        found = pace_row(told, shape[0], shape[1] if len(shape) > 1 else "")
        if found is not None:
            return found
    return None


def pace_row(told: Any, layers: str, hidden: str) -> PaceRow | None:
    """What is right of it; None where that is nothing."""
    if not isinstance(told, dict) or not layers.isdigit() or not hidden.isdigit() or not int(layers):
        return None
    paces = {str(name): numbers for name, value in told.items() if (numbers := seconds(value)) is not None}
    return PaceRow(int(layers), int(hidden), paces) if paces else None


def products_key(gpu: str, torch: str) -> str:
    """What the products of a GPU hold for."""
    return f"{gpu} {torch}"


def products_of(told: Any) -> dict[str, float]:
    """What is right of it: TFLOP/s by dtype."""
    if not isinstance(told, dict):
        return {}
    return {str(name): one for name, one in told.items() if isinstance(one, float) and 0 < one < math.inf}


def seconds(told: Any) -> tuple[float, float] | None:
    """Of one form, where they are two times."""
    if not isinstance(told, list) or len(told) != 2:
        return None
    if not all(isinstance(figure, float) and math.isfinite(figure) and figure > 0 for figure in told):
        return None
    return told[0], told[1]


def _figure(value: float) -> str:
    """Two digits that count, as one would say it."""
    if value < 10:
        return f"{value:.1f}"
    unit = 10 ** max(0, int(math.log10(value)) - 1)
    return f"{round(value / unit) * unit:,}"
