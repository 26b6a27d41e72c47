"""A form: a line or more for each value, and below them what comes of the values while they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.templates import Field
from docstra_tui.text import sanitize_line, sanitize_text
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.workspace.dialogs import Form

SHOWN = 20_000
"""Characters of the preview; more are counted."""


class Entry(Composer):
    """The value of a field. Tab leaves it whatever stands there."""

    def __init__(self, field: Field, value: str) -> None:
        super().__init__()
        self.field = field
        self._first = value

    def on_mount(self) -> None:
        self.write(self._first)

    def _stays(self, key: str) -> bool:
        return False

    @property
    def value(self) -> str:
        return self.written if self.text.strip() else ""

    @property
    def is_missing(self) -> bool:
        """True where something has to be written and is not."""
        return self.field.default is None and not self.value


class FormScreen(ModalScreen[Mapping[str, str] | None]):
    """Asks for the values; None when it was closed."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Close without sending", id="form.back"),
    ]

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self._entries = [Entry(field, form.values.get(field.name, "")) for field in form.fields]
        self._preview = Static(Content(""), markup=False)
        self._hint = Static(Content(_hint()), classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        form = self._form
        with Vertical(classes="wide-box"):
            yield Static(Content(sanitize_line(form.title)), classes="box-title", markup=False)
            if form.description:
                yield Static(Content(sanitize_line(form.description)), classes="form-about", markup=False)
            with VerticalScroll(classes="form-fields", can_focus=False):
                for entry in self._entries:
                    yield Static(_label(entry.field), markup=False)
                    yield entry
            with VerticalScroll(classes="form-preview", can_focus=False):
                yield self._preview
            yield self._hint

    def on_mount(self) -> None:
        for entry in self._entries:
            entry.completes = lambda key, entry=entry: self._moves(entry, key)  # type: ignore[misc]
        first = next((entry for entry in self._entries if entry.is_missing), self._entries[0])
        first.focus()
        self._show()

    def on_text_area_changed(self) -> None:
        self._show()

    def on_composer_question_submitted(self, event: Composer.QuestionSubmitted) -> None:
        event.stop()
        if isinstance(self.focused, Entry):
            self._go_on(self.focused)

    def action_leave(self) -> None:
        self._form.left({one.field.name: one.text for one in self._entries})
        self.dismiss(None)

    def _moves(self, entry: Entry, key: str) -> bool:
        """What Up, Down and Enter mean between the lines; the rest is the entry's."""
        row, at = entry.cursor_location[0], self._entries.index(entry)
        if key == "enter" and not entry.text.strip():
            self._go_on(entry)
        elif key == "up" and row == 0 and at > 0:
            self._entries[at - 1].focus()
        elif key == "down" and row == entry.document.line_count - 1 and at < len(self._entries) - 1:
            self._entries[at + 1].focus()
        else:
            return False
        return True

    def _go_on(self, entry: Entry) -> None:
        """To the next line; from the last one it is sent, unless something is missing."""
        at = self._entries.index(entry)
        if at < len(self._entries) - 1:
            self._entries[at + 1].focus()
            return
        missing = next((one for one in self._entries if one.is_missing), None)
        if missing is None:
            self.dismiss({one.field.name: one.value for one in self._entries})
            return
        self._hint.update(Content(f"{sanitize_line(missing.field.name)} has to be written · {_back()}"))
        missing.focus()

    def _show(self) -> None:
        given = {one.field.name: one.value for one in self._entries if not one.is_missing}
        text = self._form.preview(given)
        more = f"\n… and {len(text) - SHOWN:,} characters more" if len(text) > SHOWN else ""
        self._preview.update(Content(sanitize_text(text[:SHOWN]) + more))


def _hint() -> str:
    enter = press("composer.send")
    return f"{enter}: the next line, from the last one it is sent · Tab ↑↓ · {_back()}"


def _back() -> str:
    return f"{press('form.back')} back"


def _label(field: Field) -> Content:
    """`focus *  What to look for`; the star is what has to be written."""
    name, asks = sanitize_line(field.name), sanitize_line(field.asks)
    star = " *" if field.default is None else ""
    return Content.assemble((f"{name}{star}", "bold $secondary"), (f"  {asks}" if asks else "", "$muted"))
