"""Which numbers a CPU counts with fastest: measured, because no flag of a processor tells.

Of two machines with bfloat16 instructions one read 1.9 times faster in float32, the other (it had AMX) 2.4
times faster in bfloat16. So one layer of the model's shape is timed in both, once for a machine, a shape
and a torch. float32 holds every bfloat16 and float16 number exactly: nothing is lost, it only takes room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from docstra_tui.llm.loading import kept_paces, paces
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.loading.paces import Pace

WORTH = 1.1
"""So many times faster is worth leaving the checkpoint's own form, and worth a word."""


def choose(shape: Shape, own: str, other: str) -> tuple[str, str]:
    """One of two forms and why, in a few words: the model's `own`, unless the other is faster here."""
    key = kept_paces.key_of(shape)
    found: Mapping[str, Pace] | None = kept_paces.find(key, (own, other))
    if found is None:
        measured = paces.measure(shape, (own, other))
        found = measured.paces
        if measured.is_sure:
            kept_paces.keep(key, found)
    faster = other if found[own].question > found[other].question * WORTH else own
    slower = own if faster == other else other
    return faster, _reason(faster, found[faster], found[slower])


def _reason(name: str, pace: Pace, other: Pace) -> str:
    gains = (("reads", other.read / pace.read), ("writes", other.write / pace.write))
    faster = _figures((verb, gain) for verb, gain in gains if gain >= WORTH)
    slower = _figures((verb, 1 / gain) for verb, gain in gains if gain <= 1 / WORTH)
    if not faster:
        return ""
    return f"{name} {faster} faster{f' and {slower} slower' if slower else ''} here"


def _figures(gains: Iterable[tuple[str, float]]) -> str:
    return " and ".join(f"{verb} {gain:.1f} ×" for verb, gain in gains)
