"""A dialog with the questions that wait: one is changed, asked sooner or later, or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line

if TYPE_CHECKING:
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.workspace.turns.queue import TurnQueue

LOOK_SECONDS = 0.25
"""Between two looks at what still waits: an answer may end meanwhile."""


class WaitingScreen(ModalScreen[int | None]):
    """Answers with the number of the question that is to be changed; None when it was closed."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f11,ctrl+l", "leave", "Back", tooltip="Close the list", id="waiting.back"),
        Binding(
            "shift+up,k", "move(-1)", "Sooner", tooltip="Ask it before the one above", id="waiting.sooner"
        ),
        Binding("shift+down,j", "move(1)", "Later", tooltip="Ask it after the one below", id="waiting.later"),
        Binding(
            "delete,backspace,d",
            "take_back",
            "Take back",
            tooltip="Do not ask it: it comes back into the composer",
            id="waiting.take_back",
        ),
    ]

    def __init__(self, queue: TurnQueue) -> None:
        super().__init__()
        self._queue = queue
        self._shown: tuple[tuple[int, str], ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content("Waiting questions"), classes="box-title", markup=False)
            yield OptionList(markup=False, compact=True)
            moves = f"{press('waiting.sooner')} {press('waiting.later')} moves it"
            words = f"Enter changes it · {moves} · {press('waiting.take_back')} takes it back"
            words += f" · {press('waiting.back')} back"
            yield Static(Content(words), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._number)

    def action_move(self, step: int) -> None:
        number = self._number
        if number is not None and self._queue.move(number, step):
            self._look()

    def action_take_back(self) -> None:
        number = self._number
        if number is not None:
            self._queue.take_back(number)
            self._look()

    def action_leave(self) -> None:
        self.dismiss(None)

    @property
    def _number(self) -> int | None:
        """That of the question under the cursor."""
        at = self.query_one(OptionList).highlighted
        return self._shown[at][0] if at is not None and at < len(self._shown) else None

    def _look(self) -> None:
        """Show what waits now; the cursor stays with its question. Where nothing waits, the list closes."""
        rows = tuple(_row(request) for request in self._queue.waiting)
        if rows == self._shown:
            return
        if not rows:
            self.dismiss(None)
            return
        options = self.query_one(OptionList)
        number, at = self._number, options.highlighted or 0
        self._shown = rows
        options.clear_options()
        options.add_options(Option(Content(f"{place}. {words}")) for place, (_, words) in enumerate(rows, 1))
        numbers = [row for row, _ in rows]
        options.highlighted = numbers.index(number) if number in numbers else min(at, len(rows) - 1)


def _row(request: TurnRequest) -> tuple[int, str]:
    number = request.question.id if request.question is not None else 0
    return number, sanitize_line(request.text)[:200]
