"""The files that are offered for a question: a tick box, why, and what each adds to the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message

from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.widgets.file_lines import fit, fit_path
from docstra_tui.tui.widgets.row_list import RowList
from docstra_tui.workspace.files.file_rows import TICKED, UNTICKED

REASON = 20
"""Cells of a reason beside the name, at least."""


@dataclass(frozen=True)
class SuggestedLine:
    """One row."""

    path: str
    reason: str
    weight: str
    tone: Literal["muted", "warning", "error"]
    is_ticked: bool


class SuggestionRows(RowList):
    """A cursor goes over them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", tooltip="Row before", id="suggest.up", show=False),
        Binding("down,j", "move(1)", "Down", tooltip="Next row", id="suggest.down", show=False),
        Binding("home", "edge(-1)", "First", tooltip="To the first row", id="suggest.first", show=False),
        Binding("end", "edge(1)", "Last", tooltip="To the last row", id="suggest.last", show=False),
        Binding("space", "tick", "Tick", tooltip="Tick the file, or no longer", id="suggest.tick"),
        Binding("right,l", "look", "Whole", tooltip="Look at all of it, tick lines", id="suggest.look"),
    ]

    class Ticked(Message):
        """This is to be ticked, or not any more."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Looked(Message):
        """Somebody wants to look at this on a screen of its own."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Moved(Message):
        """The cursor is on another row."""

    def __init__(self, line_of: Callable[[str], SuggestedLine]) -> None:
        """`line_of` says what is so now of one of the paths."""
        super().__init__()
        self._line_of = line_of
        self._paths: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Those that are shown."""
        return self._paths

    @property
    def path(self) -> str | None:
        """The one under the cursor."""
        return self._paths[self.cursor] if 0 <= self.cursor < len(self._paths) else None

    def show(self, paths: Sequence[str]) -> None:
        """Show these; the cursor stays on the file that it is on, where that is still there."""
        at = self.path
        self._paths = tuple(paths)
        self.rows_changed()
        if at is not None and at in self._paths:
            self.cursor = self._paths.index(at)
        self.post_message(self.Moved())

    def action_tick(self) -> None:
        if self.path is not None:
            self.post_message(self.Ticked(self.path))

    def action_look(self) -> None:
        if self.path is not None:
            self.post_message(self.Looked(self.path))

    def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._paths):
            self.cursor = index
            if event.x < 4:
                self.action_tick()
            elif event.chain == 2:
                self.action_look()

    def cursor_moved(self) -> None:
        self.post_message(self.Moved())

    def count_rows(self) -> int:
        return len(self._paths)

    def draw_row(self, index: int, width: int) -> Content:
        return row_line(self._line_of(self._paths[index]), width)


def row_line(line: SuggestedLine, width: int) -> Content:
    """One row, exactly `width` cells; the reason where there is room for it."""
    box = (TICKED, "$primary") if line.is_ticked else (UNTICKED, "$muted")
    mark = Content.assemble(" ", box, " ")
    weight = Content.assemble((line.weight, f"${line.tone}"))
    name = shown_name(line.path)
    room = width - 3 - mark.cell_length - Content(name).cell_length - weight.cell_length - 2
    if line.reason and room >= REASON:
        left = mark + Content.assemble(name, "  ", (sanitize_line(line.reason), "$muted"))
        return fit(left.truncate(width - weight.cell_length - 3, ellipsis=True), weight, width)
    return fit_path(mark, name, weight, width)
