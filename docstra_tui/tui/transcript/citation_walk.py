"""Walking from citation to citation in the conversation, and what is drawn of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.marks import Marks
from docstra_tui.tui.transcript.messages import CitationMarked, CitationOpened, CitationsWanted, NoCitation
from docstra_tui.tui.transcript.scrolled import ScrolledDocument
from docstra_tui.tui.transcript.selection import Spot
from docstra_tui.tui.transcript.strips import Overlay

if TYPE_CHECKING:
    from docstra_tui.session.citations.citation import Citation

MARKED = "transcript--match-current"
QUIET = frozenset({"transcript--found", "transcript--unchecked"})
"""What has its sign beside its line and looks like the rest of it."""
LAST = -1
"""In the place of a number: the last of its answer."""


class CitationWalk:
    """Marks one after the other. An answer that nobody has looked up yet is waited for."""

    def __init__(self, view: ScrolledDocument, marks: Marks) -> None:
        self._view = view
        self._marks = marks
        self._asked: set[int] = set()
        """Turns whose citations are looked up, or were."""
        self._waits: tuple[int, object] | None = None
        """The step that was meant, and where, while the next turn is looked up."""
        self._told = False

    # Looking up

    def want_in_sight(self) -> None:
        """Have the answers in sight looked up."""
        document, view = self._view.document, self._view
        index, _ = document.find(max(0, view.top))
        while 0 <= index < len(document.turns) and document.top(index) < view.top + view.size.height:
            self._want(document.turns[index])
            index += 1

    def _want(self, turn: Turn) -> bool:
        """True where it is not looked up so far, and is from now on."""
        if turn.is_streaming or not turn.turn_id or turn.is_looked_up:
            return False
        if turn.turn_id not in self._asked:
            self._asked.add(turn.turn_id)
            self._view.post_message(CitationsWanted(turn.turn_id))
        return True

    def came(self, turn: Turn) -> None:
        """The citations of a turn are there."""
        if not turn.is_streaming:
            self._asked.discard(turn.turn_id)
        if self._waits is not None:
            (step, place), self._waits = self._waits, None
            if place == self._place():
                self.go(step)

    def forget(self) -> None:
        """Other turns are shown."""
        self._asked.clear()
        self._waits = None

    # Walking

    def _place(self) -> object:
        """Another one when somebody went elsewhere."""
        view, document = self._view, self._view.document
        top = None if view.is_following else view.top
        return top, self._marks.cursor, self._marks.block, self._marks.citation, document.width

    def go(self, step: int) -> None:
        """To the citation before or after the marked one, or what is in sight."""
        document, view = self._view.document, self._view
        self._waits = None
        if not document.turns:
            return
        cited = self._marks.citation
        if cited is not None:
            index, at = cited[0], cited[1] + step
            if at < 0:
                index, at = index - 1, LAST
        else:
            index, at = self._begin(step)
        while 0 <= index < len(document.turns):
            turn = document.turns[index]
            if self._want(turn):
                self._waits = step, self._place()
                return
            count = len(turn.cited.citations) if turn.cited is not None else 0
            at = count - 1 if at == LAST else at
            if 0 <= at < count:
                self.show(index, at)
                return
            index, at = index + step, 0 if step > 0 else LAST
        view.post_message(NoCitation(is_any=any(map(_may_cite, document.turns))))

    def _begin(self, step: int) -> tuple[int, int]:
        """The first citation in the direction of `step`, from the marked block or the screen's edge on."""
        document, view, marked = self._view.document, self._view, self._marks.block
        edge = view.top + (view.size.height if step < 0 else -1)
        y = document.top(marked[0]) + marked[1] if marked is not None else edge
        index, row = document.find(max(0, min(y, document.height - 1)))
        if y < 0:
            row = -1
        turn = document.turns[index]
        if turn.cited is None:
            return index, 0 if step > 0 else LAST
        rows = [turn.citation_rows(at, document.width)[0] for at in range(len(turn.cited.citations))]
        document.measure(index)
        if step < 0:
            before = [at for at, first in enumerate(rows) if first < row]
            return (index, before[-1]) if before else (index - 1, LAST)
        behind = [at for at, first in enumerate(rows) if first > row]
        return (index, behind[0]) if behind else (index + 1, 0)

    def show(self, index: int, at: int) -> None:
        """Mark a citation and have it in sight."""
        view, turn = self._view, self._view.document.turns[index]
        if turn.cited is None:
            return
        first, end = turn.citation_rows(at, view.document.width)
        view.document.measure(index)
        self._marks.cite(index, at, first, end)
        view.show_row(index, first, above=max(1, view.size.height // 3))
        self.tell()

    def tell(self) -> None:
        """Say which one is marked, or that none is any more."""
        from docstra_tui.session.citations.report import head, note

        marked, citation = self._marks.citation, self.marked
        if marked is None or citation is None:
            if self._told:
                self._view.post_message(CitationMarked(""))
            self._told = False
            return
        cited = self._view.document.turns[marked[0]].cited
        self._told = True
        count = len(cited.citations) if cited is not None else 0
        has_place = bool(citation.path or citation.named.path)
        self._view.post_message(
            CitationMarked(head(citation), marked[1] + 1, count, note=note(citation), has_place=has_place)
        )

    @property
    def marked(self) -> Citation | None:
        """The one that is marked."""
        turns, marked = self._view.document.turns, self._marks.citation
        if marked is None or marked[0] >= len(turns):
            return None
        cited = turns[marked[0]].cited
        return cited.citations[marked[1]] if cited is not None and marked[1] < len(cited.citations) else None

    @property
    def shown(self) -> tuple[tuple[Citation, ...], int]:
        """The citations of the turn that is marked, else of the last that has any, and which is marked; -1
        for none."""
        turns, marked = self._view.document.turns, self._marks.citation
        order = reversed(turns) if marked is None else [turns[marked[0]]]
        cited = next((turn.cited for turn in order if turn.cited is not None), None)
        return (() if cited is None else cited.citations), (-1 if marked is None else marked[1])

    def open(self) -> bool:
        """Have the place of the marked one opened; False where none is marked."""
        citation = self.marked
        if citation is not None:
            self._view.post_message(CitationOpened(citation))
        return citation is not None

    def open_at(self, spot: Spot) -> bool:
        """Mark and open what stands in a cell; False where no citation does."""
        turn = self._view.document.turns[spot.turn]
        for mark in turn.marks_at(spot.row):
            if mark.first <= spot.cell < mark.end:
                first, end = turn.citation_rows(mark.number, self._view.document.width)
                self._marks.cite(spot.turn, mark.number, first, end)
                self._view.refresh()
                self.tell()
                return self.open()
        return False

    # Drawing

    def overlays(self, y: int) -> list[Overlay]:
        """What is laid over a row of the document."""
        index, row = self._view.document.find(y)
        turn = self._view.document.turns[index]
        cited = turn.cited
        if cited is None:
            return []
        marked = self._marks.citation
        found: list[Overlay] = []
        for mark in turn.marks_at(row):
            name = MARKED if (index, mark.number) == marked else cited.look_of(mark.number)
            if mark.end > mark.first and name not in QUIET:
                found.append((mark.first, mark.end, name))
        return found

    def sign(self, y: int) -> tuple[str, str] | None:
        """What stands beside a row."""
        index, row = self._view.document.find(y)
        turn = self._view.document.turns[index]
        return None if turn.cited is None else turn.cited.sign(turn.marks_at(row))


def _may_cite(turn: Turn) -> bool:
    """True for an answer with a citation, and for one that nobody has looked up."""
    return not turn.is_looked_up or (turn.cited is not None and bool(turn.cited.citations))
