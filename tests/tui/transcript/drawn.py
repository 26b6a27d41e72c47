"""Text drawn without a screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docstra_tui.tui.transcript.blocks.drawing import DrawnBlock
from docstra_tui.tui.transcript.blocks.growing import Growing
from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.layout.incoming import ingest
from docstra_tui.workspace.colouring.process import find_lexer, lines_of


def draw(pieces: str | Sequence[str], width: int = 40, *, ended: bool = True) -> list[Line]:
    """The lines of an answer that came in `pieces`."""
    growing = Growing()
    for piece in [pieces] if isinstance(pieces, str) else pieces:
        growing.feed(ingest(piece))
        growing.advance()
    if ended:
        growing.advance(ended=True)
    return draw_blocks(growing, width)


def draw_blocks(growing: Growing, width: int) -> list[Line]:
    """The lines of what was parsed so far, with all the colours it can have."""
    lines: list[Line] = []
    for block in (*growing.blocks, *growing.tail):
        drawn = DrawnBlock(block, width)
        paint(drawn.code(0, drawn.height))
        lines += [drawn.line(row) for row in range(drawn.height)]
    return lines


def paint(code: Iterable[SourceLines]) -> None:
    """Give code that is whole its colours, at once and without a process."""
    for lines in code:
        if lines.wants_colours:
            lines.paint(list(lines_of(find_lexer(lines.language), lines.code)), is_all=True)


def texts(pieces: str | Sequence[str], width: int = 40, *, ended: bool = True) -> list[str]:
    """The lines as plain text, without spaces at their ends."""
    return [line.text.rstrip() for line in draw(pieces, width, ended=ended)]


def looks(lines: Sequence[Line]) -> list[tuple[object, str, int]]:
    """Everything that is drawn, to compare."""
    return [(line.bits, line.joint, line.indent) for line in lines]
