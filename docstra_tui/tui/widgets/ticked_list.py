"""What is ticked, above the tree: a few rows with their tokens. Shows and reports, reads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message

from docstra_tui.context.picks import Pick
from docstra_tui.text import shown_name
from docstra_tui.tui.widgets.file_lines import fit, shown_note
from docstra_tui.tui.widgets.row_list import RowList
from docstra_tui.workspace.files.tick_notes import TickNotes

ROWS = 5
"""More are scrolled to: the tree needs the room."""


class TickedList(RowList):
    """The ticked files and lines, in the order of the tree."""

    DEFAULT_CSS = """
    TickedList {
        height: auto;
        max-height: 30%;
        scrollbar-background: $surface;
        scrollbar-background-hover: $surface;
        display: none;
        border-bottom: solid $panel;
    }
    TickedList.-some { display: block; }
    """

    IS_CURSOR_KEPT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", tooltip="One row up", id="ticked.up", show=False),
        Binding("down,j", "move(1)", "Down", tooltip="One row down", id="ticked.down", show=False),
        Binding(
            "space,delete,backspace", "untick", "Untick", tooltip="No longer send this", id="ticked.untick"
        ),
        Binding("enter", "show", "Preview", tooltip="Look at the file", id="ticked.show"),
        Binding("t", "leave", "Tree", tooltip="Back to the tree", id="ticked.leave"),
    ]

    class Unticked(Message):
        """This is not wanted any more."""

        def __init__(self, pick: Pick) -> None:
            super().__init__()
            self.pick = pick

    class PreviewRequested(Message):
        """Somebody wants to look at this."""

        def __init__(self, pick: Pick) -> None:
            super().__init__()
            self.pick = pick

    class TreeWanted(Message):
        """The cursor wants to go to the tree."""

    class RowChanged(Message):
        """The cursor is on another row."""

    def __init__(self) -> None:
        super().__init__()
        self._picks: tuple[Pick, ...] = ()
        self._notes = TickNotes()

    def show_picks(self, picks: Sequence[Pick]) -> None:
        """These are ticked."""
        self._picks = tuple(picks)
        self.set_class(bool(picks), "-some")
        self.styles.height = min(len(picks), ROWS) + 1  # and the line below
        self.rows_changed()
        if not picks and self.has_focus:
            self.post_message(self.TreeWanted())

    def show_notes(self, notes: TickNotes) -> None:
        """What stands at the right of them."""
        self._notes = notes
        self.refresh()

    @property
    def pick(self) -> Pick | None:
        """The one under the cursor."""
        return self._picks[self.cursor] if 0 <= self.cursor < len(self._picks) else None

    def action_move(self, step: int) -> None:
        if step > 0 and self.cursor >= len(self._picks) - 1:
            self.post_message(self.TreeWanted())
        self.cursor += step

    def action_untick(self) -> None:
        if self.pick is not None:
            self.post_message(self.Unticked(self.pick))

    def action_show(self) -> None:
        if self.pick is not None:
            self.post_message(self.PreviewRequested(self.pick))

    def action_leave(self) -> None:
        self.post_message(self.TreeWanted())

    def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._picks):
            self.cursor = index
            if event.x < 4:
                self.action_untick()
            elif event.chain == 2:
                self.action_show()

    def count_rows(self) -> int:
        return len(self._picks)

    def cursor_moved(self) -> None:
        self.post_message(self.RowChanged())

    def on_focus(self) -> None:
        self.post_message(self.RowChanged())

    def draw_row(self, index: int, width: int) -> Content:
        pick = self._picks[index]
        folder, slash, name = pick.path.rpartition("/")
        shown = shown_name(name) + pick.label[len(pick.path) :]
        note = self._notes.of_lines(pick.path, pick.start_line, pick.end_line)
        wrong = note.tone == "error"
        line = Content.assemble(" ", ("✓" if not wrong else "!", "$error" if wrong else "$primary"), " ")
        right = shown_note(note)
        rest = width - 2 - line.cell_length - right.cell_length - len(shown)
        if folder and rest > 6:
            where = shown_name(folder + slash)
            where = where if len(where) <= rest else "…" + where[len(where) - rest + 1 :]
            line += Content.assemble((where, "$muted"))
        line += Content.assemble((shown, "$error" if wrong else ""))
        return fit(line, right, width)
