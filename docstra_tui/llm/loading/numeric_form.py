"""Which numbers a CPU counts with fastest: measured, because no flag of a processor tells.

Of two machines with bfloat16 instructions one read 1.9 times faster in float32, the other (it had AMX) 2.4
times faster in bfloat16. So one layer of the model's shape is timed in both, once for a machine, a shape
and a torch. float32 holds every bfloat16 and float16 number exactly: nothing is lost, it only takes room.
float16 holds its own numbers, and comes into question for a checkpoint in it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from docstra_tui.llm.loading import int8, kept_paces, paces
from docstra_tui.llm.loading.layer_shape import Shape
from docstra_tui.llm.loading.paces import Pace

WORTH = 1.1
"""So many times faster is worth leaving the checkpoint's own form, and worth a word."""


def choose(shape: Shape, own: str, *others: str) -> tuple[str, str]:
    """One of several forms and why, in a few words: the model's `own`, unless another is faster here."""
    found = _paces(shape, kept_paces.key_of(shape), (own, *others))
    other = min(others, key=lambda name: found[name].question)
    faster = other if found[own].question > found[other].question * WORTH else own
    slower = own if faster == other else other
    return faster, _reason(faster, found[faster], found[slower])


def choose_int8(
    shape: Shape | None, dtypes: Sequence[str], may_keep: Callable[[str], bool]
) -> tuple[str, int8.Form, str]:
    """How weights of eight bits are held: the dtype around them, their engines, and what it brings.

    `dtypes` has the model's own first. A second engine for reading, or the weights as they were where
    `may_keep` says that they fit beside, are kept where a question is answered faster by it.
    """
    engines = int8.engines()
    if shape is None:
        return dtypes[0], int8.Form(engines[0], engines[0]), ""
    names = [*dtypes, *(f"{dtype} {engine}" for dtype in dtypes for engine in engines)]
    found = _paces(shape, f"{kept_paces.key_of(shape)} int8", names)

    def pace(dtype: str, form: int8.Form) -> Pace:
        read = found[f"{dtype} {form.read}".strip()].read
        return Pace(read, found[f"{dtype} {form.write}"].write)

    def best(choices: Iterable[tuple[str, int8.Form]]) -> tuple[str, int8.Form]:
        return min(choices, key=lambda choice: pace(*choice).question)

    simple = best((dtype, int8.Form(engine, engine)) for dtype in dtypes for engine in engines)
    every = [
        (dtype, int8.Form(write, read))
        for dtype in dtypes
        for write in engines
        for read in (*engines, *([""] if may_keep(dtype) else []))
    ]
    dtype, form = best(every)
    if pace(dtype, form).question * WORTH > pace(*simple).question:
        dtype, form = simple
    plain = min((found[name] for name in dtypes), key=lambda one: one.question)
    return dtype, form, _reason("int8", pace(dtype, form), plain)


def _paces(shape: Shape, key: str, names: Sequence[str]) -> Mapping[str, Pace]:
    found = kept_paces.find(key, names)
    if found is not None:
        return found
    measured = paces.measure(shape, names)
    if measured.is_sure:
        kept_paces.keep(key, measured.paces)
    return measured.paces


def _reason(name: str, pace: Pace, other: Pace) -> str:
    gains = (("reads", other.read / pace.read), ("writes", other.write / pace.write))
    faster = _figures((verb, gain) for verb, gain in gains if gain >= WORTH)
    slower = _figures((verb, 1 / gain) for verb, gain in gains if gain <= 1 / WORTH)
    if not faster:
        return ""
    return f"{name} {faster} faster{f' and {slower} slower' if slower else ''} here"


def _figures(gains: Iterable[tuple[str, float]]) -> str:
    return " and ".join(f"{verb} {gain:.1f} ×" for verb, gain in gains)
