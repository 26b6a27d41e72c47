"""Where matches stand in the lines that are drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.searching import Match, folded, places_of


def cells_of(line: Line, words: str) -> list[tuple[int, int]]:
    """The cells of every match in a drawn line."""
    text = line.text
    found: list[tuple[int, int]] = []
    for at in places_of(folded(text, words), words) if words else ():
        first = cell_len(text[:at])
        found.append((first, first + cell_len(text[at : at + len(words)])))
    return found


def row_of(match: Match, beside: Sequence[Match], words: str, width: int) -> tuple[int, int]:
    """The row and the cell of a match in its turn; `beside` are all matches there.

    The first row of its block where it is not in sight: in a folded block, in signs of Markdown.
    """
    turn = match.turn
    blocks = turn.blocks(width)
    first, end, start = 1, turn.body_row, 0
    if match.part == "thinking":
        first, end = turn.body_row + 1, turn.answer_row
    elif match.part == "answer":
        for index, (block, block_first, block_end) in enumerate(blocks):
            if block.start <= match.offset or not index:
                first, end, start = block_first, block_end, block.start
            if match.offset < block.end:
                break
    before = sum(1 for other in beside if other.part == match.part and start <= other.offset < match.offset)
    last = (first, 0)
    for spot in _drawn(turn, first, end, words):
        last = spot
        if not before:
            break
        before -= 1
    return last


def _drawn(turn: Turn, first: int, end: int, words: str) -> Iterator[tuple[int, int]]:
    """The row and cell of every match in these rows; lines that were broken to fit are one again."""
    texts: list[str] = []
    starts: list[int] = []
    rows: list[tuple[int, int]] = []
    size = 0
    for row in range(first, end + 1):
        line = turn.line(row) if row < end else None
        if texts and (line is None or line.joint == "\n"):
            text = "".join(texts)
            for at in places_of(folded(text, words), words):
                index = bisect_right(starts, at) - 1
                yield rows[index][0], rows[index][1] + cell_len(text[starts[index] : at])
            texts, starts, rows, size = [], [], [], 0
        if line is not None:
            lead, text = (0, line.text) if not texts else (line.indent, line.content)
            text = (line.joint if texts else "") + text
            starts.append(size + (len(line.joint) if texts else 0))
            rows.append((row, lead))
            texts.append(text)
            size += len(text)
