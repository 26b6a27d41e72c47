"""A stretch of the conversation that was selected, and the text in it."""

from __future__ import annotations

from dataclasses import dataclass

from docstra_tui.tui.transcript.document import Document
from docstra_tui.tui.transcript.lines import cut_cells


@dataclass(frozen=True, order=True)
class Spot:
    """A cell of the conversation."""

    turn: int
    row: int
    cell: int


@dataclass(frozen=True)
class Selected:
    """From one spot to another; `end` is the last cell that belongs to it."""

    start: Spot
    end: Spot

    @classmethod
    def between(cls, one: Spot, other: Spot) -> Selected:
        """In either order."""
        return cls(min(one, other), max(one, other))

    def cells(self, turn: int, row: int) -> tuple[int, int] | None:
        """The selected cells of a row: the first and the one after the last."""
        here = (turn, row)
        start, end = (self.start.turn, self.start.row), (self.end.turn, self.end.row)
        if not start <= here <= end:
            return None
        first = self.start.cell if here == start else 0
        last = self.end.cell + 1 if here == end else 1 << 30
        return first, last


def selected_text(document: Document, selected: Selected) -> str:
    """What is selected: lines that were broken to fit are one again, decoration is left out."""
    parts: list[str] = []
    y = document.top(selected.start.turn) + selected.start.row
    end = document.top(selected.end.turn) + selected.end.row
    while y <= end:
        turn, row = document.find(y)
        line = document.line(y)
        cells = selected.cells(turn, row) or (0, 0)
        y += 1
        if line.cells and line.indent >= line.cells:
            continue
        is_joined = line.joint != "\n" and parts
        first = max(line.indent, cells[0])
        text = cut_cells(cut_cells(line.text, cells[1])[0], first)[1]
        if is_joined:
            parts.append(line.joint + text.lstrip(" "))
        else:
            parts += ["\n" if parts else "", text]
        parts[-1] = parts[-1].rstrip(" ")
    return "".join(parts)
