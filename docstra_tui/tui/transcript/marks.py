"""What is marked in a conversation: a cursor, a selection up to it, and the block that keys act on."""

from __future__ import annotations

from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.selection import Selected, Spot, selected_text
from docstra_tui.tui.transcript.strips import Overlay


class Marks:
    """Bound to drawn lines: whoever draws them anew clears the marks."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.cursor: Spot | None = None
        self.start: Spot | None = None
        """Where the selection begins that goes to the cursor."""
        self.block: tuple[int, int, int] | None = None
        """Turn, first row and end row of the block that keys act on."""
        self.citation: tuple[int, int] | None = None
        """The turn of the citation that is marked, and which of its citations."""

    def __bool__(self) -> bool:
        return self.cursor is not None or self.block is not None

    def clear(self) -> None:
        """Nothing is marked any more."""
        self.cursor = self.start = self.block = self.citation = None

    @property
    def turn(self) -> int | None:
        """The turn of the cursor, else of the marked block."""
        if self.cursor is not None:
            return self.cursor.turn
        return None if self.block is None else self.block[0]

    # The block

    def mark(self, turn: int, first: int, end: int) -> None:
        """A block instead of a cursor."""
        self.cursor = self.start = self.citation = None
        self.block = (turn, first, end)

    def cite(self, turn: int, index: int, first: int, end: int) -> None:
        """A citation, and the rows in which it stands."""
        self.mark(turn, first, end)
        self.citation = (turn, index)

    def mark_question(self, index: int, rows: int) -> None:
        """A turn's question; `rows` are in sight."""
        turn = self._document.turns[index]
        turn.lay(self._document.width, 0, rows, 0.02)
        self.citation = None
        self.block = (index, 1, turn.body_row - 1)

    def is_block_at(self, y: int) -> bool:
        """True in the rows of the marked block."""
        if self.block is None:
            return False
        turn, first, end = self.block
        top = self._document.top(turn)
        return top + first <= y < top + end

    # The cursor

    def show_cursor(self, y: int) -> None:
        """A cursor in the marked block, else in row `y`."""
        if self.block is not None:
            y = self._document.top(self.block[0]) + self.block[1]
        if self._document.turns:
            self.cursor = Spot(*self._document.find(y), 0)

    def toggle_selection(self) -> None:
        """Select from the cursor on, or stop selecting."""
        self.start = self.cursor if self.start is None else None

    def move_cells(self, step: int, width: int) -> None:
        """The cursor to the side."""
        spot = self.cursor
        if spot is not None:
            self.cursor = Spot(spot.turn, spot.row, max(0, min(width, spot.cell + step)))

    def move_rows(self, rows: int) -> int | None:
        """The cursor up or down; the row of the document where it is now."""
        spot, document = self.cursor, self._document
        if spot is None:
            return None
        last = max(0, document.height - 1)
        y = max(0, min(last, document.top(spot.turn) + spot.row + rows))
        document.lay(y, y + 1, 0.02)
        self.cursor = Spot(*document.find(y), spot.cell)
        return y

    def move_to_end(self) -> None:
        """The cursor to the last character of the last line, which is laid out."""
        last = self._document.height - 1
        self.cursor = Spot(*self._document.find(last), max(0, self._document.line(last).cells - 1))

    # The selection

    @property
    def selected(self) -> Selected | None:
        """What is selected."""
        if self.cursor is None or self.start is None:
            return None
        return Selected.between(self.start, self.cursor)

    @property
    def selected_text(self) -> str:
        """The text of the selection; empty without one."""
        selected = self.selected
        return "" if selected is None else selected_text(self._document, selected)

    def overlays(self, y: int) -> list[Overlay]:
        """Selection and cursor in a row."""
        selected, cursor = self.selected, self.cursor
        if cursor is None:
            return []
        found: list[Overlay] = []
        turn, row = self._document.find(y)
        cells = selected.cells(turn, row) if selected is not None else None
        if cells is not None:
            found.append((*cells, "transcript--selection"))
        if (cursor.turn, cursor.row) == (turn, row):
            found.append((cursor.cell, cursor.cell + 1, "transcript--cursor"))
        return found
