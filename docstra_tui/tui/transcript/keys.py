"""What keys and mouse do in the conversation: scroll, walk, select, search, fold."""

from __future__ import annotations

from textual import events
from textual.reactive import var

from docstra_tui.tui.transcript.bindings import ALWAYS
from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.citation_walk import CitationWalk
from docstra_tui.tui.transcript.code_walk import CodeWalk
from docstra_tui.tui.transcript.marks import Marks
from docstra_tui.tui.transcript.messages import BranchWanted, SearchRequested, Verb
from docstra_tui.tui.transcript.scrolled import ScrolledDocument
from docstra_tui.tui.transcript.selection import Spot
from docstra_tui.tui.transcript.strips import MARGIN, Overlay
from docstra_tui.tui.transcript.word_search import WordSearch
from docstra_tui.tui.widgets.own_keys import OwnKeys


class TranscriptKeys(ScrolledDocument, OwnKeys):
    """A document in which one can walk, and take something out of it."""

    ALWAYS = ALWAYS

    found: var[tuple[object, ...]] = var((), always_update=True)
    """What the search has come to, set with every look; for whoever watches it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.marks = Marks(self.document)
        self.word_search = WordSearch(self, self._tell_found)
        self.code_walk = CodeWalk(self, self.marks)
        self.citations = CitationWalk(self, self.marks)
        self.is_raw = False
        """Answers are shown as they were written."""
        self._is_dragging = False
        self._has_moved = False

    # What is marked

    @property
    def has_marks(self) -> bool:
        """True with a selection, a cursor, a marked block or matches."""
        return bool(self.marks) or bool(self.word_search.words)

    takes_letters = has_marks  # otherwise they are the beginning of a question

    @property
    def selected_text(self) -> str:
        """The text of the selection; empty without one."""
        return self.marks.selected_text

    @property
    def current_turn(self) -> int:
        """The turn that keys act on: that of the cursor, of the marked block, or the one in sight."""
        marked = self.marks.turn
        return self.document.find(self._middle)[0] if marked is None else marked

    @property
    def turn_in_sight(self) -> int:
        """The turn that a command acts on: the last one at the end, else the current one; -1 without any."""
        return len(self.document.turns) - 1 if self.is_following else self.current_turn

    @property
    def _middle(self) -> int:
        """The row in the middle of the screen."""
        last = max(0, self.document.height - 1)
        return min(self.top + min(self.size.height // 2, last), last)

    def overlays(self, line: Line, y: int) -> list[Overlay]:
        return [
            *self.citations.overlays(y),
            *self.word_search.overlays(line, y),
            *self.marks.overlays(y),
        ]

    def sign(self, y: int) -> tuple[str, str] | None:
        return self.citations.sign(y)

    def is_marked(self, y: int) -> bool:
        return self.marks.is_block_at(y)

    def forget_places(self) -> None:
        """Forget what is bound to drawn lines: selection, cursor, mark. Words are looked for again."""
        self.marks.clear()
        self.citations.tell()
        self._is_dragging = False
        self.word_search.forget_places()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "unmark" or parameters == ("delete",):
            return self.has_marks  # with nothing to forget the key belongs to the screen
        return True

    def unmark(self) -> bool:
        """As the key that unmarks, for whoever takes that key first; False with nothing to forget."""
        had = self.has_marks
        if had:
            self.action_unmark()
        return had

    def action_unmark(self) -> None:
        self.forget_places()
        self.word_search.end()
        self.refresh()

    # Scrolling

    def action_line(self, step: int) -> None:
        if self.marks.cursor is None:
            self.scroll_relative(y=step, animate=False)
        else:
            self._move_rows(step)

    def action_cell(self, step: int) -> None:
        if self.marks.cursor is not None:
            self.marks.move_cells(step, self.size.width)
            self.refresh()

    def action_page(self, step: int) -> None:
        rows = max(1, self.size.height - 2) * step
        if self.marks.cursor is None:
            self.scroll_relative(y=rows, animate=False)
        else:
            self._move_rows(rows)

    def action_top(self) -> None:
        """To the beginning, with the cursor if there is one."""
        if self.marks.cursor is None:
            self.scroll_to(y=0, animate=False)
        else:
            self._move_rows(-self.document.height)
            self.marks.cursor = Spot(0, 1, 0)

    def action_follow(self) -> None:
        """Go to the end and stay there; with a cursor, take it to the end."""
        if self.marks.cursor is None:
            self.follow()
            return
        for _ in range(5):  # what is laid out for the first time has another height
            height = self.document.height
            self._move_rows(height)
            if height == self.document.height:
                break
        self.marks.move_to_end()

    def action_turn(self, step: int) -> None:
        """To the question before or after the one at the top of the screen."""
        turns = len(self.document.turns)
        if not turns:
            return
        index, row = self.document.find(self.top)
        if self.marks.block is not None:
            index, row = self.marks.block[0], 1
        target = index - 1 if step < 0 and row <= 1 else index if step < 0 else index + 1
        self.forget_places()
        if target >= turns:
            self.follow()
            return
        target = max(0, target)
        self.marks.mark_question(target, self.size.height)
        self.show_row(target, 1)

    def go_to_turn(self, turn_id: int) -> None:
        """Mark the question of a turn and show it; nothing where it is not here."""
        for index, turn in enumerate(self.document.turns):
            if turn.turn_id == turn_id:
                self.forget_places()
                self.marks.mark_question(index, self.size.height)
                self.show_row(index, 1)

    # Others in the place of a turn

    def action_walk(self, step: int) -> None:
        """What else stands in the place of a turn: of the marked one, else of the nearest that has any."""
        index, turns = self.current_turn, self.document.turns
        if self.marks.turn is None:
            forked = (at for at, turn in enumerate(turns) if turn.beside.bits)
            index = min(forked, key=lambda at: abs(at - index), default=index)
        self._ask_for("walk", index, step)

    def action_turn_verb(self, verb: Verb) -> None:
        """Whatever else is done with a turn; who shows this view does it."""
        self._ask_for(verb, self.current_turn)

    def _ask_for(self, verb: Verb, index: int, step: int = 0) -> None:
        turns = self.document.turns
        if turns:
            self.post_message(BranchWanted(verb, turns[index].turn_id, step))

    def action_code(self, step: int) -> None:
        self.code_walk.go(step)

    def action_citation(self, step: int) -> None:
        self.citations.go(step)

    # Selection

    def action_select(self) -> None:
        """Show a cursor; with one, select from it on or stop selecting."""
        if self.marks.cursor is None:
            self.marks.show_cursor(self._middle)
        else:
            self.marks.toggle_selection()
        self.refresh()

    def action_extend(self, step: int) -> None:
        """Select from the cursor on, line by line."""
        if self.marks.cursor is None:
            self.action_select()
        if self.marks.start is None:
            self.marks.start = self.marks.cursor
        self._move_rows(step)

    def _move_rows(self, rows: int) -> None:
        """The cursor up or down, and what is in sight with it."""
        y = self.marks.move_rows(rows)
        if y is None:
            return
        top, height = self.top, self.size.height
        if y < top:
            self.scroll_to(y=y, animate=False)
        elif y >= top + height:
            self.scroll_to(y=y - height + 1, animate=False)
        self.refresh()

    def _spot_at(self, event: events.MouseEvent) -> Spot:
        y = self.top + max(0, min(self.size.height - 1, event.y))
        y = max(0, min(self.document.height - 1, y))
        return Spot(*self.document.find(y), max(0, event.x - MARGIN))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1 or not self.document.turns:
            return
        self.forget_places()
        self.marks.start = self._spot_at(event)
        self._is_dragging, self._has_moved = True, False
        self.capture_mouse()
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if not self._is_dragging:
            return
        if event.y < 0 or event.y >= self.size.height:
            self.scroll_relative(y=-1 if event.y < 0 else 1, animate=False)
        spot = self._spot_at(event)
        if self._has_moved or spot != self.marks.start:
            self._has_moved = True
            self.marks.cursor = spot
            self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if not self._is_dragging:
            return
        self._is_dragging = False
        self.release_mouse()
        self.refresh_bindings()
        if not self._has_moved:
            spot, self.marks.start = self.marks.start, None
            if spot is not None:
                self._click(spot)

    def _click(self, spot: Spot) -> None:
        turn = self.document.turns[spot.turn]
        if self.citations.open_at(spot):
            return
        if spot.row == turn.body_row < turn.answer_row:
            self._toggle_fold(spot.turn)

    # Searching

    def _tell_found(self) -> None:
        search = self.word_search
        self.found = (search.words, *search.match, search.has_more, search.is_searching)

    def action_match(self, step: int) -> None:
        self.word_search.go(step)

    def action_search(self) -> None:
        """Ask for the words; whoever shows this view has the field for them."""
        self.post_message(SearchRequested())

    # Folding and the raw view

    def action_fold(self) -> None:
        """Open the citation that is marked; else fold what was thought."""
        if not self.citations.open() and self.document.turns:
            self._toggle_fold(self.current_turn)

    def show_thought(self) -> bool:
        """Go to what was thought before the answer in sight, the last one at the end, or fold it again; False
        where nothing was."""
        index = self.turn_in_sight
        if index < 0 or not self._toggle_fold(index):
            return False
        turn = self.document.turns[index]
        if not turn.is_folded:
            self.show_row(index, turn.body_row)
        return True

    def _toggle_fold(self, index: int) -> bool:
        turn = self.document.turns[index]
        if turn.thinking:
            self.fold(turn, not turn.is_folded)
        return bool(turn.thinking)

    def action_raw(self) -> None:
        """Every answer as it was written, or as Markdown again."""
        self.is_raw = not self.is_raw
        marked = self.current_turn if self.has_marks else -1

        def toggle() -> None:
            for turn in self.document.turns:
                turn.show_raw(self.is_raw)

        self.relayout(toggle)
        if marked >= 0:  # what was marked is drawn otherwise; the same keys go on with its turn
            self.marks.mark_question(marked, self.size.height)
