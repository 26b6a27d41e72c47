"""Looking for words in the conversation that is shown: the matches, and the one that was gone to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.timer import Timer

from docstra_tui.tui.transcript import searching
from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.match_rows import cells_of, row_of
from docstra_tui.tui.transcript.scrolled import ScrolledDocument
from docstra_tui.tui.transcript.selection import Spot
from docstra_tui.tui.transcript.strips import Overlay

SLICE_SECONDS = 0.01
"""How long is looked for words before keys and frames have their turn."""
FIRST_SECONDS = 0.02
"""How long a key that asks for a match may look before it answers with what there is."""
PAUSE_SECONDS = 0.01
"""Between two slices."""


class WordSearch:
    """Looks in slices, from the newest turn on, and scrolls to what is wanted."""

    def __init__(self, view: ScrolledDocument, tell: Callable[[], None]) -> None:
        self._view = view
        self._tell = tell
        """Called when more was found, or all was looked at."""
        self.words = ""
        """What is looked for."""
        self._search: searching.Search | None = None
        self._timer: Timer | None = None
        self._is_old = False
        """Turns have come or gone since it was looked for words."""
        self._wants_match = False
        """The first match that is found is gone to."""
        self._place: tuple[searching.Match, int, int, tuple[int, bool, bool]] | None = None
        """The match that was gone to, its row and cell in its turn, and the look it has that place in."""
        self._spot: Spot | None = None
        """Where that is now, once somebody asked."""

    def look_for(self, words: str) -> int:
        """Mark `words` (small letters find capitals too) and go to the last match; how many there are.

        What takes longer than a moment goes on by itself: `is_searching` is True until it is done.
        """
        self.end()
        self.words = words
        if words:
            self._search = searching.Search(words, self._view.document.turns)
            self._wants_match = True
            self._look(FIRST_SECONDS)
        self._view.refresh()
        return self.match[1]

    def show(self, index: int, part: str, line: int, word: str) -> None:
        """Mark a word everywhere, and go to where it stands in that line of a turn's question or answer."""
        view, turns = self._view, self._view.document.turns
        turn = turns[index]
        self.look_for("")
        text = turn.question if part == "question" else turn.answer if part == "answer" else ""
        start = sum(len(before) + 1 for before in text.split("\n")[: line - 1])
        found = searching.Search(word, [turn])
        while word and not found.go_on(FIRST_SECONDS):
            pass
        of_part = [match for match in found.matches if match.part == part]
        behind = [match for match in of_part if match.offset >= start]
        self.words = word
        self._search = searching.Search(word, turns)
        if behind or of_part:
            self._go_to((behind or of_part[-1:])[0], of_part)
        else:
            view.show_row(index, 0)
        self._look_later()

    def end(self) -> None:
        """Forget the words and what was found."""
        self.words, self._search, self._place, self._spot = "", None, None, None
        self._wants_match = self._is_old = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._tell()

    def forget_places(self) -> None:
        """Lines stand elsewhere, turns have come or gone: it is looked for the words again."""
        self._spot = None
        if self._search is not None:
            self._is_old = True
            self._look_later()

    def _look_later(self) -> None:
        if self._timer is None and self._view.is_running:
            self._timer = self._view.set_timer(PAUSE_SECONDS, self._look_on)

    def _look_on(self) -> None:
        self._timer = None
        self._look(SLICE_SECONDS)

    def _look(self, seconds: float) -> None:
        """Look for the words a little further."""
        search = self._search
        if search is None:
            return
        if self._is_old:
            self._is_old = False
            search.update(self._view.document.turns)
        if not search.go_on(seconds):
            self._look_later()
        if self._wants_match and search.count:
            self._wants_match = False
            self._go_to(search.matches[-1])
        elif search.is_done:
            self._wants_match = False
        self._tell()

    # What was found

    @property
    def match(self) -> tuple[int, int]:
        """The number of the match that was gone to, from 1, and how many there are so far."""
        return (0, 0) if self._search is None else (self._search.at + 1, self._search.count)

    @property
    def is_searching(self) -> bool:
        """There may be matches that were not found yet."""
        return self._search is not None and (self._is_old or not self._search.is_done)

    @property
    def has_more(self) -> bool:
        """There are more matches than are kept."""
        return self._search is not None and self._search.is_cut

    # From match to match

    def go(self, step: int) -> None:
        """To the next match or the one before, round and round; with what has come in the meantime."""
        search = self._search
        if search is None:
            return
        self._is_old = True
        self._wants_match = False
        self._look(FIRST_SECONDS)
        matches, at = search.matches, search.at
        if not matches:
            self._wants_match = not search.is_done
        elif at < 0:
            self._go_to(matches[-1])
        elif at + step >= 0 or search.is_done:  # else the one before it is still looked for
            self._go_to(matches[(at + step) % len(matches)])
        self._tell()

    def _go_to(self, match: searching.Match, beside: Sequence[searching.Match] = ()) -> None:
        """`beside` are the matches in its turn, where the search has not come to it yet."""
        search, turn, view = self._search, match.turn, self._view
        document = view.document
        if search is None or turn not in document.turns:
            return
        if _is_hidden(match):
            view.fold(turn, False)
        search.current = match
        row, cell = row_of(match, beside or search.beside(match), self.words, document.width)
        index = document.turns.index(turn)
        document.measure(index)
        self._place, self._spot = (match, row, cell, self._look_of(match)), None
        view.show_row(index, row, above=view.size.height // 3)

    # In the lines that are drawn

    def overlays(self, line: Line, y: int) -> list[Overlay]:
        """The matches in a line, the one that was gone to among them."""
        if not self.words:
            return []
        return [
            (first, end, "transcript--match-current" if self.is_current(y, first) else "transcript--match")
            for first, end in cells_of(line, self.words)
        ]

    def is_current(self, y: int, cell: int) -> bool:
        """True for the match that was gone to."""
        if self._spot is None:
            self._spot = self._find_spot()
        spot = self._spot
        if spot is None or spot.cell != cell:
            return False
        return self._view.document.top(spot.turn) + spot.row == y

    def _find_spot(self) -> Spot | None:
        """Where the match that was gone to stands now."""
        if self._place is None:
            return None
        match, row, cell, look = self._place
        turns = self._view.document.turns
        if look == self._look_of(match) and match.turn in turns:
            return Spot(turns.index(match.turn), row, cell)
        self._place = None
        return None

    def _look_of(self, match: searching.Match) -> tuple[int, bool, bool]:
        return self._view.document.width, match.turn.is_folded, match.turn.is_raw


def _is_hidden(match: searching.Match) -> bool:
    """True for a match in thoughts that are folded."""
    return match.part == "thinking" and match.turn.is_folded and not match.turn.is_raw
