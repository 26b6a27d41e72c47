"""A dialog about what may be secret and would leave this machine: leave it out, send it, or neither."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.workspace.dialogs import Leaving


class SecretsScreen(ModalScreen[Leaving | None]):
    """The answer is None when nothing is to be sent. Enter and y are no answers: what was pressed for the
    question or the dialog before this one may have been pressed twice."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "decide('send')", "Send", tooltip="Send it as it is", id="secrets.send"),
        Binding("l", "leave_out", "Leave out", tooltip="Send the rest", id="secrets.leave_out"),
        Binding("n,escape", "decide('')", "Back", tooltip="Send nothing", id="secrets.back"),
    ]

    def __init__(self, lines: list[str], *, can_leave_out: bool) -> None:
        """`lines` are safe to show."""
        super().__init__()
        self._lines = lines
        self._can_leave_out = can_leave_out

    def compose(self) -> ComposeResult:
        leave_out = f"{press('secrets.leave_out')}: leave out · " if self._can_leave_out else ""
        no = f"{press('secrets.back', last=True)} or {press('secrets.back')}"
        with Vertical(classes="box"):
            yield Static(Content("This may be secret"), classes="box-title", markup=False)
            yield Static(Content("\n".join(self._lines)), markup=False)
            yield Static(
                Content(f"{leave_out}{press('secrets.send')}: send as it is · {no}: send nothing"),
                classes="box-hint",
                markup=False,
            )

    def action_leave_out(self) -> None:
        if self._can_leave_out:
            self.dismiss("leave out")

    def action_decide(self, decision: str) -> None:
        self.dismiss("send" if decision == "send" else None)
