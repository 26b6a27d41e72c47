"""A dialog that asks for a yes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press


class ConfirmScreen(ModalScreen[bool]):
    """Yes or no. `by_enter=False` where Enter, pressed twice, must not be a yes."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", tooltip="Yes", id="confirm.yes"),
        Binding("enter", "enter", "Yes", tooltip="Yes", id="confirm.enter", show=False),
        Binding("n,escape", "answer(False)", "No", tooltip="No", id="confirm.no"),
    ]

    def __init__(self, title: str, text: str, *, by_enter: bool = True) -> None:
        super().__init__()
        self._title_text = title
        self._text = text
        self._by_enter = by_enter

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            yield Static(Content(self._text), markup=False)
            no = f"{press('confirm.no', last=True)} or {press('confirm.no')}"
            hint = f"{self._yes_hint()} · {no}: no"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def _yes_hint(self) -> str:
        """Which keys say yes."""
        yes = press("confirm.yes")
        return f"{press('confirm.enter')} or {yes}: yes" if self._by_enter else f"{yes}: yes"

    def action_enter(self) -> None:
        if self._by_enter:
            self.dismiss(True)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
