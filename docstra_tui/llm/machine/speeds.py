"""How fast a model wrote its last long answer on this machine, for whoever chooses one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from docstra_tui.llm.machine.kept import Kept, processor

KEPT = Kept("speeds", 1)
"""`{"write": …, "device": …, "dtype": …}` by processor and the model's name."""

ENOUGH = 32
"""Tokens of an answer that say how fast it was."""
OTHER = 0.1
"""A share of the speed; what differs less is the same."""

SLOWER = 0.25
"""Of the way to a slower answer."""


@dataclass(frozen=True)
class Speed:
    """Of one model."""

    write: float
    """Tokens a second."""
    device: str
    dtype: str


def find(name: str) -> Speed | None:
    """What was seen of this model."""
    row = KEPT.find(key_of(name))
    if not isinstance(row, dict):
        return None
    write, device, dtype = row.get("write"), row.get("device"), row.get("dtype")
    if not isinstance(write, int | float) or isinstance(write, bool) or not 0 < write < math.inf:
        return None
    if not isinstance(device, str) or not isinstance(dtype, str):
        return None
    return Speed(float(write), device, dtype)


def keep(name: str, seen: Speed) -> None:
    """Unless the same is known already."""
    known = find(name)
    is_same = known is not None and (known.device, known.dtype) == (seen.device, seen.dtype)
    if known is not None and is_same and abs(known.write - seen.write) <= OTHER * seen.write:
        return
    write = seen.write
    if known is not None and is_same and write < known.write:  # others had the machine, more often than not
        write = known.write - (known.write - write) * SLOWER
    row = {"write": round(write, 2), "device": seen.device, "dtype": seen.dtype}
    KEPT.keep(key_of(name), row)


def key_of(name: str) -> str:
    """What a row holds for."""
    return f"{processor()} {name}"
