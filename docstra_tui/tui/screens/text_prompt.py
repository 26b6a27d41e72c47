"""A small dialog that asks for a text."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.tui.widgets.composer import Composer


class TextPrompt(ModalScreen[str | None]):
    """Asks one question; the answer is None when it was closed."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Close without an answer", id="words.back"),
    ]

    def __init__(self, title: str, hint: str = "", *, text: str = "", does: str = "sends") -> None:
        super().__init__()
        self._title_text = title
        self._hint = hint
        self._text = text
        self._does = does

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content(self._title_text), classes="box-title", markup=False)
            yield Composer()
            hint = self._hint or f"{press('composer.send')} {self._does} · {press('words.back')} back"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        composer = self.query_one(Composer)
        composer.focus()
        if self._text:
            composer.write(self._text)

    def on_composer_question_submitted(self, event: Composer.QuestionSubmitted) -> None:
        event.stop()
        self.dismiss(event.text)

    def action_leave(self) -> None:
        self.dismiss(None)
