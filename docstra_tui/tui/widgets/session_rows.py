"""The rows of the sessions screen: projects, sessions, and the lines in which words were found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message

from docstra_tui.tui.widgets.file_lines import fit
from docstra_tui.tui.widgets.found_text import found_text
from docstra_tui.tui.widgets.row_list import RowList
from docstra_tui.workspace.sessions.listing import Row

CURRENT = "●"
"""In front of the session that goes on."""
INDENT = "      "
"""In front of a line that was found."""


class SessionRows(RowList):
    """A cursor goes over what can be opened, and over nothing else."""

    DEFAULT_CSS = """
    SessionRows {
        height: 1fr;
        min-height: 3;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", tooltip="Row before", id="sessions.up", show=False),
        Binding("down,j", "move(1)", "Down", tooltip="Next row", id="sessions.down", show=False),
        Binding("pageup", "page(-1)", "Page up", tooltip="A page up", id="sessions.page_up", show=False),
        Binding(
            "pagedown", "page(1)", "Page down", tooltip="A page down", id="sessions.page_down", show=False
        ),
        Binding("home,g", "edge(-1)", "First", tooltip="To the first row", id="sessions.first", show=False),
        Binding("end,G", "edge(1)", "Last", tooltip="To the last row", id="sessions.last", show=False),
        Binding("enter", "take", "Open", tooltip="Open it; a line that was found, there", id="sessions.open"),
    ]

    class Taken(Message):
        """This is to be opened."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row], *, at: str = "", is_same: bool = False) -> None:
        """Show these; the cursor is on the session `at`, else near where it was in the same list, else on
        the first line that was found, else on the first session."""
        near = self.cursor if is_same else 0
        self._rows = tuple(rows)
        self.rows_changed()
        places = [index for index, row in enumerate(self._rows) if row.can_be_taken]
        wanted = [index for index in places if self._rows[index].session == at]
        if is_same:
            wanted += [index for index in places if index >= near][:1] or places[-1:]
        else:
            self.scroll_to(y=0, animate=False)
            wanted += [index for index in places if self._rows[index].place is not None]
        self.cursor = next(iter((*wanted, *places)), 0)

    @property
    def row(self) -> Row | None:
        """The one under the cursor, where that can be opened."""
        row = self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None
        return row if row is not None and row.can_be_taken else None

    def action_move(self, step: int) -> None:
        self._go(self.cursor + step, step)

    def action_page(self, step: int) -> None:
        rows = max(1, self.size.height - 1)
        self._go(max(0, min(self.cursor + step * rows, len(self._rows) - 1)), step)

    def action_edge(self, step: int) -> None:
        self._go(0 if step < 0 else len(self._rows) - 1, -step)

    def _go(self, index: int, step: int) -> None:
        """To the next row in that direction that can be opened; where there is none, the other way."""
        ahead = range(index, len(self._rows) if step > 0 else -1, 1 if step > 0 else -1)
        behind = range(index, self.cursor, -1 if step > 0 else 1)
        for at in (*ahead, *behind):
            if 0 <= at < len(self._rows) and self._rows[at].can_be_taken:
                self.cursor = at
                return

    def action_take(self) -> None:
        if self.row is not None:
            self.post_message(self.Taken(self.row))

    def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._rows) and self._rows[index].can_be_taken:
            self.cursor = index
            if event.chain == 2:
                self.action_take()

    def count_rows(self) -> int:
        return len(self._rows)

    def draw_row(self, index: int, width: int) -> Content:
        return row_line(self._rows[index], width)


def row_line(row: Row, width: int) -> Content:
    """One row, exactly `width` cells."""
    right = Content.assemble((row.right, "$muted")) if row.right else Content()
    if row.place is not None:
        room = width - 1 - len(INDENT) - (right.cell_length + 1 if right.cell_length else 0)
        return fit(Content(INDENT) + found_text(row.text, *row.found, room), right, width)
    if not row.session:
        return fit(Content.assemble((f" {row.text}", "bold $secondary")), right, width)
    mark = (CURRENT, "$primary") if row.is_current else " "
    return fit(Content.assemble(" ", mark, " ", row.text), right, width)
