"""The folders of a project as rows: opened, closed, listed again by somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from docstra_tui.tui.widgets.row_list import RowList
from docstra_tui.workspace.files.file_rows import FileRows, Row

if TYPE_CHECKING:
    from docstra_tui.context.files.tree import Listing


class FolderRows(RowList):
    """Shows what was listed and asks for what was not."""

    class FolderNeeded(Message):
        """A folder was opened that nobody has listed."""

        def __init__(self, folder: str) -> None:
            super().__init__()
            self.folder = folder

    class ShownChanged(Message):
        """Hidden or ignored files are to be shown, or no longer."""

    def __init__(self) -> None:
        super().__init__()
        self.model = FileRows()
        self.show_hidden = False
        self.show_ignored = False

    def put(self, folder: str, listing: Listing) -> None:
        """`folder` was listed."""
        self.model.put(folder, listing)
        self.rows_changed()
        self.look_into_ticked()

    def look_into_ticked(self) -> None:
        """Have listed what a mark depends on: a session that is resumed knows files and no folders."""
        for folder in self.model.to_look_into():
            self.post_message(self.FolderNeeded(folder))

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        rows = self.model.rows()
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    def count_rows(self) -> int:
        return len(self.model.rows())

    def action_open(self) -> None:
        row = self.row
        if row is not None and row.kind == "folder":
            if row.path in self.model.open:
                self.cursor += 1
            else:
                self.set_open(row.path, True)

    def action_close(self) -> None:
        row = self.row
        if row is None:
            return
        if row.kind == "folder" and row.path in self.model.open:
            self.set_open(row.path, False)
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

    def set_open(self, folder: str, wanted: bool | None) -> None:
        """Open or close a folder; None: the other of both."""
        self.model.toggle_open(folder, wanted)
        if folder in self.model.open and self.model.needs_listing(folder):
            self.post_message(self.FolderNeeded(folder))
        self.rows_changed()

    def action_toggle_hidden(self) -> None:
        self.show_hidden = not self.show_hidden
        self.post_message(self.ShownChanged())

    def action_toggle_ignored(self) -> None:
        self.show_ignored = not self.show_ignored
        self.post_message(self.ShownChanged())
