"""What of an answer was looked up: where it stands in the lines that are drawn, and the line that counts.

Nothing here changes a line or its height: marks are laid over what is drawn, and found when it is looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.drawing import DrawnBlock
from docstra_tui.tui.transcript.blocks.lines import Line, show, wrap_bits
from docstra_tui.tui.transcript.layout.incoming import ingest
from docstra_tui.tui.transcript.signs import bare

if TYPE_CHECKING:
    from docstra_tui.session.citations.citation import Citation, Status

PLACED, ROWS = 200, 500
"""Citations of one block whose words are looked for, and rows of it; others are marked at its first."""
NEEDLE = 400
"""Characters of a citation that are looked for."""

LOOKS: Mapping[Status, int] = {
    "found": 0,
    "repaired": 0,
    "moved": 1,
    "missing": 2,
    "ambiguous": 3,
    "changed": 3,
    "unchecked": 3,
}
"""Which of `look.CITED` each status has."""
WORST = (2, 1, 3, 0)
"""Of several in one line the sign of the first of these stands beside it."""


class CitationMark(NamedTuple):
    """A citation, or the part of it that stands in a line."""

    first: int
    """Its cells; none where only the line is known."""
    end: int
    number: int
    """Which of the answer's it is."""
    begins: bool
    """It begins in this line."""


class Cited:
    """The citations of one answer, or of as much of it as is there."""

    def __init__(self, citations: Sequence[Citation], starts: Sequence[int]) -> None:
        self.citations = tuple(citations)
        self.starts = tuple(starts)
        """Where each begins in the answer as it is shown; ascending."""
        self._marks: WeakKeyDictionary[DrawnBlock, dict[int, list[CitationMark]]] = WeakKeyDictionary()

    @classmethod
    def of(cls, answer: str, citations: Sequence[Citation]) -> Cited:
        """Of an answer as the model wrote it. For a thread that nobody waits for."""
        ordered = sorted(citations, key=lambda citation: citation.start)
        return cls(ordered, shown_starts(answer, [citation.start for citation in ordered]))

    def marks(self, drawn: DrawnBlock, answer: str) -> Mapping[int, Sequence[CitationMark]]:
        """The citations of a block by its rows; found once."""
        known = self._marks.get(drawn)
        if known is None:
            known = self._marks[drawn] = self._placed(drawn, answer)
        return known

    def _placed(self, drawn: DrawnBlock, answer: str) -> dict[int, list[CitationMark]]:
        block = drawn.block
        first, end = bisect_left(self.starts, block.start), bisect_left(self.starts, block.end)
        rows: dict[int, list[CitationMark]] = {}
        if first == end:
            return rows
        top = int(block.gap)
        text = _DrawnText(drawn, top)
        places: dict[str, tuple[int, int]] = {}
        for index in range(first, end):
            at = -1
            needle = _needle(self.citations[index].text) if index < first + PLACED else ""
            if needle:
                before, last = places.get(needle, (block.start, -1))
                count = answer.count(needle, before, self.starts[index])
                at = text.find(needle, last + 1, count)
                if at >= 0:
                    places[needle] = (self.starts[index] + 1, at)
                else:
                    needle = bare(needle)
                    at = text.find(needle, 0, 0) if needle.strip() else -1
            if at < 0:
                rows.setdefault(top, []).append(CitationMark(0, 0, index, begins=True))
                continue
            for number, (row, cell, cell_end) in enumerate(text.cells(at, at + len(needle))):
                rows.setdefault(row, []).append(CitationMark(cell, cell_end, index, begins=not number))
        return rows

    def look_of(self, index: int) -> str:
        """The component class of a citation."""
        return look.CITED[LOOKS[self.citations[index].status]]

    def sign(self, marks: Sequence[CitationMark]) -> tuple[str, str] | None:
        """What stands beside a line with these, and its component class."""
        from docstra_tui.session.citations.report import MARKS

        found = {LOOKS[self.citations[mark.number].status]: mark.number for mark in marks if mark.begins}
        worst = next((found[number] for number in WORST if number in found), None)
        return None if worst is None else (MARKS[self.citations[worst].status], self.look_of(worst))

    def tally_lines(self, width: int) -> list[Line]:
        """What stands below the answer."""
        from docstra_tui.session.citations.report import tally

        words = tally(self.citations)
        if not words:
            return []
        is_bad = any(citation.status == "missing" for citation in self.citations)
        bits = ((words, look.WARNING if is_bad else look.MUTED),)
        return [Line(part, 0, joint) for part, joint in wrap_bits(bits, width)]


class _DrawnText:
    """The rows of a block as one text: lines that were broken to fit are one again."""

    def __init__(self, drawn: DrawnBlock, top: int) -> None:
        self._starts: list[int] = []
        self._rows: list[tuple[int, int]] = []
        texts: list[str] = []
        size = 0
        for row in range(top, min(drawn.height, top + ROWS)):
            line = drawn.line(row)
            goes_on = bool(texts) and line.joint != "\n"
            lead, text = (line.indent, line.content) if goes_on else (0, line.text)
            text = (line.joint if goes_on else "\n" if texts else "") + text
            self._starts.append(size + (len(line.joint) if texts else 0))
            self._rows.append((row, lead))
            texts.append(text)
            size += len(text)
        self.text = "".join(texts)

    def find(self, needle: str, start: int, count: int) -> int:
        """Where `needle` stands behind `count` others from `start` on; the last there is where that is not
        drawn, -1 without any."""
        found = -1
        for _ in range(count + 1):
            at = self.text.find(needle, start)
            if at < 0:
                break
            found, start = at, at + len(needle)
        return found

    def cells(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """The rows and cells of a stretch of it."""
        parts = []
        for index in range(bisect_right(self._starts, start) - 1, bisect_left(self._starts, end)):
            row, lead = self._rows[index]
            here = self._starts[index]
            after = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
            first = lead + cell_len(self.text[here : max(here, start)])
            last = first + cell_len(self.text[max(here, start) : min(after, end)].rstrip("\n"))
            parts.append((row, first, last))
        return parts


def _needle(text: str) -> str:
    """The first line of a citation that says something, as it is drawn."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return show(line.strip()[:NEEDLE])


def shown_starts(answer: str, starts: Sequence[int]) -> list[int]:
    """Where ascending places of an answer stand in it as it is shown."""
    found, at, size = [], 0, 0
    for start in starts:
        size += len(ingest(answer[at:start]))
        at = start
        found.append(size)
    return found
