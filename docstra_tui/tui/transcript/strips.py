"""Lines as Textual draws them: margins, colours, and what is laid over."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.blocks.look import Palette

MARGIN = 2
"""Empty cells left and right of the text; the mark of the current block stands in the first, and the sign of
what was looked up."""

Overlay = tuple[int, int, str]
"""The first cell of a line and the one after the last, and the component class that is laid over them."""


def draw_line(
    line: Line,
    width: int,
    palette: Palette,
    overlays: Iterable[Overlay],
    *,
    is_marked: bool,
    sign: tuple[str, str] | None = None,
) -> Strip:
    """A line with its margins, and all that lies over it."""
    strip = _plain(line, width, palette)
    for first, end, name in overlays:
        end = min(end, max(1, line.cells))
        strip = _lay_over(strip, MARGIN + first, MARGIN + end, palette.component(name))
    if sign is not None:
        glyph, name = sign
        style = palette.ground + Style(color=palette.component(name).color, bold=True)
        at = int(is_marked)  # beside the mark, where there is one
        strip = Strip.join([strip.crop(0, at), Strip([Segment(glyph, style)], 1), strip.crop(at + 1, width)])
    if is_marked:
        mark = Strip([Segment("▎", palette.ground + palette.component(look.MARK))], 1)
        strip = Strip.join([mark, strip.crop(1, width)])
    return strip


def _plain(line: Line, width: int, palette: Palette) -> Strip:
    """The line alone; neighbours of one look are one segment, each costs its colours."""
    style = palette.style
    used = MARGIN + line.cells
    segments: list[Segment] = []
    text, before = " " * MARGIN, style(look.PLAIN)
    for piece, number in (*line.bits, (" " * max(0, width - used), look.PLAIN)):
        now = style(number)
        if now is before:
            text += piece
            continue
        if text:
            segments.append(Segment(text, before))
        text, before = piece, now
    if text:
        segments.append(Segment(text, before))
    strip = Strip(segments, max(used, width))
    return strip if used <= width else strip.crop(0, width)


def _lay_over(strip: Strip, first: int, end: int, style: Style) -> Strip:
    if end <= first:
        return strip
    length = strip.cell_length
    middle = strip.crop(first, end)
    laid = Strip([Segment(text, (old or Style()) + style) for text, old, _ in middle], middle.cell_length)
    return Strip.join([strip.crop(0, first), laid, strip.crop(end, length)])
