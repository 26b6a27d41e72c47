"""A dialog that offers a list: type to narrow it, Enter takes the row."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.fields import LineField
from docstra_tui.tui.widgets.list_pages import move
from docstra_tui.workspace.dialogs import Choice, Offer


class ChoiceScreen(ModalScreen[str | None]):
    """Asks for one of several; the answer is a value, a typed text, or None when it was closed."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Close without a choice", id="choice.back"),
        Binding("down", "step(1)", "Down", tooltip="Next row", id="choice.down", show=False),
        Binding("up", "step(-1)", "Up", tooltip="Row before", id="choice.up", show=False),
    ]

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self._title_text = offer.title
        self._choices = tuple(offer.choices)
        self._placeholder = offer.placeholder or "type to narrow the list"
        self._free_text = offer.free_text
        self._at = offer.at
        self._moved = offer.moved
        self._shown: list[Choice] = []
        self.set_class(offer.see_through, "-clear")

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            yield LineField(placeholder=self._placeholder)
            yield OptionList(markup=False, compact=True)
            hint = f"{press('line.submit')} takes it · {press('choice.back')} back"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(LineField).focus()
        self._narrow("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None and self._shown:
            self.dismiss(self._shown[options.highlighted].value)
        elif self._free_text and event.value.strip():
            self.dismiss(event.value.strip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].value)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self._shown):  # it may be narrowed by now
            self._moved(self._shown[event.option_index].value)

    def action_step(self, step: int) -> None:
        move(self.query_one(OptionList), step)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        self._shown = [
            choice
            for choice in self._choices
            if all(word in f"{choice.label} {choice.detail}".casefold() for word in words)
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(_row(choice)) for choice in self._shown)
        at = next((row for row, choice in enumerate(self._shown) if choice.value == self._at), 0)
        options.highlighted = at if self._shown else None
        if not self._shown:
            self._moved(None)


def _row(choice: Choice) -> Content:
    label = sanitize_line(choice.label)
    if not choice.detail:
        return Content(label)
    return Content.assemble(label, "  ", (sanitize_line(choice.detail), "$muted"))
