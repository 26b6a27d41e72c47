"""The rows of the search in files: each file, and below it the lines that were found in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message

from docstra_tui.context.search.find.hits import FileHits, Hit
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.widgets.file_lines import fit, fit_path
from docstra_tui.tui.widgets.found_text import found_text
from docstra_tui.tui.widgets.row_list import RowList
from docstra_tui.workspace.files.file_rows import SOME, TICKED, UNTICKED

TickedLines = Callable[[str], Sequence[tuple[int, int]] | None]
"""Which lines of a file are ticked, none for all of it; None where it is not."""


class HitRow(NamedTuple):
    """One row."""

    file: FileHits
    hit: Hit | None
    """None for the file's own row."""

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def line(self) -> int:
        """The one that it leads to."""
        return self.hit.line if self.hit is not None else self.file.hits[0].line


class HitRows(RowList):
    """They come while one looks at them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", tooltip="Row before", id="find.up", show=False),
        Binding("down,j", "move(1)", "Down", tooltip="Next row", id="find.down", show=False),
        Binding("pageup", "page(-1)", "Page up", tooltip="A page up", id="find.page_up", show=False),
        Binding("pagedown", "page(1)", "Page down", tooltip="A page down", id="find.page_down", show=False),
        Binding("home,g", "edge(-1)", "First", tooltip="To the first row", id="find.first", show=False),
        Binding("end,G", "edge(1)", "Last", tooltip="To the last row", id="find.last", show=False),
        Binding("right_square_bracket,l", "file(1)", "Next file", tooltip="To the next file", id="find.file"),
        Binding(
            "left_square_bracket,h",
            "file(-1)",
            "File before",
            tooltip="To the file before",
            id="find.file_before",
        ),
        Binding(
            "space", "tick", "Tick", tooltip="Tick these lines; on a file's row all of it", id="find.tick"
        ),
        Binding("enter", "show", "Preview", tooltip="Look at the file", id="find.show"),
    ]

    class RowChanged(Message):
        """The cursor is on another row."""

    class TickWanted(Message):
        """What the cursor is on is to be ticked, or no longer."""

    class PreviewWanted(Message):
        """Somebody wants to look at the file that the cursor is in."""

    def __init__(self, ticked: TickedLines) -> None:
        super().__init__()
        self._rows: list[HitRow] = []
        self._ticked = ticked

    def clear(self) -> None:
        """Something else is looked for."""
        self._rows = []
        self.cursor = 0
        self.rows_changed()

    def add(self, files: Sequence[FileHits]) -> None:
        """More was found; at first the cursor is on the first line of all."""
        is_first = not self._rows
        for file in files:
            self._rows.append(HitRow(file, None))
            self._rows += [HitRow(file, hit) for hit in file.hits]
        self.rows_changed()
        if is_first and self._rows:
            self.cursor = 1
            self.scroll_to(y=0, animate=False)

    @property
    def rows(self) -> Sequence[HitRow]:
        """All that came so far."""
        return self._rows

    @property
    def row(self) -> HitRow | None:
        """The one under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    def action_file(self, step: int) -> None:
        at = self.cursor
        places = [index for index, row in enumerate(self._rows) if row.hit is None]
        beyond = [place for place in places if (place > at if step > 0 else place < at - 1)]
        if beyond:
            self.cursor = (beyond[0] if step > 0 else beyond[-1]) + 1

    def action_tick(self) -> None:
        if self.row is not None:
            self.post_message(self.TickWanted())

    def action_show(self) -> None:
        if self.row is not None:
            self.post_message(self.PreviewWanted())

    def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._rows):
            self.cursor = index
            if event.x < (3 if self._rows[index].hit is None else 5):
                self.action_tick()
            elif event.chain == 2:
                self.action_show()

    def cursor_moved(self) -> None:
        self.post_message(self.RowChanged())

    def count_rows(self) -> int:
        return len(self._rows)

    def draw_row(self, index: int, width: int) -> Content:
        row = self._rows[index]
        return row_line(row, self._ticked(row.path), width)


def is_ticked(row: HitRow, ticked: Sequence[tuple[int, int]] | None) -> bool:
    """True where a tick on it is taken back: of a file's own row, where anything of it is ticked."""
    if ticked is None or row.hit is None:
        return ticked is not None
    return not ticked or any(first <= row.line <= last for first, last in ticked)


def row_line(row: HitRow, ticked: Sequence[tuple[int, int]] | None, width: int) -> Content:
    """One row, exactly `width` cells."""
    if row.hit is None:
        mark = UNTICKED if ticked is None else SOME if ticked else TICKED
        count = f"{len(row.file.hits)}{'+' if row.file.has_more else ''}"
        box = Content.assemble(" ", _box(mark), " ")
        return fit_path(box, shown_name(row.path), Content.assemble((count, "$muted")), width)
    hit = row.hit
    digits = len(str(row.file.hits[-1].line))
    left = Content.assemble(
        "   ", _box(TICKED if is_ticked(row, ticked) else UNTICKED), (f" {hit.line:>{digits}} ", "$muted")
    )
    before, found = sanitize_line(hit.text[: hit.start]), sanitize_line(hit.text[hit.start : hit.end])
    text = before + found + sanitize_line(hit.text[hit.end :])
    room = width - 1 - left.cell_length
    shown = found_text(text, len(before), len(before) + len(found), room)
    return fit(left + shown, Content(), width)


def _box(mark: str) -> tuple[str, str]:
    return mark, "$muted" if mark == UNTICKED else "$primary"
