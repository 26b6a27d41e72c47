"""The budget: what the next prompt is made of, in tokens, against the model's window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.errors import DocstraError
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession

NUMBERS = 12


class BudgetScreen(ModalScreen[None]):
    """Shows the sum and its parts."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Back", tooltip="Close the budget", id="budget.back"),
    ]

    def __init__(self, session: ChatSession, question: str) -> None:
        super().__init__()
        self._session = session
        self._question = question
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._parts = Static(Content("weighing every file…"), id="parts", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content("Budget of the next prompt"), classes="box-title", markup=False)
            with VerticalScroll():
                yield self._parts
            yield Static(Content(f"{press('budget.back')} back"), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self._jobs = JobQueue("budget", self.call_later)
        self.query_one(VerticalScroll).focus()
        session, question = self._session, self._question
        self._jobs.do(lambda: (session.weigh(question), session.count(question)), self._show, self._fail)

    def on_unmount(self) -> None:
        self._jobs.close()

    def action_leave(self) -> None:
        self.dismiss()

    def _show(self, found: tuple[Sequence[tuple[str, int]], Budget]) -> None:
        if self.is_mounted:
            parts, budget = found
            self._parts.update(budget_table(parts, budget, max(30, self._parts.size.width - 1)))

    def _fail(self, error: Exception) -> None:
        if self.is_mounted:
            message = error.message if isinstance(error, DocstraError) else str(error)
            shown = Content.assemble((sanitize_line(message)[:300], "$error"))
            self._parts.update(shown)


def budget_table(parts: Sequence[tuple[str, int]], budget: Budget, width: int) -> Content:
    """The parts, their sum, and what is left of the window; `width` cells wide."""
    sign = "" if budget.exact else "≈"
    rows = [_row(shown_name(name), f"{sign}{tokens:,}", width) for name, tokens in parts]
    cached = "" if budget.cached is None else f" ({budget.cached:,} cached)"
    rows += [Content(""), _row(f"sum{cached}", f"{sign}{budget.used:,}", width, "bold")]
    rows.append(_row("kept for the answer", f"{budget.reserve:,}", width))
    if budget.limit is None:
        rows.append(_row("window", "unknown", width))
        return Content("\n").join(rows)
    left = budget.left or 0
    rows.append(_row("window", f"{budget.limit:,}", width))
    if budget.memory is not None:
        rows.append(_row("free memory holds", f"{budget.memory:,}", width))
    colour = "bold $success" if left >= 0 else "bold $error"
    rows.append(_row("free" if left >= 0 else "too many", f"{sign}{abs(left):,}", width, colour))
    return Content("\n").join(rows)


def _row(name: str, number: str, width: int, style: str = "$foreground") -> Content:
    label = Content(name)
    room = width - NUMBERS
    if label.cell_length > room:
        label = label.truncate(room, ellipsis=True)
    return Content.assemble(
        (label.plain, style), " " * (room - label.cell_length), (number.rjust(NUMBERS), style)
    )
