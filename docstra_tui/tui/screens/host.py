"""A dialog that asks whether a host may be sent anything: now, for good, or not."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

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

    def _yes_hint(self) -> str:
        yes, always = press("confirm.yes"), press("host.always")
        return f"{yes}: yes, until you leave · {always}: always for this host"

    def action_always(self) -> None:
        self.is_for_good = True
        self.dismiss(True)
