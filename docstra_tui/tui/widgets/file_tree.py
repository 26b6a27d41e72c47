"""The file tree: shows rows, moves a cursor, reports what is wanted. It reads no file itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key, Paste, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from docstra_tui.context.picks import Pick
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.theming.colours import row_style
from docstra_tui.tui.widgets.own_keys import OwnKeys
from docstra_tui.workspace.files.file_rows import SOME, TICKED, UNTICKED, FileRows, Row
from docstra_tui.workspace.files.tick_notes import Note, TickNotes

if TYPE_CHECKING:
    from docstra_tui.context.files.tree import Listing


class FileTree(OwnKeys, ScrollView, can_focus=True):
    """Rows with tick boxes, drawn line by line."""

    DEFAULT_CSS = """
    FileTree {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        scrollbar-background: $surface;
        scrollbar-background-hover: $surface;
        overflow-x: hidden;
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
        Binding("t", "to_ticked", "Ticked", tooltip="Go to the ticked files and back", id="tree.ticked"),
        Binding(
            "full_stop", "toggle_hidden", "Hidden", tooltip="Show hidden files, or not", id="tree.hidden"
        ),
        Binding(
            "i", "toggle_ignored", "Ignored", tooltip="Show what .gitignore hides, or not", id="tree.ignored"
        ),
        Binding("r", "list_again", "List again", tooltip="Look again what is in the folder", id="tree.list"),
    ]

    cursor: reactive[int] = reactive(0)

    class FolderNeeded(Message):
        """A folder was opened that nobody has listed."""

        def __init__(self, folder: str) -> None:
            super().__init__()
            self.folder = folder

    class FolderTicked(Message):
        """Every file below a folder is wanted."""

        def __init__(self, folder: str) -> None:
            super().__init__()
            self.folder = folder

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

    class ShownChanged(Message):
        """Hidden or ignored files are to be shown, or no longer."""

    class RowChanged(Message):
        """The cursor is on another row."""

    class TickedWanted(Message):
        """The cursor wants to go to the ticked files above the tree."""

    class PreviewRequested(Message):
        """Somebody wants to look at a file."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self) -> None:
        super().__init__()
        self.model = FileRows()
        self.notes = TickNotes()
        """What stands at the right of ticked files."""
        self.sought: str | None = None
        """What is looked for; None while the tree is shown."""
        self.show_hidden = False
        self.show_ignored = False
        self._before_filter = 0
        self._found_query = ""
        self._waiting: list[Callable[[], object]] = []
        """Keys that came before what they are about was found."""

    # What the screen tells the tree

    def put(self, folder: str, listing: Listing) -> None:
        """`folder` was listed."""
        self.model.put(folder, listing)
        self._rows_changed()

    def put_ticked(self, folder: str, paths: tuple[str, ...]) -> None:
        """The files below a folder that were asked for; none of them may hold secrets."""
        self.model.tick_whole(folder, paths)
        self._ticks_changed(is_checked=True)

    def put_picks(self, picks: Iterable[Pick], *, is_checked: bool = False) -> None:
        """Tick these too. `is_checked` as in `TicksChanged`."""
        for pick in picks:
            if pick.start_line is None or pick.end_line is None:
                self.model.tick([pick.path], True)
            else:
                self.model.tick_lines(pick.path, pick.start_line, pick.end_line)
        self._ticks_changed(is_checked=is_checked)

    def put_mentioned(self, picks: Iterable[Pick]) -> None:
        """Tick these too, for a question that names them; of a file that is ticked nothing is taken away."""
        for pick in picks:
            if pick.start_line is not None and pick.end_line is not None:
                self.model.mention_lines(pick.path, pick.start_line, pick.end_line)
            else:
                self.model.tick([pick.path], True)
        self._ticks_changed()

    def set_ticked(self, picks: Iterable[Pick], *, is_checked: bool = False) -> None:
        """Exactly these are ticked. `is_checked` as in `TicksChanged`."""
        self.model.untick_below("")
        self.put_picks(picks, is_checked=is_checked)

    def untick(self, pick: Pick) -> None:
        """This is not ticked any more."""
        if pick.start_line is None or pick.end_line is None:
            self.model.tick([pick.path], False)
        else:
            self.model.untick_lines(pick.path, pick.start_line, pick.end_line)
        self._ticks_changed()

    def show_notes(self, notes: TickNotes) -> None:
        """What stands at the right of ticked files now."""
        self.notes = notes
        self.refresh()

    def show_found(self, query: str, rows: list[Row], *, is_final: bool) -> None:
        """What the filter found; an answer that comes too late changes nothing."""
        if self.sought != query or not query:
            return
        is_new, self._found_query = query != self._found_query, query
        self.model.found = rows
        self._rows_changed()
        if is_new:
            self.cursor = 0
        if is_final or rows[0].kind == "file":
            waiting, self._waiting = self._waiting, []
            for act in waiting:
                act()
        self.post_message(self.RowChanged())

    @property
    def has_found(self) -> bool:
        """True while the rows are those of what is looked for."""
        return bool(self.sought) and self._found_query == self.sought

    @property
    def ticked(self) -> tuple[str, ...]:
        """The labels of what is ticked, in tree order."""
        return self.model.in_tree_order()

    @property
    def picks(self) -> tuple[Pick, ...]:
        """What is ticked, in tree order."""
        return self.model.picks

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        rows = self.model.rows()
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    # What the user does

    def action_move(self, step: int) -> None:
        if step < 0 and self.cursor == 0:
            self.post_message(self.TickedWanted())
        self.cursor += step

    def action_page(self, step: int) -> None:
        self.cursor += step * max(1, self.size.height - 1)

    def action_edge(self, step: int) -> None:
        self.cursor = 0 if step < 0 else len(self.model.rows()) - 1

    def action_tick(self) -> None:
        if self._waits(self.action_tick):
            return
        row = self.row
        if row is None or not row.can_be_picked:
            if row is not None and row.kind == "file":
                self.app.notify(f"{shown_name(row.name)}: {sanitize_line(row.reason)}", severity="warning")
            return
        if row.kind == "file":
            self.model.tick([row.path], not self.model.is_ticked(row.path))
            self._ticks_changed()
        elif self.model.mark(row) == TICKED:
            self.model.untick_below(row.path)
            self._ticks_changed()
        else:
            self.post_message(self.FolderTicked(row.path))

    def action_show(self) -> None:
        if self._waits(self.action_show):
            return
        row = self.row
        if row is None:
            return
        if row.kind == "folder":
            self._set_open(row.path, None)
        elif row.kind == "file" and (not row.reason or self.sought):
            self.post_message(self.PreviewRequested(row.path))
        elif row.kind == "error":
            self.post_message(self.FolderNeeded(row.path))
        elif row.kind == "file":
            self.app.notify(f"{shown_name(row.name)}: {sanitize_line(row.reason)}", severity="warning")

    def action_open(self) -> None:
        row = self.row
        if row is not None and row.kind == "folder":
            if row.path in self.model.open:
                self.cursor += 1
            else:
                self._set_open(row.path, True)

    def action_close(self) -> None:
        row = self.row
        if row is None:
            return
        if row.kind == "folder" and row.path in self.model.open:
            self._set_open(row.path, False)
            return
        parent = row.path if row.kind in ("note", "error") else row.path.rpartition("/")[0]
        for index, other in enumerate(self.model.rows()):
            if parent and other.kind == "folder" and other.path == parent:
                self.cursor = index
                break

    def action_list_again(self) -> None:
        row = self.row
        folder = ""
        if row is not None:
            is_place = row.kind in ("note", "error") or (row.kind == "folder" and row.path in self.model.open)
            folder = row.path if is_place else row.path.rpartition("/")[0]
        self.post_message(self.FolderNeeded(folder))

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
            self._before_filter = self.cursor
            self._look_for("")

    def leave_filter(self) -> bool:
        """Show the tree again; False when it is shown."""
        if self.sought is None:
            return False
        if self._waiting:
            self._waits(self.leave_filter)
            return True
        self.model.found = None
        self._rows_changed()
        self.cursor = self._before_filter
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

    def _waits(self, act: Callable[[], object]) -> bool:
        """True while what is looked for is not found yet: `act` is for its rows, not for those before."""
        waits = bool(self.sought) and not self.has_found
        if waits:
            self._waiting.append(act)
        return waits

    def _look_for(self, query: str | None) -> None:
        self.sought = query
        self._found_query = ""
        self._waiting.clear()
        if not query and self.model.found is not None:
            self.model.found = None
            self._rows_changed()
            self.cursor = self._before_filter
        self.post_message(self.FilterChanged(query))

    # Which files are shown

    def action_toggle_hidden(self) -> None:
        self.show_hidden = not self.show_hidden
        self.post_message(self.ShownChanged())

    def action_toggle_ignored(self) -> None:
        self.show_ignored = not self.show_ignored
        self.post_message(self.ShownChanged())

    def action_to_ticked(self) -> None:
        self.post_message(self.TickedWanted())

    # Drawing

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self.model.rows()) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        self.scroll_to_region(Region(0, new, 1, 1), animate=False, force=True)
        self.post_message(self.RowChanged())

    def on_resize(self, event: Resize) -> None:
        self._rows_changed()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        rows = self.model.rows()
        width = self.size.width
        if index >= len(rows):
            return Strip.blank(width, self.rich_style)
        content = self._content(rows[index], width)
        style = self.visual_style
        if index == self.cursor:
            content = content.stylize(row_style(self, is_active=self.has_focus))
        return Visual.to_strips(self, content, width, 1, style)[0]

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)

    def _content(self, row: Row, width: int) -> Content:
        indent = " " * (1 + 2 * row.depth)
        if row.kind in ("note", "error"):
            colour = "$error" if row.kind == "error" else "$muted"
            return fit(Content.assemble(indent, (sanitize_line(row.reason), colour)), Content(), width)
        name = shown_name(row.name)
        mark = self.model.mark(row)
        if row.kind == "folder":
            arrow = "▾" if row.path in self.model.open else "▸"
            shown_mark = (" ", "") if mark == UNTICKED else (mark, "$primary")
            line = Content.assemble(indent, (arrow, "$muted"), " ", shown_mark, " ", (name + "/", "bold"))
            note = self.notes.of_folder(row.path) if mark != UNTICKED else None
            return fit(line, shown_note(note), width)
        if row.reason:
            line = Content.assemble(indent, "    ", (name, "$muted"))
            return fit(line, Content.assemble((sanitize_line(row.reason), "$muted italic")), width)
        ticked = self.notes.of_file(row.path) if mark in (TICKED, SOME) else None
        colour = "$primary" if mark != UNTICKED else "$muted"
        shown = Content.assemble((name, "$error" if ticked is not None and ticked.tone == "error" else ""))
        if self.sought:
            return fit_path(Content.assemble(" ", (mark, colour), " "), name, shown_note(ticked), width)
        return fit(Content.assemble(indent, "  ", (mark, colour), " ") + shown, shown_note(ticked), width)

    def _set_open(self, folder: str, wanted: bool | None) -> None:
        self.model.toggle_open(folder, wanted)
        if folder in self.model.open and self.model.needs_listing(folder):
            self.post_message(self.FolderNeeded(folder))
        self._rows_changed()

    def _rows_changed(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.model.rows()))
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def _ticks_changed(self, *, is_checked: bool = False) -> None:
        self.refresh()
        self.post_message(self.TicksChanged(self.picks, is_checked=is_checked))


def shown_note(note: Note | None) -> Content:
    """A note in its colour; nothing for none."""
    return Content.assemble((note.text, f"${note.tone}")) if note is not None else Content()


def fit_path(mark: Content, path: str, right: Content, width: int) -> Content:
    """A path whose name stays readable where there is no room for all of it."""
    room = width - 1 - mark.cell_length - (right.cell_length + 1 if right.cell_length else 0)
    folder, slash, name = path.rpartition("/")
    shown = Content.assemble((folder + slash, "$muted"), name)
    over = shown.cell_length - room
    if over > 0 and len(folder) > over + 1:
        shown = Content.assemble(("…" + folder[over + 1 :] + slash, "$muted"), name)
    elif over > 0:
        shown = Content(("…" if folder else "") + name)
    return fit(mark + shown, right, width)


def fit(left: Content, right: Content, width: int) -> Content:
    """`left`, then `right` at the right edge where there is room for both; exactly `width` cells."""
    inner = width - 1
    if right.cell_length:
        room = inner - right.cell_length - 1
        if room >= min(left.cell_length, max(12, inner // 2)):
            left = left.truncate(room, ellipsis=True)
            return left + Content(" " * (inner - left.cell_length - right.cell_length)) + right + Content(" ")
        if inner - left.cell_length > 8:
            right = right.truncate(inner - left.cell_length - 1, ellipsis=True)
            return (
                left
                + Content(" ")
                + right
                + Content(" " * (width - left.cell_length - right.cell_length - 1))
            )
    left = left.truncate(inner, ellipsis=True)
    return left + Content(" " * (width - left.cell_length))
