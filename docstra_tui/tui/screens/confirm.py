"""A dialog that asks for a yes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class ConfirmScreen(ModalScreen[bool]):
    """Yes or no."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", tooltip="Yes", id="confirm.yes"),
        Binding("n,escape", "answer(False)", "No", tooltip="No", id="confirm.no"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title_text = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            yield Static(Content(self._text), markup=False)
            yield Static(Content("Enter or y: yes · Esc or n: no"), classes="box-hint", markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
