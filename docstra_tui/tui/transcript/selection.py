"""A stretch of the conversation that was selected, and the text in it."""

from __future__ import annotations

from dataclasses import dataclass

from docstra_tui.tui.transcript.blocks.leaves import Block, Leaf, Verbatim
from docstra_tui.tui.transcript.blocks.lines import Line, cut_cells
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines
from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.layout.turn import Turn

LAY_SECONDS = 1.0
"""How long the first and the last turn of a selection are laid out for it, each, if they are not."""


@dataclass(frozen=True, order=True)
class Spot:
    """A cell of the conversation."""

    turn: int
    row: int
    cell: int


@dataclass(frozen=True)
class Selected:
    """From one spot to another; `end` is the last cell that belongs to it."""

    start: Spot
    end: Spot

    @classmethod
    def between(cls, one: Spot, other: Spot) -> Selected:
        """In either order."""
        return cls(min(one, other), max(one, other))

    def cells(self, turn: int, row: int) -> tuple[int, int] | None:
        """The selected cells of a row: the first and the one after the last."""
        here = (turn, row)
        start, end = (self.start.turn, self.start.row), (self.end.turn, self.end.row)
        if not start <= here <= end:
            return None
        first = self.start.cell if here == start else 0
        last = self.end.cell + 1 if here == end else 1 << 30
        return first, last


def selected_text(document: Document, selected: Selected) -> str:
    """What is selected, of every turn in it.

    Of the first and the last turn, what is drawn: lines that were broken to fit are one again, decoration
    is left out, code has its tabs. The turns between them are selected whole and given as they were
    written; nobody needs to have looked at them.
    """
    first, last = selected.start.turn, selected.end.turn
    texts: list[str] = []
    for index in range(first, last + 1):
        turn = document.turns[index]
        if first < index < last:
            texts.append(_as_written(turn))
        else:
            start = selected.start if index == first else Spot(index, 0, 0)
            texts.append(_drawn_text(turn, document.width, start, selected.end if index == last else None))
    if len(texts) == 1:
        return texts[0]
    texts[0], texts[-1] = texts[0].rstrip("\n"), texts[-1].lstrip("\n")
    return "\n\n".join(text for text in texts if text)


def _as_written(turn: Turn) -> str:
    question, answer = turn.question.strip("\n"), turn.answer.strip("\n")
    return f"{question}\n\n{answer}" if answer else question


def _drawn_text(turn: Turn, width: int, start: Spot, end: Spot | None) -> str:
    """What is drawn of a turn from one spot to another, to its last row without; laid out for this where
    it is not, in a copy, so that nothing moves on the screen. All that was written if that takes too long.
    """
    first, last = start.row, turn.height(width) - 1 if end is None else end.row
    if not _is_exact(turn, width, first, last):
        copy = Turn(turn.question, turn.files, turn.answer, turn.ending, turn.thinking)
        copy.is_folded, copy.is_raw = turn.is_folded, turn.is_raw
        if not copy.lay(width, 0, 1 << 30, LAY_SECONDS):
            return _as_written(turn)
        first, last = _row_in(copy, turn, width, first), _row_in(copy, turn, width, last)
        turn, last = copy, copy.height(width) - 1 if end is None else last
    text = _Collected(turn)
    for row in range(first, last + 1):
        from_cell = start.cell if row == first else 0
        text.add(row, from_cell, end.cell + 1 if end is not None and row == last else 1 << 30)
    return text.get()


def _is_exact(turn: Turn, width: int, first: int, last: int) -> bool:
    return turn.is_laid(width) and all(turn.is_exact_at(row) for row in range(first, last + 1))


def _row_in(copy: Turn, turn: Turn, width: int, row: int) -> int:
    if turn.is_laid(width) and turn.is_exact_at(row):
        return copy.row_of(turn.place(row))
    return min(row, copy.height(width) - 1)


