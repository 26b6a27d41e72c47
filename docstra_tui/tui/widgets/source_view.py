"""Source code with line numbers, drawn line by line; it only sees text that is safe to show.

Has a cursor line, and lines marked from where Shift or `v` began; reports where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from docstra_tui.tui.theming.colours import row_style
from docstra_tui.tui.widgets.own_keys import OwnKeys

LONGEST = 5_000
"""Cells of one line that are drawn; a minified file has one line of a megabyte."""


class SourceView(OwnKeys, ScrollView, can_focus=True):
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
        Binding("down,j", "move(1)", "Down", tooltip="One line down", id="source.down", show=False),
        Binding("up,k", "move(-1)", "Up", tooltip="One line up", id="source.up", show=False),
        Binding("shift+down", "mark(1)", "Mark down", tooltip="Mark lines downwards", id="source.mark_down"),
        Binding("shift+up", "mark(-1)", "Mark up", tooltip="Mark lines upwards", id="source.mark_up"),
        Binding("v", "begin_mark", "Mark", tooltip="Mark lines from here, or no longer", id="source.mark"),
        Binding("pagedown", "page(1)", "Page down", tooltip="One page down", id="source.page_down"),
        Binding("pageup", "page(-1)", "Page up", tooltip="One page up", id="source.page_up"),
        Binding("home,g", "edge(-1)", "First", tooltip="The first line", id="source.first", show=False),
        Binding("end,G", "edge(1)", "Last", tooltip="The last line", id="source.last", show=False),
        Binding("right,l", "scroll_right", "Right", tooltip="Further right", id="source.right", show=False),
        Binding("left,h", "scroll_left", "Left", tooltip="Further left", id="source.left", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class LinesChanged(Message):
        """The cursor or the mark is somewhere else."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Content] = []
        self._gutter = 0
        self._is_source = False
        self._anchor: int | None = None
        self._ticked: tuple[tuple[int, int], ...] = ()
        self._offered: tuple[int, int] | None = None
        """Lines that somebody may tick."""
        self._quoted: tuple[int, int] | None = None
        """Lines that stand out whatever is marked."""

    def show(self, lines: Sequence[Content], *, cursor: int = 1) -> None:
        """Show these lines, numbered from 1."""
        self._lines = [_cut(line) for line in lines]
        self._is_source = True
        self._gutter = len(str(len(self._lines))) + 3
        widest = max((line.cell_length for line in self._lines), default=0)
        self.virtual_size = Size(widest + self._gutter + 1, len(self._lines))
        self.cursor = self.validate_cursor(cursor - 1)
        self.refresh()

    def repaint_lines(self, first: int, lines: Sequence[Content]) -> None:
        """The same lines from `first` (from 0) on, in other colours."""
        for index, line in enumerate(lines, first):
            self._lines[index] = _cut(line)
            self.refresh_line(index)

    def say(self, text: Content) -> None:
        """Show a sentence instead of a file."""
        self._lines, self._is_source, self._gutter = text.split("\n"), False, 1
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def show_ticked(self, ranges: Sequence[tuple[int, int]]) -> None:
        """These lines are ticked; the mark has done its work."""
        self._ticked = tuple(ranges)
        self._anchor = None
        self.refresh()
        self.post_message(self.LinesChanged())

    def offer(self, lines: tuple[int, int] | None) -> None:
        """A line stands beside these: they are what a key ticks now."""
        self._offered = lines
        self.refresh()

    def quote(self, lines: tuple[int, int] | None) -> None:
        """An answer is about these."""
        self._quoted = lines
        self.refresh()

    def go_to(self, line: int) -> None:
        """The cursor is in this line, with as much above it as fits into a third of the view."""
        self.cursor = line - 1
        self.scroll_to(y=max(0, self.cursor - self.size.height // 3), animate=False, force=True)

    @property
    def has_lines(self) -> bool:
        """True when there is something that can be ticked."""
        return self._is_source and bool(self._lines)

    @property
    def marked(self) -> tuple[int, int] | None:
        """The first and last marked line; None when none is marked."""
        if self._anchor is None or not self.has_lines:
            return None
        return min(self._anchor, self.cursor) + 1, max(self._anchor, self.cursor) + 1

    @property
    def ticked_here(self) -> tuple[int, int] | None:
        """The ticked lines that the cursor is in."""
        line = self.cursor + 1
        return next((lines for lines in self._ticked if lines[0] <= line <= lines[1]), None)

    def action_move(self, step: int) -> None:
        self.cursor += step

    def action_mark(self, step: int) -> None:
        if self._anchor is None:
            self._anchor = self.cursor
        self.cursor += step
        self.refresh()

    def action_begin_mark(self) -> None:
        self._anchor = self.cursor if self._anchor is None else None
        self.refresh()
        self.post_message(self.LinesChanged())

    def action_page(self, step: int) -> None:
        self.cursor += step * max(1, self.size.height - 1)

    def action_edge(self, step: int) -> None:
        self.cursor = 0 if step < 0 else len(self._lines) - 1

    def on_click(self, event: Click) -> None:
        self.cursor = event.y + self.scroll_offset.y

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._lines) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if self._anchor is not None:
            self.refresh()
        else:
            self.refresh_line(old)
            self.refresh_line(new)
        self.scroll_to_region(Region(self.scroll_offset.x, new, 1, 1), animate=False, force=True)
        self.post_message(self.LinesChanged())

    def refresh_line(self, y: int) -> None:
        """Draw one line of the file again."""
        self.refresh(Region(0, y - self.scroll_offset.y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        room = max(1, width - self._gutter)
        left = self.scroll_offset.x
        line = self._lines[index]
        ground = self._ground(index)
        if ground:
            line = line.stylize(ground)
        full = Visual.to_strips(self, line, max(1, line.cell_length), 1, self.visual_style)
        code = full[0].crop(left, left + room) if full else Strip.blank(0)
        gutter = Visual.to_strips(self, self._number(index), self._gutter, 1, self.visual_style)[0]
        strip = Strip.join([gutter, code])
        if ground:
            rest = Content(" " * max(0, width - strip.cell_length)).stylize(ground)
            if rest.cell_length:
                blank = Visual.to_strips(self, rest, rest.cell_length, 1, self.visual_style)[0]
                strip = Strip.join([strip, blank])
        return strip.adjust_cell_length(width, self.rich_style)

    def _number(self, index: int) -> Content:
        if not self._is_source:
            return Content(" ")
        is_ticked = any(first <= index + 1 <= last for first, last in self._ticked)
        is_offered = self._offered is not None and self._offered[0] <= index + 1 <= self._offered[1]
        bar = ("▌", "$primary") if is_ticked else ("│", "$primary") if is_offered else " "
        bar = ("▶", "$warning") if self._is_quoted(index) else bar
        colour = "$foreground" if index == self.cursor else "$muted"
        return Content.assemble(bar, (f"{index + 1:>{self._gutter - 2}} ", colour))

    def _ground(self, index: int) -> str:
        if not self._is_source:
            return ""
        marked = self.marked
        if (marked is not None and marked[0] <= index + 1 <= marked[1]) or self._is_quoted(index):
            return row_style(self)
        return row_style(self, is_active=False) if index == self.cursor else ""

    def _is_quoted(self, index: int) -> bool:
        return self._quoted is not None and self._quoted[0] <= index + 1 <= self._quoted[1]


def _cut(line: Content) -> Content:
    return line if len(line) <= LONGEST else line[:LONGEST] + Content("…")
