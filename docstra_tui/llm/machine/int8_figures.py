"""What `--quant int8` was found to bring and to cost: of one model, on this machine."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields

from docstra_tui.llm.machine.kept import Kept, processor

KEPT = Kept("int8", 1)
"""`{"read": …, "write": …, "equal": …, "tokens": …}` by processor and path."""


@dataclass(frozen=True)
class Int8Figures:
    """Against the same model as it is loaded without."""

    read: float
    """So many times faster."""
    write: float
    """The same."""
    equal: float
    """Share of the greedy tokens that are the same ones."""
    tokens: int
    """How many were compared."""

    @property
    def words(self) -> str:
        """`writes 1.9 × and reads 1.1 × as fast, 93 % of 1,020 tokens the same`."""
        paces = f"writes {self.write:.1f} × and reads {self.read:.1f} × as fast"
        return f"{paces}, {self.equal:.0%} of {self.tokens:,} tokens the same"


def find(path: str) -> Int8Figures | None:
    """What was found of the model at this path."""
    row = KEPT.find(_key(path))
    if not isinstance(row, dict):
        return None
    values = [row.get(field.name) for field in fields(Int8Figures)]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != len(values) or not all(math.isfinite(number) for number in numbers):
        return None
    read, write, equal, tokens = numbers
    return Int8Figures(read, write, equal, int(tokens))


def keep(path: str, found: Int8Figures) -> None:
    """For whoever chooses a model."""
    KEPT.keep(_key(path), asdict(found))


def _key(path: str) -> str:
    return f"{processor()} {path}"
