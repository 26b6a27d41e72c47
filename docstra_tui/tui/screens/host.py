"""A dialog that asks whether a host may be sent anything: now, for good, or not."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.tui.screens.confirm import ConfirmScreen


class HostScreen(ConfirmScreen):
    """Enter is no yes: it was pressed for the question that is to be sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "always", "Always", tooltip="Yes, always for this host", id="host.always"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, text, by_enter=False)
        self.is_for_good = False

    def compose(self) -> ComposeResult:
        yes, always = press("confirm.yes"), press("host.always")
        no = f"{press('confirm.no', last=True)} or {press('confirm.no')}"
        hint = f"{yes}: yes, until you leave · {always}: always for this host · {no}: no"
        with Vertical(classes="box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            yield Static(Content(self._text), markup=False)
            yield Static(Content(hint), classes="box-hint", markup=False)

    def action_always(self) -> None:
        self.is_for_good = True
        self.dismiss(True)
