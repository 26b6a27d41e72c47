"""Source code with line numbers, drawn line by line; it only sees text that is safe to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

LONGEST = 5_000
"""Cells of one line that are drawn; a minified file has one line of a megabyte."""


class SourceView(ScrollView, can_focus=True):
    """A file to look at."""

    DEFAULT_CSS = """
    SourceView {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", tooltip="One line down", id="source.down", show=False),
        Binding("up,k", "scroll_up", "Up", tooltip="One line up", id="source.up", show=False),
        Binding("right,l", "scroll_right", "Right", tooltip="Further right", id="source.right", show=False),
        Binding("left,h", "scroll_left", "Left", tooltip="Further left", id="source.left", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Content] = []
        self._gutter = 0

    def show(self, lines: Sequence[Content]) -> None:
        """Show these lines, numbered from 1."""
        self._lines = [line if len(line) <= LONGEST else line[:LONGEST] + Content("…") for line in lines]
        self._gutter = len(str(len(self._lines))) + 2
        widest = max((line.cell_length for line in self._lines), default=0)
        self.virtual_size = Size(widest + self._gutter + 1, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        number = Content.assemble((f"{index + 1:>{self._gutter - 1}} ", "$muted"))
        room = max(1, width - self._gutter)
        left = self.scroll_offset.x
        line = self._lines[index]
        full = Visual.to_strips(self, line, max(1, line.cell_length), 1, self.visual_style)
        code = full[0].crop(left, left + room) if full else Strip.blank(0)
        gutter = Visual.to_strips(self, number, self._gutter, 1, self.visual_style)[0]
        return Strip.join([gutter, code]).adjust_cell_length(width, self.rich_style)
