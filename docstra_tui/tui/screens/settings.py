"""Every setting with what it means, and every binding with its keys: looked at, narrowed, changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from docstra_tui.key_hints import press
from docstra_tui.key_names import character_of, shown_key
from docstra_tui.text import sanitize_line
from docstra_tui.tui.screens.choice import ChoiceScreen
from docstra_tui.tui.widgets.fields import LineField
from docstra_tui.tui.widgets.list_pages import move
from docstra_tui.workspace.dialogs import Choice, Offer
from docstra_tui.workspace.setting_changes import SettingRow, typed_value

KEY_WIDTH = 30
STAYS = frozenset(
    {"enter", "escape", "tab", "shift+tab", "backspace", "delete", "left", "right", "home", "end"}
)
"""What a field for keys needs for itself; these are written by their names."""

Change = Callable[[str, str | None], object]
"""Has a key say something else, None: nothing any more."""


class SettingsScreen(ModalScreen[None]):
    """A list; `show` has it say what is so by now."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Close the settings", id="settings.back"),
        Binding("down", "step(1)", "Down", tooltip="Next row", id="settings.down", show=False),
        Binding("up", "step(-1)", "Up", tooltip="Row before", id="settings.up", show=False),
        Binding("pagedown", "page(1)", "Page down", tooltip="Page down", id="settings.page_down", show=False),
        Binding("pageup", "page(-1)", "Page up", tooltip="Page up", id="settings.page_up", show=False),
        Binding(
            "ctrl+d,f8",
            "drop",
            "Default",
            tooltip="Back to what it comes with",
            id="settings.drop",
            priority=True,
        ),
    ]

    def __init__(self, change: Change, at: str = "") -> None:
        super().__init__()
        self._change = change
        self._at = at
        self._rows: list[SettingRow] = []
        self._shown: list[SettingRow] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box settings"):
            yield Static(Content("Settings"), classes="box-title", markup=False)
            yield LineField(self._at, placeholder="type to narrow the list", select_on_focus=False)
            yield OptionList(markup=False, compact=True)
            yield Static("", id="about", markup=False)
            hint = (
                f"{press('line.submit')} changes · {press('settings.drop')} back to the default · "
                f"{press('settings.back')} back"
            )
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(LineField).focus()
        self._narrow()

    def show(self, rows: Sequence[SettingRow]) -> None:
        """What is so now; the cursor stays on its row."""
        self._rows = list(rows)
        if self.is_mounted:
            self._narrow(self._row.key if self._row is not None else "")

    @property
    def _row(self) -> SettingRow | None:
        highlighted = self.query_one(OptionList).highlighted
        return (
            self._shown[highlighted] if highlighted is not None and highlighted < len(self._shown) else None
        )

    def _narrow(self, at: str = "") -> None:
        words = self.query_one(LineField).value.casefold().split()
        self._shown = [
            row
            for row in self._rows
            if all(word in f"{row.key} {row.value} {row.words} {row.origin}".casefold() for word in words)
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(_line(row)) for row in self._shown)
        place = next((index for index, row in enumerate(self._shown) if row.key == at), 0)
        options.highlighted = place if self._shown else None
        self._tell()

    def _tell(self) -> None:
        row = self._row
        words = sanitize_line(f"{row.words} Set by {row.origin}." if row.origin else row.words) if row else ""
        self.query_one("#about", Static).update(Content(words))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._narrow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._edit()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._edit()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._tell()

    def action_step(self, step: int) -> None:
        move(self.query_one(OptionList), step)

    def action_page(self, step: int) -> None:
        options: Any = self.query_one(OptionList)
        if step > 0:
            options.action_page_down()
        else:
            options.action_page_up()

    def action_drop(self) -> None:
        if self._row is not None:
            self._change(self._row.key, None)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _edit(self) -> None:
        """Ask for another value of the row under the cursor."""
        row = self._row
        if row is None:
            return

        def taken(text: str | None) -> None:
            if text is not None:
                self._change(row.key, text)

        if row.choices:
            choices = [Choice(value, value or "(empty)") for value in row.choices]
            self.app.push_screen(ChoiceScreen(Offer(row.key, choices, at=row.value)), taken)
        else:
            self.app.push_screen(ValueScreen(row), taken)


class ValueScreen(ModalScreen[str | None]):
    """Asks for one value; for keys, those that are pressed are written down."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Leave it as it is", id="value.back"),
    ]

    def __init__(self, row: SettingRow) -> None:
        super().__init__()
        self._row = row

    def compose(self) -> ComposeResult:
        row = self._row
        hint = f"{press('line.submit')} takes it · {press('value.back')} back"
        if row.is_of_keys:
            hint = f"Press it or write its name; a comma between two; empty is none · {hint}"
        with Vertical(classes="box"):
            yield Static(Content(sanitize_line(row.key)), classes="box-title", markup=False)
            yield ValueField(typed_value(row), is_of_keys=row.is_of_keys)
            yield Static(Content(sanitize_line(row.words)), markup=False)
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(ValueField).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)


class ValueField(LineField):
    """A field that can hear keys."""

    def __init__(self, value: str, *, is_of_keys: bool) -> None:
        super().__init__(value)
        self._is_of_keys = is_of_keys

    async def _on_key(self, event: Key) -> None:
        """Before Textual's own, which has its turn behind it."""
        if self._is_of_keys and event.key not in STAYS and not character_of(event.key):
            event.stop()
            event.prevent_default()
            name = shown_key(event.key)
            self.value = name if self.selection.start != self.selection.end else _longer(self.value, name)
            self.cursor_position = len(self.value)


def _longer(text: str, name: str) -> str:
    return f"{text.rstrip(' ,')}, {name}" if text.strip(" ,") else name


def _line(row: SettingRow) -> Content:
    value = sanitize_line(row.value) or '""'
    origin = sanitize_line(row.origin)
    return Content.assemble(
        (f"{sanitize_line(row.key):<{KEY_WIDTH}} ", "$primary" if row.origin else ""),
        value,
        (f"  {origin}" if origin else "", "$muted"),
    )
