"""A dialog that shows all of a text that somebody else wrote, and asks for a yes to it.

A yes counts once the end was seen: before that its key shows what is below.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press


class ReviewScreen(ModalScreen[bool]):
    """Enter is no answer: it may have been pressed twice for what was before."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "accept", "Yes", tooltip="Go on below; at the end, yes", id="review.yes"),
        Binding("n,escape,q", "refuse", "No", tooltip="No", id="review.no"),
    ]

    def __init__(self, title: str, text: str) -> None:
        """Both are safe to show."""
        super().__init__()
        self._title_text = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            with VerticalScroll(classes="whole"):
                yield Static(Content(self._text), markup=False)
            yes, no = press("review.yes"), press("review.no")
            hint = f"{yes}: go on, and yes at the end · ↑↓ PgUp PgDn · Esc or {no}: no"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self._is_drawn = False
        self.query_one(VerticalScroll).focus()
        self.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        self._is_drawn = True

    def action_accept(self) -> None:
        view = self.query_one(VerticalScroll)
        if not self._is_drawn:  # it came with the key before it: nobody has seen a line
            return
        if view.scroll_y >= view.max_scroll_y:
            self.dismiss(True)
        else:
            view.scroll_page_down(animate=False)

    def action_refuse(self) -> None:
        self.dismiss(False)
