"""The file tree: shows rows, moves a cursor, reports what is wanted. It reads no file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.widgets.file_rows import TICKED, UNTICKED, FileRows, Row
from docstra_tui.tui.widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from docstra_tui.context.tree import Listing


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

        def __init__(self, paths: tuple[str, ...]) -> None:
            super().__init__()
            self.paths = paths
            """In tree order."""

    class PreviewRequested(Message):
        """Somebody wants to look at a file."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self) -> None:
        super().__init__()
        self.model = FileRows()
        self.tokens: dict[str, str] = {}
        """What to write at the right of a ticked file."""

    # What the screen tells the tree

    def put(self, folder: str, listing: Listing) -> None:
        """`folder` was listed."""
        self.model.put(folder, listing)
        self._rows_changed()

    def put_ticked(self, folder: str, paths: tuple[str, ...]) -> None:
        """The files below a folder that were asked for."""
        self.model.tick_whole(folder, paths)
        self._ticks_changed()

    def set_ticked(self, paths: tuple[str, ...]) -> None:
        """Exactly these files are ticked."""
        self.model.untick_below("")
        self.model.ticked.clear()
        self.model.tick(paths, True)
        self._ticks_changed()

    def set_problems(self, problems: dict[str, str]) -> None:
        """Why ticked files could not be read, by path."""
        if problems != self.model.problems:
            self.model.problems = dict(problems)
            self.refresh()

    @property
    def ticked(self) -> tuple[str, ...]:
        """The ticked files, in tree order."""
        return self.model.in_tree_order()

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        rows = self.model.rows()
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    # What the user does

    def action_move(self, step: int) -> None:
        self.cursor += step

    def action_page(self, step: int) -> None:
        self.cursor += step * max(1, self.size.height - 1)

    def action_edge(self, step: int) -> None:
        self.cursor = 0 if step < 0 else len(self.model.rows()) - 1

    def action_tick(self) -> None:
        row = self.row
        if row is None or not row.can_be_picked:
            if row is not None and row.kind == "file":
                self.app.notify(f"{shown_name(row.name)}: {row.reason}", severity="warning")
            return
        if row.kind == "file":
            self.model.tick([row.path], row.path not in self.model.ticked)
            self._ticks_changed()
        elif self.model.mark(row) == TICKED:
            self.model.untick_below(row.path)
            self._ticks_changed()
        else:
            self.post_message(self.FolderTicked(row.path))

    def action_show(self) -> None:
        row = self.row
        if row is None:
            return
        if row.kind == "folder":
            self._set_open(row.path, None)
        elif row.kind == "file" and not row.reason:
            self.post_message(self.PreviewRequested(row.path))
        elif row.kind == "error":
            self.post_message(self.FolderNeeded(row.path))
        elif row.kind == "file":
            self.app.notify(f"{shown_name(row.name)}: {row.reason}", severity="warning")

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

    # Drawing

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self.model.rows()) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        self.scroll_to_region(Region(0, new, 1, 1), animate=False, force=True)

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
            ground = "$selection" if self.has_focus else "$panel"
            content = content.stylize(f"on {ground}")
        return Visual.to_strips(self, content, width, 1, style)[0]

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)

    def _content(self, row: Row, width: int) -> Content:
        indent = " " * (1 + 2 * row.depth)
        if row.kind in ("note", "error"):
            colour = "$error" if row.kind == "error" else "$muted"
            return _fit(Content.assemble(indent, (sanitize_line(row.reason), colour)), Content(), width)
        name = shown_name(row.name)
        problem = self.model.problems.get(row.path, "")
        if row.kind == "folder":
            arrow = "▾" if row.path in self.model.open else "▸"
            mark = self.model.mark(row)
            shown_mark = (" ", "") if mark == UNTICKED else (mark, "$primary")
            line = Content.assemble(indent, (arrow, "$muted"), " ", shown_mark, " ", (name + "/", "bold"))
            return _fit(line, Content(), width)
        if row.reason:
            line = Content.assemble(indent, "    ", (name, "$muted"))
            return _fit(line, Content.assemble((sanitize_line(row.reason), "$muted italic")), width)
        mark = self.model.mark(row)
        colour = "$primary" if mark == TICKED else "$muted"
        line = Content.assemble(indent, "  ", (mark, colour), " ", (name, "$error" if problem else ""))
        right = problem or self.tokens.get(row.path, "")
        return _fit(line, Content.assemble((sanitize_line(right), "$error" if problem else "$muted")), width)

    def _set_open(self, folder: str, wanted: bool | None) -> None:
        self.model.toggle_open(folder, wanted)
        if folder in self.model.open and self.model.needs_listing(folder):
            self.post_message(self.FolderNeeded(folder))
        self._rows_changed()

    def _rows_changed(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.model.rows()))
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def _ticks_changed(self) -> None:
        self.refresh()
        self.post_message(self.TicksChanged(self.ticked))


def _fit(left: Content, right: Content, width: int) -> Content:
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
