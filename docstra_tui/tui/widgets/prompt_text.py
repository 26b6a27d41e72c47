"""A prompt line by line: what the model has read already, where that ends, and what is new.

A sign in front of each line says the same as the colour. Only sees text that is safe to show; wraps it
hard, since what the model reads has no lines of a screen's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, Literal, NamedTuple

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


class Cite(NamedTuple):
    """A line of a part in which something stands that an answer cites."""

    kind: Kind
    line: int
    number: int
    """Which citation it is."""
    sign: str


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
        Binding(
            "right_parenthesis",
            "citation(1)",
            "Next reference",
            tooltip="To the next place that the answer cites",
            id="prompt.citation-next",
        ),
        Binding(
            "left_parenthesis",
            "citation(-1)",
            "Reference before",
            tooltip="To the place before that the answer cites",
            id="prompt.citation-before",
        ),
        Binding("b", "border", "Where it breaks", tooltip="To the first new token", id="prompt.border"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[tuple[Kind, str], ...] = ()
        self._rows: list[tuple[Kind, str, str]] = []
        """The part, the sign of what is cited there, the text."""
        self._cites: dict[tuple[Kind, int], Cite] = {}
        self._places: list[tuple[int, int]] = []
        """Rows in which something cited begins, and which citation that is."""
        self._marked = -1
        self._width = 0

    def cite(self, cites: Sequence[Cite], marked: int) -> None:
        """What is cited where in the prompt that is shown next; it begins at the citation `marked`."""
        self._cites = {}
        for cite in cites:
            at = (cite.kind, cite.line)
            if at not in self._cites or cite.number == marked:
                self._cites[at] = cite
        self._marked = marked

    def show(self, reused: str, border: str, new: str) -> None:
        """Show a prompt in its two parts, with a line between them."""
        parts: list[tuple[Kind, str]] = [("reused", reused), ("border", border), ("new", new)]
        self._parts = tuple((kind, text) for kind, text in parts if text)
        self._wrap()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        found = [row for row, number in self._places if number == self._marked]
        if found:
            self._go_to(found[0])
        else:
            self.action_border()

    def action_citation(self, step: int) -> None:
        """To the next place that is cited, or the one before."""
        here = self.scroll_offset.y + self._above
        rows = [row for row, _ in self._places if (row > here if step > 0 else row < here)]
        if rows:
            self._go_to(rows[0] if step > 0 else rows[-1])

    @property
    def _above(self) -> int:
        return self.size.height // 3

    def _go_to(self, row: int) -> None:
        self.scroll_to(y=max(0, row - self._above), animate=False)

    def on_resize(self, event: Resize) -> None:
        if self._parts and self.scrollable_content_region.width != self._width:
            self._wrap()

    def action_border(self) -> None:
        """Bring the first new token into view, with a bit of what stands before it."""
        at = next((row for row, (kind, _, _) in enumerate(self._rows) if kind == "border"), 0)
        self._go_to(at)

    def _wrap(self) -> None:
        self._width = self.scrollable_content_region.width
        width = max(1, self._width - GUTTER)
        self._rows, self._places, last = [], [], -1
        for kind, text in self._parts:
            for at, line in enumerate(text.split("\n")):
                parts = wrap(line, max(1, width - 2)) if kind == "border" else _chopped(line, width)
                cite = self._cites.get((kind, at))
                if cite is not None and cite.number != last:
                    self._places.append((len(self._rows), cite.number))
                last = cite.number if cite is not None else -1
                self._rows += [(kind, cite.sign if cite is not None else "", part) for part in parts]
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        kind, cited, text = self._rows[at]
        sign, sign_colour, colour = SIGNS[kind]
        if kind == "border":
            text = (f" {text} " if text else "").ljust(max(0, self._width - GUTTER), "─")
        if cited:
            sign, sign_colour = sign[0] + cited, "$warning"
        line = Content.assemble((sign, sign_colour), (text, colour))
        strips = Visual.to_strips(self, line, max(1, line.cell_length), 1, self.visual_style)
        return strips[0].adjust_cell_length(width, self.rich_style)


def _chopped(line: str, width: int) -> list[str]:
    if not line:
        return [""]
    if line.isascii():
        return [line[start : start + width] for start in range(0, len(line), width)]
    return list(chop_cells(line, width))
