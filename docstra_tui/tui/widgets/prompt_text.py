"""A prompt line by line: what the model has read already, where that ends, and what is new.

A sign in front of each line says the same as the colour. Only sees text that is safe to show; wraps it
hard, since what the model reads has no lines of a screen's width.
"""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar, Literal

from rich.cells import chop_cells
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Kind = Literal["reused", "border", "new"]
SIGNS: dict[Kind, tuple[str, str, str]] = {
    "reused": ("= ", "$muted", "$muted"),
    "border": ("──", "$warning", "$warning"),
    "new": ("+ ", "$success", "$foreground"),
}
"""The sign, its colour, and that of the text."""
GUTTER = 2


class PromptText(ScrollView, can_focus=True):
    """The prompt of the next question."""

    DEFAULT_CSS = """
    PromptText {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;  /* text is wrapped before anybody knows whether there is a bar */
        scrollbar-size-horizontal: 0;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", tooltip="One line down", id="prompt.down", show=False),
        Binding("up,k", "scroll_up", "Up", tooltip="One line up", id="prompt.up", show=False),
        Binding("b", "border", "Where it breaks", tooltip="To the first new token", id="prompt.border"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[tuple[Kind, str], ...] = ()
        self._rows: list[tuple[Kind, str]] = []
        self._width = 0

    def show(self, reused: str, border: str, new: str) -> None:
        """Show a prompt in its two parts, with a line between them."""
        parts: list[tuple[Kind, str]] = [("reused", reused), ("border", border), ("new", new)]
        self._parts = tuple((kind, text) for kind, text in parts if text)
        self._wrap()
        self.call_after_refresh(self.action_border)

    def on_resize(self, event: Resize) -> None:
        if self._parts and self.scrollable_content_region.width != self._width:
            self._wrap()

    def action_border(self) -> None:
        """Bring the first new token into view, with a bit of what stands before it."""
        at = next((row for row, (kind, _) in enumerate(self._rows) if kind == "border"), 0)
        self.scroll_to(y=max(0, at - self.size.height // 3), animate=False)

    def _wrap(self) -> None:
        self._width = self.scrollable_content_region.width
        width = max(1, self._width - GUTTER)
        self._rows = []
        for kind, text in self._parts:
            for line in text.split("\n"):
                parts = wrap(line, max(1, width - 2)) if kind == "border" else _chopped(line, width)
                self._rows += [(kind, part) for part in parts]
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        kind, text = self._rows[at]
        sign, sign_colour, colour = SIGNS[kind]
        if kind == "border":
            text = (f" {text} " if text else "").ljust(max(0, self._width - GUTTER), "─")
        line = Content.assemble((sign, sign_colour), (text, colour))
        strips = Visual.to_strips(self, line, max(1, line.cell_length), 1, self.visual_style)
        return strips[0].adjust_cell_length(width, self.rich_style)


def _chopped(line: str, width: int) -> list[str]:
    if not line:
        return [""]
    if line.isascii():
        return [line[start : start + width] for start in range(0, len(line), width)]
    return list(chop_cells(line, width))
