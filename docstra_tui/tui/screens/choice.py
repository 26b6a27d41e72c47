"""A dialog that offers a list: type to narrow it, Enter takes the row."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
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

GAP, INDENT = "  ", "    "
LEAST = 20
"""Cells of a line of words, at least."""


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
        self._is_table = offer.is_table
        self._text = ""
        self._shown: list[Choice] = []
        self.set_class(offer.see_through, "-clear")

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -table" if self._is_table else "box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            yield LineField(placeholder=self._placeholder)
            yield OptionList(markup=False, compact=True)
            hint = f"{press('line.submit')} takes it · {press('choice.back')} back"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(LineField).focus()
        self._narrow("")

    def on_resize(self) -> None:
        if self._is_table:
            self.call_after_refresh(self._draw_again)

    def _draw_again(self) -> None:
        """The width decides where columns stand."""
        options = self.query_one(OptionList)
        at = options.highlighted
        self._narrow(self._text)
        if at is not None and at < options.option_count:
            options.highlighted = at

    @property
    def _room(self) -> int:
        """Cells of a row, before it is laid out about."""
        return self.query_one(OptionList).scrollable_content_region.width or self.size.width

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
        self._text = text
        self._shown = [
            choice
            for choice in self._choices
            if all(word in f"{choice.label} {choice.detail} {choice.note}".casefold() for word in words)
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        row = _Table(self._choices, self._room).row if self._is_table else _row
        options.add_options(Option(row(choice)) for choice in self._shown)
        at = next((row for row, choice in enumerate(self._shown) if choice.value == self._at), 0)
        options.highlighted = at if self._shown else None
        if not self._shown:
            self._moved(None)


def _row(choice: Choice) -> Content:
    label = sanitize_line(choice.label)
    if not choice.detail:
        return Content(label)
    return Content.assemble(label, "  ", (sanitize_line(choice.detail), "$muted"))


class _Table:
    """Rows with columns: beside the labels where there is room for all of them, else below each."""

    def __init__(self, choices: Sequence[Choice], room: int) -> None:
        self._room = room
        self._label = max((cell_len(sanitize_line(one.label)) for one in choices), default=0)
        widest = max((cell_len(one.detail) for one in choices), default=0)
        self._is_beside = self._label + len(GAP) + widest <= room

    def row(self, choice: Choice) -> Content:
        label, detail = sanitize_line(choice.label), sanitize_line(choice.detail)
        pad = GAP + " " * (self._label - cell_len(label)) if self._is_beside else f"\n{INDENT}"
        parts: list[str | tuple[str, str]] = [label]
        if detail.strip():
            parts += [pad, (detail if self._is_beside else detail.strip(), "$muted")]
        if choice.note:
            width = max(LEAST, self._room)
            note = textwrap.fill(
                sanitize_line(choice.note), width, initial_indent=INDENT, subsequent_indent=INDENT
            )
            parts += ["\n", (note, "$muted")]
        return Content.assemble(*parts)
