"""Rows of one line each, drawn one by one, with a cursor on one of them."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.events import Resize
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from docstra_tui.tui.theming.colours import row_style
from docstra_tui.tui.widgets.own_keys import OwnKeys


class RowList(OwnKeys, ScrollView, can_focus=True):
    """Whoever has rows says how many, and what is in each."""

    DEFAULT_CSS = """
    RowList {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
    }
    """

    IS_CURSOR_KEPT: ClassVar[bool] = True
    """The cursor is shown also while other widgets hear the keys."""

    cursor: reactive[int] = reactive(0)

    def count_rows(self) -> int:
        """How many there are."""
        raise NotImplementedError

    def draw_row(self, index: int, width: int) -> Content:
        """One of them, exactly `width` cells."""
        raise NotImplementedError

    def cursor_moved(self) -> None:
        """The cursor is on another row."""

    def rows_changed(self) -> None:
        """There are others now."""
        self.virtual_size = Size(self.size.width, self.count_rows())
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def action_move(self, step: int) -> None:
        self.cursor += step

    def action_page(self, step: int) -> None:
        self.cursor += step * max(1, self.size.height - 1)

    def action_edge(self, step: int) -> None:
        self.cursor = 0 if step < 0 else self.count_rows() - 1

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count_rows() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        self.scroll_to_region(Region(0, new, 1, 1), animate=False, force=True)
        self.cursor_moved()

    def on_resize(self, event: Resize) -> None:
        self.rows_changed()

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        if index >= self.count_rows():
            return Strip.blank(width, self.rich_style)
        content = self.draw_row(index, width)
        style = self.visual_style
        if index == self.cursor and (self.IS_CURSOR_KEPT or self.has_focus):
            content = content.stylize(row_style(self, is_active=self.has_focus))
        return Visual.to_strips(self, content, width, 1, style)[0]
