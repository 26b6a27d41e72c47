"""The file tree: shows rows, moves a cursor, reports what is wanted. It reads no file itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key, Paste
from textual.message import Message

from docstra_tui.context.picks import Pick
from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.file_filter import FileFilter
from docstra_tui.tui.widgets.file_lines import row_line
from docstra_tui.tui.widgets.folder_rows import FolderRows
from docstra_tui.workspace.files.change_marks import ChangeMarks
from docstra_tui.workspace.files.file_rows import TICKED, Row
from docstra_tui.workspace.files.tick_notes import TickNotes


class FileTree(FolderRows):
    """Rows with tick boxes."""

    DEFAULT_CSS = """
    FileTree {
        scrollbar-background: $surface;
        scrollbar-background-hover: $surface;
        overflow-y: auto;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", tooltip="One row up", id="tree.up", show=False),
        Binding("down,j", "move(1)", "Down", tooltip="One row down", id="tree.down", show=False),
        Binding("pageup", "page(-1)", "Page up", tooltip="One page up", id="tree.page_up", show=False),
        Binding("pagedown", "page(1)", "Page down", tooltip="One page down", id="tree.page_down", show=False),
        Binding("home", "edge(-1)", "First", tooltip="The first row", id="tree.first", show=False),
        Binding("end", "edge(1)", "Last", tooltip="The last row", id="tree.last", show=False),
        Binding(
            "space", "tick", "Tick", tooltip="Tick the file, or every file of the folder", id="tree.tick"
        ),
        Binding("enter", "show", "Preview", tooltip="Look at the file; open a folder", id="tree.show"),
        Binding("right,l", "open", "Open", tooltip="Open the folder", id="tree.open", show=False),
        Binding(
            "left,h", "close", "Close", tooltip="Close the folder, or go to it", id="tree.close", show=False
        ),
        Binding("slash", "filter", "Filter", tooltip="Find a file by a few of its letters", id="tree.filter"),
        Binding(
            "c",
            "tick_changed",
            "Changed",
            tooltip="Tick what changed since the last commit, or untick it",
            id="tree.changed",
            show=False,
        ),
        Binding("t", "to_ticked", "Ticked", tooltip="Go to the ticked files and back", id="tree.ticked"),
        Binding(
            "full_stop", "toggle_hidden", "Hidden", tooltip="Show hidden files, or not", id="tree.hidden"
        ),
        Binding(
            "i", "toggle_ignored", "Ignored", tooltip="Show what .gitignore hides, or not", id="tree.ignored"
        ),
        Binding("r", "list_again", "List again", tooltip="Look again what is in the folder", id="tree.list"),
    ]

    class FolderTicked(Message):
        """Every file below a folder is wanted."""

        def __init__(self, folder: str) -> None:
            super().__init__()
            self.folder = folder

    class ChangedTicked(Message):
        """Every file that git says is changed is wanted."""

    class TicksChanged(Message):
        """Other files are ticked now."""

        def __init__(self, picks: tuple[Pick, ...], *, is_checked: bool = False) -> None:
            super().__init__()
            self.picks = picks
            """In tree order."""
            self.is_checked = is_checked
            """Nobody is asked about the new ones now: they hold no secrets, or that is asked about before
            they are sent."""

    class FilterChanged(Message):
        """Something else is looked for; None: nothing any more."""

        def __init__(self, query: str | None) -> None:
            super().__init__()
            self.query = query

    class RowChanged(Message):
        """The cursor is on another row."""

    class TickedWanted(Message):
        """The cursor wants to go to the ticked files above the tree."""

    class PreviewRequested(Message):
        """Somebody wants to look at a file."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Refused(Message):
        """Somebody wanted a file that cannot be picked."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self.notes = TickNotes()
        """What stands at the right of ticked files."""
        self.changes = ChangeMarks()
        self._filter = FileFilter()

    # What the screen tells the tree

    def put_ticked(self, folder: str, paths: tuple[str, ...]) -> None:
        """The files below a folder that were asked for; none of them may hold secrets."""
        self.model.tick_whole(folder, paths)
        self._ticks_changed(is_checked=True)

    def put_picks(self, picks: Iterable[Pick], *, is_checked: bool = False) -> None:
        """Tick these too. `is_checked` as in `TicksChanged`."""
        self.model.tick_picks(picks)
        self._ticks_changed(is_checked=is_checked)

    def put_mentioned(self, picks: Iterable[Pick]) -> None:
        """Tick these too, for a question that names them; of a file that is ticked nothing is taken away."""
        self.model.mention(picks)
        self._ticks_changed()

    def set_ticked(self, picks: Iterable[Pick], *, is_checked: bool = False) -> None:
        """Exactly these are ticked. `is_checked` as in `TicksChanged`."""
        self.model.untick_below("")
        self.put_picks(picks, is_checked=is_checked)

    def untick(self, pick: Pick) -> None:
        """This is not ticked any more."""
        self.model.untick(pick)
        self._ticks_changed()

    def show_notes(self, notes: TickNotes) -> None:
        """What stands at the right of ticked files now."""
        self.notes = notes
        self.refresh()

    def show_changes(self, changes: ChangeMarks) -> None:
        """What git says of the files now."""
        self.changes = changes
        self.refresh()

    def show_found(self, query: str, rows: list[Row], *, is_final: bool) -> None:
        """What the filter found; an answer that comes too late changes nothing."""
        if self.sought != query or not query:
            return
        is_new = self._filter.find(query)
        self.model.found = rows
        self.rows_changed()
        if is_new:
            self.cursor = 0
        if is_final or rows[0].kind == "file":
            self._filter.act()
        self.post_message(self.RowChanged())

    @property
    def has_found(self) -> bool:
        """True while the rows are those of what is looked for."""
        return self._filter.has_found

    @property
    def sought(self) -> str | None:
        """What is looked for; None while the tree is shown."""
        return self._filter.query

    @property
    def ticked(self) -> tuple[str, ...]:
        """The labels of what is ticked, in tree order."""
        return self.model.in_tree_order()

    @property
    def picks(self) -> tuple[Pick, ...]:
        """What is ticked, in tree order."""
        return self.model.picks

    # What the user does

    def action_move(self, step: int) -> None:
        if step < 0 and self.cursor == 0:
            self.post_message(self.TickedWanted())
        self.cursor += step

    def action_tick(self) -> None:
        if self._filter.waits(self.action_tick):
            return
        row = self.row
        if row is None or not row.can_be_picked:
            if row is not None and row.kind == "file":
                self.post_message(self.Refused(row))
            return
        if row.kind == "file":
            self.model.tick([row.path], not self.model.is_ticked(row.path))
            self._ticks_changed()
        elif self.model.mark(row) == TICKED:
            self.model.untick_below(row.path)
            self._ticks_changed()
        else:
            self.post_message(self.FolderTicked(row.path))

    def action_tick_changed(self) -> None:
        changed = self.changes.to_tick
        if changed and all(map(self.model.is_ticked, changed)):
            self.model.tick(changed, False)
            self._ticks_changed()
        else:
            self.post_message(self.ChangedTicked())

    def action_show(self) -> None:
        if self._filter.waits(self.action_show):
            return
        row = self.row
        if row is None:
            return
        if row.kind == "folder":
            self.set_open(row.path, None)
        elif row.kind == "file" and (not row.reason or self.sought):
            self.post_message(self.PreviewRequested(row.path))
        elif row.kind == "error":
            self.post_message(self.FolderNeeded(row.path))
        elif row.kind == "file":
            self.post_message(self.Refused(row))

    def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        rows = self.model.rows()
        if not 0 <= index < len(rows):
            return
        self.cursor = index
        column = 1 + 2 * rows[index].depth
        if column + 2 <= event.x < column + 4 or (rows[index].kind == "file" and event.x < column + 4):
            self.action_tick()
        elif rows[index].kind == "folder" or event.chain == 2:
            self.action_show()

    # The filter: letters go to the query, whatever they do elsewhere

    def action_filter(self) -> None:
        """Begin to look for a file."""
        if self.sought is None:
            self._filter.row_before = self.cursor
            self._look_for("")

    def leave_filter(self) -> bool:
        """Show the tree again; False when it is shown."""
        if self.sought is None:
            return False
        if self._filter.is_waited_for:
            self._filter.waits(self.leave_filter)
            return True
        self.model.found = None
        self.rows_changed()
        self.cursor = self._filter.row_before
        self._look_for(None)
        return True

    async def on_key(self, event: Key) -> None:
        """Type into the query."""
        if self.sought is None:
            return
        if event.key == "backspace":
            if self.sought:
                self._look_for(self.sought[:-1])
            else:
                self.leave_filter()
        elif event.key == "ctrl+u":
            self._look_for("")
        elif event.character is not None and event.is_printable and event.character != " ":
            self._look_for(self.sought + event.character)
        else:
            return
        event.prevent_default().stop()

    def on_paste(self, event: Paste) -> None:
        if self.sought is not None:
            self._look_for(self.sought + "".join(sanitize_line(event.text[:200]).split()))
            event.stop()

    def _look_for(self, query: str | None) -> None:
        self._filter.look_for(query)
        if not query and self.model.found is not None:
            self.model.found = None
            self.rows_changed()
            self.cursor = self._filter.row_before
        self.post_message(self.FilterChanged(query))

    def action_to_ticked(self) -> None:
        self.post_message(self.TickedWanted())

    # Rows

    def draw_row(self, index: int, width: int) -> Content:
        row = self.model.rows()[index]
        return row_line(row, self.model, self.notes, self.changes, width, is_found=bool(self.sought))

    def cursor_moved(self) -> None:
        self.post_message(self.RowChanged())

    def _ticks_changed(self, *, is_checked: bool = False) -> None:
        self.look_into_ticked()
        self.refresh()
        self.post_message(self.TicksChanged(self.picks, is_checked=is_checked))
