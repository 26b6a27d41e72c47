"""Finding words in a conversation: in the text as it was written, then in the lines that are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from docstra_tui.tui.transcript.lines import Line
from docstra_tui.tui.transcript.turn import Turn

MOST = 10_000
"""Matches that are kept."""


@dataclass(frozen=True)
class Match:
    """Where the words stand in the text of a turn."""

    turn: int
    in_question: bool
    offset: int


def folded(text: str, words: str) -> str:
    """`text` without its capitals, unless `words` has some."""
    return text if any(character.isupper() for character in words) else text.lower()


def find_all(turns: Sequence[Turn], words: str) -> list[Match]:
    """Every match, from the first turn to the last."""
    matches: list[Match] = []
    if not words:
        return matches
    for index, turn in enumerate(turns):
        if len(matches) >= MOST:
            break
        for in_question, text in ((True, turn.question), (False, turn.answer)):
            text = folded(text, words)
            at = text.find(words)
            while at >= 0 and len(matches) < MOST:
                matches.append(Match(index, in_question, at))
                at = text.find(words, at + len(words))
    return matches


def cells_of(line: Line, words: str) -> list[tuple[int, int]]:
    """The cells of every match in a drawn line."""
    text = folded(line.text, words)
    found: list[tuple[int, int]] = []
    at = text.find(words) if words else -1
    while at >= 0:
        first = cell_len(text[:at])
        found.append((first, first + cell_len(text[at : at + len(words)])))
        at = text.find(words, at + len(words))
    return found


def row_of(turn: Turn, match: Match, words: str, width: int) -> tuple[int, int]:
    """The row and the cell of a match in its turn; the block's first row where a break runs through it."""
    blocks = turn.blocks(width)
    first, end, count = 1, turn.body_row, 0
    if match.in_question:
        count = folded(turn.question[: match.offset], words).count(words)
    else:
        for block, block_first, block_end in blocks:
            if block.start <= match.offset or first == 1:
                first, end = block_first, block_end
                count = folded(turn.answer[block.start : match.offset], words).count(words)
            if match.offset < block.end:
                break
    last: tuple[int, int] | None = None
    for row in range(first, end):
        for cell, _ in cells_of(turn.line(row), words):
            last = (row, cell)
            if not count:
                return last
            count -= 1
    return last or (first, 0)
