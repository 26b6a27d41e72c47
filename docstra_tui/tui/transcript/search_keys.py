"""Searching the conversation: words, matches, and the match that was gone to."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer

from docstra_tui.tui.transcript import searching
from docstra_tui.tui.transcript.messages import SearchRequested
from docstra_tui.tui.transcript.selection import Spot
from docstra_tui.tui.transcript.surface import Surface

SLICE_SECONDS = 0.01
"""How long is looked for words before keys and frames have their turn."""
FIRST_SECONDS = 0.02
"""How long a key that asks for a match may look before it answers with what there is."""
PAUSE_SECONDS = 0.01
"""Between two slices."""


class SearchKeys(Surface):
    """The part of the view that knows what is searched for."""

    words = ""
    """What is searched for, as `search` got it."""
    when_searched: Callable[[], None] | None = None
    """Called when more was found, or all was looked at."""
    _search: searching.Search | None = None
    _search_timer: Timer | None = None
    _is_search_old = False
    """Turns have come or gone since it was looked for words."""
    _wants_match = False
    """The first match that is found is gone to."""
    _match_place: tuple[searching.Match, int, int, tuple[int, bool, bool]] | None = None
    """The match that was gone to, its row and cell in its turn, and the look it has that place in."""
    _match_spot: Spot | None = None

    def search(self, words: str) -> int:
        """Mark `words` (small letters find capitals too) and go to the last match; how many there are.

        What takes longer than a moment goes on by itself: `is_searching` is True until it is done.
        """
        self._end_search()
        self.words = words
        if words:
            self._search = searching.Search(words, self.document.turns)
            self._wants_match = True
            self._look_for_words(FIRST_SECONDS)
        self.refresh()
        return self.match[1]

    def _end_search(self) -> None:
        self.words, self._search, self._match_place, self._match_spot = "", None, None, None
        self._wants_match = self._is_search_old = False
        if self._search_timer is not None:
            self._search_timer.stop()
            self._search_timer = None
        self._tell_search()

    def _tell_search(self) -> None:
        if self.when_searched is not None:
            self.when_searched()

    def _search_later(self) -> None:
        if self._search_timer is None and self.is_running:
            self._search_timer = self.set_timer(PAUSE_SECONDS, self._look_on)

    def _look_on(self) -> None:
        self._search_timer = None
        self._look_for_words(SLICE_SECONDS)

    def _look_for_words(self, seconds: float) -> None:
        """Look for the words a little further."""
        search = self._search
        if search is None:
            return
        if self._is_search_old:
            self._is_search_old = False
            search.update(self.document.turns)
        if not search.go_on(seconds):
            self._search_later()
        if self._wants_match and search.count:
            self._wants_match = False
            self._go_to(search.matches[-1])
        elif search.is_done:
            self._wants_match = False
        self._tell_search()

    @property
    def match(self) -> tuple[int, int]:
        """The number of the match that was gone to, from 1, and how many there are so far."""
        return (0, 0) if self._search is None else (self._search.at + 1, self._search.count)

    @property
    def is_searching(self) -> bool:
        """There may be matches that were not found yet."""
        return self._search is not None and (self._is_search_old or not self._search.is_done)

    @property
    def has_more_matches(self) -> bool:
        """There are more matches than are kept."""
        return self._search is not None and self._search.is_cut

    def action_match(self, step: int) -> None:
        """To the next match or the one before, round and round; with what has come in the meantime."""
        search = self._search
        if search is None:
            return
        self._is_search_old = True
        self._wants_match = False
        self._look_for_words(FIRST_SECONDS)
        matches, at = search.matches, search.at
        if not matches:
            self._wants_match = not search.is_done
        elif at < 0:
            self._go_to(matches[-1])
        elif at + step >= 0 or search.is_done:  # else the one before it is still looked for
            self._go_to(matches[(at + step) % len(matches)])
        self._tell_search()

    def _go_to(self, match: searching.Match) -> None:
        search, turn = self._search, match.turn
        if search is None or turn not in self.document.turns:
            return
        if turn.is_folded and not match.in_question and not turn.is_raw and _is_thought(match):
            self._fold(turn, False)
        search.current = match
        row, cell = searching.row_of(match, search.beside(match), self.words, self.document.width)
        index = self.document.turns.index(turn)
        self.document.measure(index)
        self._match_place, self._match_spot = (match, row, cell, self._look_of(match)), None
        self.show_row(index, row, above=self.size.height // 3)

    def action_search(self) -> None:
        """Ask for the words; whoever shows this view has the field for them."""
        self.post_message(SearchRequested())

    def is_current_match(self, y: int, cell: int) -> bool:
        """True for the match that was gone to."""
        if self._match_spot is None:
            self._match_spot = self._find_match_spot()
        spot = self._match_spot
        if spot is None or spot.cell != cell:
            return False
        return self.document.top(spot.turn) + spot.row == y

    def _find_match_spot(self) -> Spot | None:
        """Where the match that was gone to stands now."""
        if self._match_place is None:
            return None
        match, row, cell, look = self._match_place
        if look == self._look_of(match) and match.turn in self.document.turns:
            return Spot(self.document.turns.index(match.turn), row, cell)
        self._match_place = None
        return None

    def _look_of(self, match: searching.Match) -> tuple[int, bool, bool]:
        return self.document.width, match.turn.is_folded, match.turn.is_raw


def _is_thought(match: searching.Match) -> bool:
    """True for a match in what the model thought."""
    if "<think" not in match.turn.answer[: match.offset]:
        return False
    from docstra_tui.tui.transcript.blocks.growing import THINK, THINK_END

    answer = match.turn.answer
    begin = THINK.match(answer)
    if begin is None or match.offset < begin.end():
        return False
    end = THINK_END.search(answer, begin.end())
    return end is None or match.offset < end.start()
