"""A turn in detail: what it was sent with beside its words, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.errors import DocstraError
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.turns.details import details

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.workspace.turns.details import Row


class TurnScreen(ModalScreen[None]):
    """Shows one of the conversation's."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Back", tooltip="Close the details of a turn", id="turn.back"),
    ]

    def __init__(self, session: ChatSession, turn_id: int, title: str) -> None:
        super().__init__()
        self._session = session
        self._turn_id = turn_id
        self._words = title
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._rows = Static(Content("reading…"), markup=False)
        self._told: Sequence[Row] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content(self._words), classes="box-title", markup=False)
            with VerticalScroll():
                yield self._rows
            yield Static(Content(f"{press('turn.back')} back"), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self._jobs = JobQueue("turn", self.call_later)
        self.query_one(VerticalScroll).focus()
        session, turn_id = self._session, self._turn_id
        self._jobs.do(lambda: details(session.branches.find(turn_id)), self._show, self._fail)

    def on_unmount(self) -> None:
        self._jobs.close()

    def action_leave(self) -> None:
        self.dismiss()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _show(self, rows: Sequence[Row]) -> None:
        self._told = rows
        self._draw()

    def _draw(self) -> None:
        if self.is_mounted and self._told:
            self._rows.update(table(self._told, max(30, self._rows.size.width - 1)))

    def _fail(self, error: Exception) -> None:
        if self.is_mounted:
            message = error.message if isinstance(error, DocstraError) else str(error)
            self._rows.update(Content.assemble((sanitize_line(message)[:300], "$error")))


def table(rows: Sequence[Row], width: int) -> Content:
    """Names beside what stands behind them, which is folded where it is long; `width` cells wide."""
    wide = min(max((len(name) for name, _ in rows), default=0), width // 2)
    shown = []
    for name, value in rows:
        lines = Content(value).wrap(max(10, width - wide - 2)) or [Content("")]
        label = Content(name).truncate(wide, ellipsis=True)
        for line in lines:
            gap = " " * (wide - label.cell_length + 2)
            shown.append(Content.assemble((label.plain, "$muted"), gap, (line.plain, "$foreground")))
            label = Content("")
    return Content("\n").join(shown)
