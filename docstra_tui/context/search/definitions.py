"""Where the definitions of a text are: found by parsers in C, so in a process that can be killed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Text(NamedTuple):
    """What is parsed."""

    path: str
    language: str
    """Empty where the path says it."""
    content: str


class Defined(NamedTuple):
    """A name, and the first and last line of its definition, from 1."""

    name: str
    line: int
    end: int


def definitions(texts: Sequence[Text], start: float | None = None) -> list[tuple[Defined, ...] | None]:
    """Those of each text, in order; nothing for one that no parser understands, None for one that broke one
    or took it too long. Blocks.

    Raises `OSError` where no process can be started.
    """
    from docstra_tui.context import killable  # takes its time, and where all is Python nobody needs it

    start = killable.START_SECONDS if start is None else start
    found = killable.answers("docstra_tui.context.search.definition_process", texts, start)
    return [None if said is None else tuple(Defined(*one) for one in said) for said in found]
