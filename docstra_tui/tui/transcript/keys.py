"""What keys and mouse do in the conversation: scroll, walk, select, search, fold, copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.binding import Binding, BindingType

from docstra_tui.tui.transcript.code_keys import CodeKeys
from docstra_tui.tui.transcript.messages import CopyRequested
from docstra_tui.tui.transcript.search_keys import SearchKeys
from docstra_tui.tui.transcript.selection import Selected, Spot, selected_text
from docstra_tui.tui.transcript.surface import Surface
from docstra_tui.tui.widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.layout.turn import Turn

MARGIN = 2


def _key(keys: str, action: str, words: str, tooltip: str, name: str) -> Binding:
    return Binding(keys, action, words, tooltip=tooltip, id=f"transcript.{name}", show=False)


BINDINGS: list[BindingType] = [
    _key("up,k", "line(-1)", "Up", "One line up", "up"),
    _key("down,j", "line(1)", "Down", "One line down", "down"),
    _key("left,h", "cell(-1)", "Left", "Move the cursor left", "left"),
    _key("right,l", "cell(1)", "Right", "Move the cursor right", "right"),
    _key("pageup,b", "page(-1)", "Page up", "One page up", "pageup"),
    _key("pagedown,space", "page(1)", "Page down", "One page down", "pagedown"),
    _key("home,g", "top", "Oldest", "To the first question", "top"),
    _key("end,G", "follow", "Newest", "To the end, and follow it", "end"),
    _key("left_square_bracket", "turn(-1)", "Turn before", "To the question before", "turn-before"),
    _key("right_square_bracket", "turn(1)", "Next turn", "To the next question", "turn-next"),
    _key("left_curly_bracket", "code(-1)", "Code before", "To the code block before", "code-before"),
    _key("right_curly_bracket", "code(1)", "Next code", "To the next code block", "code-next"),
    _key("v", "select", "Select", "Show a cursor; again: select from it on", "select"),
    _key("shift+up", "extend(-1)", "Select up", "Select a line up", "extend-up"),
    _key("shift+down", "extend(1)", "Select down", "Select a line down", "extend-down"),
    _key("y", "copy", "Copy", "Copy the selection, the marked code, or the answer", "copy"),
    _key("Y", "copy_turn", "Copy turn", "Copy question and answer as they were written", "copy-turn"),
    _key("enter", "fold", "Fold thinking", "Show or hide what the model thought", "fold"),
    _key("r", "raw", "As written", "Show exactly what the model wrote, and back", "raw"),
    _key("slash", "search", "Search", "Look for words", "search"),
    _key("n", "match(1)", "Next match", "To the next match", "match-next"),
    _key("N", "match(-1)", "Match before", "To the match before", "match-before"),
    _key("escape", "unmark", "Unmark", "Forget selection, cursor and matches", "unmark"),
]


ALWAYS = (
    *("left_square_bracket", "right_square_bracket", "left_curly_bracket", "right_curly_bracket"),
    "space",
)
"""Keys that can be written, but act also where nothing is selected: they select, or turn the page."""


class TranscriptKeys(OwnKeys, SearchKeys, CodeKeys, Surface):
    """The keys' half of `TranscriptView`."""

    ALWAYS = ALWAYS
    cursor: Spot | None = None
    _from: Spot | None = None
    _marked: tuple[int, int, int] | None = None
    """Turn, first row and end row of the block that keys act on."""
    _is_dragging = False
    _has_moved = False
    is_raw = False

    def uses(self, event: events.Key) -> bool:
        """Letters act only on what is selected: otherwise they are the beginning of a question."""
        return not event.is_printable or event.key in ALWAYS or self.has_marks

    # Where things are

    @property
    def selected(self) -> Selected | None:
        """What is selected."""
        if self.cursor is None or self._from is None:
            return None
        return Selected.between(self._from, self.cursor)

    @property
    def selected_text(self) -> str:
        """The text of the selection; empty without one."""
        selected = self.selected
        return "" if selected is None else selected_text(self.document, selected)

    @property
    def current_turn(self) -> int:
        """The turn that keys act on: that of the cursor, of the marked block, or the one in sight."""
        if self.cursor is not None:
            return self.cursor.turn
        if self._marked is not None:
            return self._marked[0]
        middle = self.scroll_offset.y + min(self.size.height // 2, max(0, self.document.height - 1))
        return self.document.find(min(middle, max(0, self.document.height - 1)))[0]

    def is_marked(self, y: int) -> bool:
        """True where the mark of the current block stands."""
        if self._marked is None:
            return False
        turn, first, end = self._marked
        top = self.document.top(turn)
        return top + first <= y < top + end

    def clear_marks(self) -> None:
        """Forget what is bound to drawn lines: selection, cursor, mark. Words are looked for again."""
        self.cursor = self._from = self._marked = self._match_spot = None
        self._is_dragging = False
        if self._search is not None:
            self._is_search_old = True
            self._search_later()

    # Scrolling

    def action_line(self, step: int) -> None:
        if self.cursor is None:
            self.scroll_relative(y=step, animate=False)
        else:
            self._move_rows(step)

    def action_cell(self, step: int) -> None:
        if self.cursor is not None:
            spot = self.cursor
            self.cursor = Spot(spot.turn, spot.row, max(0, min(self.size.width, spot.cell + step)))
            self.refresh()

    def action_page(self, step: int) -> None:
        rows = max(1, self.size.height - 2) * step
        if self.cursor is None:
            self.scroll_relative(y=rows, animate=False)
        else:
            self._move_rows(rows)

    def action_top(self) -> None:
        """To the beginning, with the cursor if there is one."""
        if self.cursor is None:
            self.scroll_to(y=0, animate=False)
        else:
            self._move_rows(-self.document.height)
            self.cursor = Spot(0, 1, 0)

    def action_follow(self) -> None:
        """Go to the end and stay there; with a cursor, take it to the end."""
        if self.cursor is None:
            self.follow()
            return
        for _ in range(5):  # what is laid out for the first time has another height
            height = self.document.height
            self._move_rows(height)
            if height == self.document.height:
                break
        last = self.document.height - 1
        self.cursor = Spot(*self.document.find(last), max(0, self.document.line(last).cells - 1))

    def action_turn(self, step: int) -> None:
        """To the question before or after the one at the top of the screen."""
        turns = len(self.document.turns)
        if not turns:
            return
        index, row = self.document.find(self.scroll_offset.y)
        if self._marked is not None:
            index, row = self._marked[0], 1
        target = index - 1 if step < 0 and row <= 1 else index if step < 0 else index + 1
        if target >= turns:
            self.clear_marks()
            self.follow()
            return
        target = max(0, target)
        self.clear_marks()
        self._mark_turn(target)
        self.show_row(target, 1)

    def _mark_turn(self, index: int) -> None:
        """Mark a turn's question."""
        turn = self.document.turns[index]
        turn.lay(self.document.width, 0, self.size.height, 0.02)
        self._marked = (index, 1, turn.body_row - 1)

    # Selection

    def action_select(self) -> None:
        """Show a cursor; with one, select from it on or stop selecting."""
        if self.cursor is None:
            row = self.scroll_offset.y + min(self.size.height // 2, max(0, self.document.height - 1))
            if self._marked is not None:
                row = self.document.top(self._marked[0]) + self._marked[1]
            if self.document.turns:
                self.cursor = Spot(*self.document.find(row), 0)
        else:
            self._from = self.cursor if self._from is None else None
        self.refresh()

    def action_extend(self, step: int) -> None:
        """Select from the cursor on, line by line."""
        if self.cursor is None:
            self.action_select()
        if self._from is None:
            self._from = self.cursor
        self._move_rows(step)

    def _move_rows(self, rows: int) -> None:
        spot = self.cursor
        if spot is None:
            return
        last = max(0, self.document.height - 1)
        y = max(0, min(last, self.document.top(spot.turn) + spot.row + rows))
        self.document.lay(y, y + 1, 0.02)
        turn, row = self.document.find(y)
        self.cursor = Spot(turn, row, spot.cell)
        top, height = self.scroll_offset.y, self.size.height
        if y < top:
            self.scroll_to(y=y, animate=False)
        elif y >= top + height:
            self.scroll_to(y=y - height + 1, animate=False)
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "unmark":  # with nothing to forget the key belongs to the screen
            return self.has_marks
        return True

    @property
    def has_marks(self) -> bool:
        """True with a selection, a cursor, a marked block or matches."""
        return self.cursor is not None or self._marked is not None or bool(self.words)

    def unmark(self) -> bool:
        """As the key that unmarks, for whoever takes that key first; False with nothing to forget."""
        had = self.has_marks
        if had:
            self.action_unmark()
        return had

    def action_unmark(self) -> None:
        self.clear_marks()
        self._end_search()
        self.refresh()

    def _spot_at(self, event: events.MouseEvent) -> Spot:
        y = self.scroll_offset.y + max(0, min(self.size.height - 1, event.y))
        y = max(0, min(self.document.height - 1, y))
        return Spot(*self.document.find(y), max(0, event.x - MARGIN))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1 or not self.document.turns:
            return
        self.clear_marks()
        self._from = self._spot_at(event)
        self._is_dragging, self._has_moved = True, False
        self.capture_mouse()
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if not self._is_dragging:
            return
        if event.y < 0 or event.y >= self.size.height:
            self.scroll_relative(y=-1 if event.y < 0 else 1, animate=False)
        spot = self._spot_at(event)
        if self._has_moved or spot != self._from:
            self._has_moved = True
            self.cursor = spot
            self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if not self._is_dragging:
            return
        self._is_dragging = False
        self.release_mouse()
        if not self._has_moved:
            spot, self._from = self._from, None
            if spot is not None:
                self._click(spot)

    def _click(self, spot: Spot) -> None:
        turn = self.document.turns[spot.turn]
        block = turn.block_at(spot.row)
        is_summary = block is not None and block.kind == "thinking" and spot.row == turn.body_row
        if is_summary:
            self._toggle_fold(spot.turn)

    # Folding and the raw view

    def action_fold(self) -> None:
        index = self.current_turn
        if index >= 0:
            self._toggle_fold(index)

    def _toggle_fold(self, index: int) -> None:
        turn = self.document.turns[index]
        if "<think" not in turn.answer[:2000]:
            return
        self._fold(turn, not turn.is_folded)

    def _fold(self, turn: Turn, is_folded: bool) -> None:
        def fold() -> None:
            turn.is_folded = is_folded
            turn.redo()

        self.relayout(fold, same_parts=True)

    def action_raw(self) -> None:
        """Every answer as it was written, or as Markdown again."""
        self.is_raw = not self.is_raw
        marked = self.current_turn if self.has_marks else -1

        def toggle() -> None:
            for turn in self.document.turns:
                turn.show_raw(self.is_raw)

        self.relayout(toggle)
        if marked >= 0:  # what was marked is drawn otherwise; the same keys go on with its turn
            self._mark_turn(marked)

    # Copying

    def action_copy(self) -> None:
        """The selection, else the marked code, else the answer in sight."""
        if self.selected is not None:
            self._copy(self.selected_text, "selection")
        elif self._marked is not None and (code := self.marked_code()):
            self._copy(code, "code")
        elif self.document.turns:
            self._copy(self.document.turns[self.current_turn].answer, "answer")

    def action_copy_turn(self) -> None:
        """Question and answer."""
        if self.document.turns:
            turn = self.document.turns[self.current_turn]
            self._copy(f"{turn.question}\n\n{turn.answer}", "turn")

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.post_message(CopyRequested(text, what))
