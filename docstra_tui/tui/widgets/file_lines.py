"""The lines of the files pane: a tick box, a name, and at the right what is known of the file."""

from __future__ import annotations

from textual.content import Content

from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.files.change_marks import ChangeMarks
from docstra_tui.workspace.files.file_rows import SOME, TICKED, UNTICKED, FileRows, Row
from docstra_tui.workspace.files.tick_notes import Note, TickNotes


def row_line(
    row: Row, rows: FileRows, notes: TickNotes, changes: ChangeMarks, width: int, *, is_found: bool
) -> Content:
    """A row of the tree, or with its whole path of what is looked for."""
    indent = " " * (1 + 2 * row.depth)
    if row.kind in ("note", "error"):
        colour = "$error" if row.kind == "error" else "$muted"
        return fit(Content.assemble(indent, (sanitize_line(row.reason), colour)), Content(), width)
    if row.kind == "folder":
        return _folder_line(indent, row, rows, notes, changes, width)
    if row.reason:
        line = Content.assemble(indent, "    ", (shown_name(row.name), "$muted"))
        return fit(line, Content.assemble((sanitize_line(row.reason), "$muted italic")), width)
    mark, name = rows.mark(row), shown_name(row.name)
    note = notes.of_file(row.path) if mark in (TICKED, SOME) else None
    box = (mark, "$primary" if mark != UNTICKED else "$muted")
    change = changes.of_file(row.path)
    right = _beside(note, (change.letter, f"${change.tone}") if change is not None else None)
    if is_found:
        return fit_path(Content.assemble(" ", box, " "), name, right, width)
    line = Content.assemble(indent, "  ", box, " ", (name, "$error" if note and note.tone == "error" else ""))
    return fit(line, right, width)


def _folder_line(
    indent: str, row: Row, rows: FileRows, notes: TickNotes, changes: ChangeMarks, width: int
) -> Content:
    mark = rows.mark(row)
    arrow = "▾" if row.path in rows.open else "▸"
    shown_mark = (" ", "") if mark == UNTICKED else (mark, "$primary")
    name = shown_name(row.name) + "/"
    line = Content.assemble(indent, (arrow, "$muted"), " ", shown_mark, " ", (name, "bold"))
    note = notes.of_folder(row.path) if mark != UNTICKED else None
    return fit(line, _beside(note, ("•", "$warning") if changes.is_below(row.path) else None), width)


def _beside(note: Note | None, change: tuple[str, str] | None) -> Content:
    """What stands at the right of a row: its tokens, then whether git says that it is changed."""
    noted = shown_note(note)
    if change is None:
        return noted
    return Content.assemble(noted, " " if noted.cell_length else "", change)


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
