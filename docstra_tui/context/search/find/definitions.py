"""The definition around a line that was found."""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.context.killable import ITEM_SECONDS
from docstra_tui.context.search.definitions import Text
from docstra_tui.context.search.definitions import definitions as definitions_of

SECONDS = 10.0
"""For the process to start, on a machine with other work, and to parse one file."""

Lines = tuple[int, int]
"""The first and the last of some lines, from 1."""


def definitions(path: str, content: str) -> tuple[Lines, ...]:
    """The lines of everything that a file defines; nothing where they are not known. Blocks."""
    try:
        (found,) = definitions_of([Text(path, "", content)], SECONDS - ITEM_SECONDS)
    except OSError:
        return ()
    return tuple((one.line, one.end) for one in found or ())


def around(line: int, defined: Sequence[Lines]) -> Lines | None:
    """Those of the smallest definition that a line is in."""
    holding = [lines for lines in defined if lines[0] <= line <= lines[1]]
    return min(holding, key=lambda lines: (lines[1] - lines[0], -lines[0]), default=None)
