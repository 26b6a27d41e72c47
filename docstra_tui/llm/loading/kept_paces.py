"""How fast this machine was with a layer of some shape, as it was measured at an earlier start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docstra_tui.llm.loading.kept import machine
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.loading.paces import Pace
from docstra_tui.llm.machine.pace_rows import KEPT as KEPT
from docstra_tui.llm.machine.pace_rows import seconds


def key_of(shape: Shape) -> str:
    """What the paces hold for: this machine and this shape."""
    return f"{machine()} {shape.key}"


def find(key: str, names: Sequence[str]) -> dict[str, Pace] | None:
    """What was kept, when it has each of these forms."""
    row = KEPT.find(key)
    if not isinstance(row, dict):
        return None
    found = {name: Pace(*pace) for name in names if (pace := seconds(row.get(name))) is not None}
    return found if len(found) == len(names) else None


def keep(key: str, paces: Mapping[str, Pace]) -> None:
    """For the next start."""
    KEPT.keep(key, {name: [pace.read, pace.write] for name, pace in paces.items()})
