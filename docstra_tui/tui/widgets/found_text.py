"""A line in which something was found, as much of it as there is room for."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content


def found_text(text: str, start: int, end: int, room: int) -> Content:
    """The text with the word that was looked for; where there is no room for both, from shortly before it."""
    first = 0
    if cell_len(text) > room and cell_len(text[:end]) > room - 1:
        before = max(room // 3, room - cell_len(text[start:])) - 1
        first = start
        while first and cell_len(text[first - 1 : start]) <= min(
            before, room - cell_len(text[start:end]) - 2
        ):
            first -= 1
    more = "…" if first else ""
    return Content.assemble(more + text[first:start], (text[start:end], "bold $primary"), text[end:])
