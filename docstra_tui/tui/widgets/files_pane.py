"""The files pane: what is ticked, the tree, a title above them and a line below. Reads nothing itself."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.files_hint import FilesHint
from docstra_tui.tui.widgets.ticked_list import TickedList
from docstra_tui.workspace.files.file_rows import Row
from docstra_tui.workspace.files.finder import Found
from docstra_tui.workspace.files.tick_notes import TickNotes


class FilesPane(Vertical):
    """Shows what it is told."""

    def __init__(self, tree: FileTree, ticked_list: TickedList) -> None:
        super().__init__(id="files")
        self._title = Static(Content("Files"), id="files-title", markup=False)
        self.ticked_list = ticked_list
        self.tree_view = tree
        self._hint = FilesHint()
        self._notes = TickNotes()
        self._count = 0
        self._found: Found | None = None
        """What the filter found last."""

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.ticked_list
        yield self.tree_view
        yield self._hint

    def show_notes(self, notes: TickNotes, count: int) -> None:
        """What stands beside the ticked files, which are that many."""
        self._notes, self._count = notes, count
        self.tree_view.show_notes(notes)
        self.ticked_list.show_notes(notes)
        self.show_total()
        self.say_hint()

    def show_total(self) -> None:
        """How many files are ticked, and their tokens."""
        tokens = self._notes.total if self._count else ""
        width = self._title.size.width
        noun = f"Files  {self._count:,} ticked" if self._count else "Files"
        if len(noun) + len(tokens) >= width and self._count:  # the tokens say more than what the pane is
            noun = f"{self._count:,} ticked"
        gap = max(0, width - len(noun) - len(tokens))
        text = f"{noun}{' ' * gap}{tokens}" if gap else noun
        if str(self._title.content) != text:
            self._title.update(Content(text))

    # The filter

    def look_for(self, query: str | None) -> None:
        """Something else is looked for, or nothing any more."""
        if not query:
            self._found = None
        self.say_hint()

    def show_found(self, found: Found) -> None:
        """What the filter found; an answer that comes too late changes nothing."""
        tree = self.tree_view
        if not found.query or found.query != tree.sought:
            return
        self._found = found
        rows = [Row(path, path, 0, "file") for path in found.paths]
        if found.has_more:
            rows.append(Row("", "", 0, "note", "more, type on to narrow"))
        elif not rows:
            rows.append(Row("", "", 0, "note", "nothing yet…" if not found.is_complete else "no such file"))
        if found.is_partial:
            rows.append(Row("", "", 0, "note", f"of the first {found.files:,} files only"))
        tree.show_found(found.query, rows, is_final=found.is_complete)
        self.say_hint()

    # The line under the tree

    def on_file_tree_row_changed(self) -> None:
        self.say_hint()

    def on_ticked_list_row_changed(self) -> None:
        self.say_hint()

    def say_hint(self) -> None:
        """What is looked for, what is the matter with the row under the cursor, or which keys help."""
        tree, found = self.tree_view, self._found
        reason = self._reason()
        if tree.sought is not None:
            so_far = found.files if found is not None and not found.is_complete else None
            self._hint.say_sought(tree.sought, so_far, reason)
        elif reason:
            self._hint.say_reason(reason)
        else:
            changed = len(tree.changes.to_tick)
            self._hint.say_keys(changed=changed, hidden=tree.show_hidden, ignored=tree.show_ignored)

    def _reason(self) -> str:
        ticked, tree = self.ticked_list, self.tree_view
        if ticked.has_focus and ticked.pick is not None:
            return self._notes.of_lines(*ticked.pick).reason
        row = tree.row
        if tree.has_focus and row is not None and row.kind == "file":
            change = tree.changes.of_file(row.path)
            return self._notes.of_file(row.path).reason or (change.reason if change is not None else "")
        return ""