class _Collected:
    """The text of rows of a turn, one after the other."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._parts: list[str] = []
        self._question: list[tuple[SourceLines, int, int]] | None = None
        self._source: tuple[SourceLines, int] | None = None
        """The line of code, or of other text shown as it is, that the last row is of."""
        self._before: tuple[SourceLines, int] | None = None
        """The one before, if nothing came between them."""
        self._start = self._end = self._at = 0
        """What is selected of it, and where its next row begins."""

    def get(self) -> str:
        self._flush()
        return "".join(self._parts)

    def add(self, row: int, first: int, end: int) -> None:
        """The cells from `first` to `end` of a row."""
        line = self._turn.line(row)
        found = self._source_at(row)
        if found is not None:
            lines, index, number = found
            if self._source is None or self._source[0] is not lines or self._source[1] != index:
                self._flush()
                self._begin(lines, index, [self._turn.line(row - back) for back in range(number, 0, -1)])
            self._take(line, first, end)
            return
        self._flush()
        self._before = None
        if line.cells and line.indent >= line.cells:
            return
        text = cut_cells(cut_cells(line.text, end)[0], max(line.indent, first))[1].rstrip(" ")
        if line.joint != "\n" and self._parts:
            self._parts.append(line.joint + text.lstrip(" "))
        else:
            self._parts += ["\n" if self._parts else "", text]

    def _begin(self, lines: SourceLines, index: int, before: list[Line]) -> None:
        """A line of which the rows in `before` are not selected."""
        is_more = self._parts and lines.goes_on(index) and self._before == (lines, index - 1)
        self._parts.append("" if is_more or not self._parts else "\n")
        self._source, self._start, self._at = (lines, index), -1, 0
        for line in before:
            self._find(line)

    def _take(self, line: Line, first: int, end: int) -> None:
        at, content = self._find(line)
        start = len(cut_cells(content, first - line.indent)[0])
        if self._start < 0:
            self._start = at + start
        self._end = at + len(cut_cells(content, max(0, end - line.indent))[0])

    def _find(self, line: Line) -> tuple[int, str]:
        """Where a row begins in the line that it is the next row of, and what of that it shows."""
        assert self._source is not None
        lines, index = self._source
        content = line.content.rstrip(" ")
        at = lines.text(index).find(content, self._at) if content else self._at
        at = self._at if at < 0 else at
        self._at = at + len(content)
        return at, content

    def _flush(self) -> None:
        if self._source is None:
            return
        lines, index = self._source
        text = lines.written(index, self._start, self._end)
        self._parts.append(text if lines.goes_on(index + 1) else text.rstrip(" "))
        self._before, self._source = self._source, None

    def _source_at(self, row: int) -> tuple[SourceLines, int, int] | None:
        """The lines and which of them a row is of, where it shows text as it is, and which row of it."""
        turn = self._turn
        if row < turn.body_row:
            if self._question is None:
                self._question = _question_rows(turn)
            return self._question[row - 1] if 1 <= row <= len(self._question) else None
        block, place = turn.block_at(row), turn.place(row)
        if block is None or len(place) < 5:
            return None
        leaf = _leaf_at(block, place[2])
        if not isinstance(leaf, Verbatim) or not 0 <= place[3] < len(leaf.lines):
            return None
        return leaf.lines, place[3], place[4]


def _leaf_at(block: Block, part: int) -> Leaf | None:
    """The leaf that is the part with this number of a block that is drawn, empty lines counted."""
    at = 1 if block.gap else 0
    for leaf in block.leaves:
        at += leaf.gap is not None
        if at == part:
            return leaf
        at += 1
    return None


def _question_rows(turn: Turn) -> list[tuple[SourceLines, int, int]]:
    """For every row of the question the line it is of, and which row of that."""
    lines = SourceLines()
    for line in turn.question.strip("\n").split("\n"):
        lines.add(line)
    rows: list[tuple[SourceLines, int, int]] = []
    index, number = -1, 0
    for row in range(1, turn.body_row - 1):
        is_next = turn.line(row).joint == "\n"
        index, number = (index + 1, 0) if is_next else (index, number + 1)
        rows.append((lines, index, number))
    return rows
