"""The field under the conversation that asks for words to look for."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from docstra_tui.tui.transcript.view import TranscriptView
from docstra_tui.tui.widgets.fields import LineField

PAUSE_SECONDS = 0.1
"""Nothing was typed for this long: it is looked for."""
WIDE = 80
"""Columns from which there is room for whole sentences."""


class SearchBar(Horizontal):
    """Hidden until it is opened. Enter and up go to the match before, down to the next."""

    DEFAULT_CSS = """
    SearchBar {
        height: 1;
        background: $panel;
        padding: 0 1;
        & > Static { width: auto; color: $text-muted; margin: 0 1 0 0; }
        & > Input { width: 1fr; height: 1; border: none; background: $panel; }
        & > Input:focus { border: none; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", tooltip="Back to the conversation", id="search.close"),
        Binding("up,ctrl+r", "step(-1)", "Before", tooltip="To the match before", id="search.before"),
        Binding("down,ctrl+n", "step(1)", "Next", tooltip="To the next match", id="search.next"),
    ]

    def __init__(self, view: TranscriptView) -> None:
        super().__init__()
        self._view = view
        self._field = LineField()
        self._count = Static("", markup=False)
        self._shown = ""
        self._pause: Timer | None = None
        self.display = False

    def compose(self) -> ComposeResult:
        yield Static(Content("Search"), markup=False)
        yield self._field
        yield self._count

    def on_mount(self) -> None:
        self.watch(self._view, "found", self._show_count, init=False)

    def open(self) -> None:
        """Ask for words."""
        self.display = True  # not by a class, which waits for the style sheet: the field takes keys now
        self.screen.set_focus(self._field)

    def action_close(self) -> None:
        """Back to the conversation; the matches stay marked until Escape there."""
        self._search()
        self.screen.set_focus(self._view)
        self.display = False

    def leave(self) -> bool:
        """As the key that closes, for whoever takes that key first; False when it is not for this bar."""
        if not self._field.has_focus:
            return False
        self.action_close()
        return True

    def action_step(self, step: int) -> None:
        self._search()
        self._view.action_match(step)
        self._show_count()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._search)

    def _search(self) -> None:
        """Look for what stands there, if that was not done."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self._view.word_search.words != self._field.value:
            self._view.word_search.look_for(self._field.value)
        self._show_count()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_step(-1)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self._field.focus()

    def _show_count(self) -> None:
        text = self._found()
        if text != self._shown:
            self._shown = text
            self._count.update(Content(text))

    def _found(self) -> str:
        search = self._view.word_search
        if not search.words:
            return ""
        at, count = search.match
        if count:
            more = "+" if search.has_more else ""
            where = f"{at:,} of {count:,}" if at else f"{count:,}"
            return f"{where}{more}{' so far' if search.is_searching else ''}"
        if search.is_searching:
            return "searching…"
        if not self._view.has_older:
            return "nothing found"
        wide = "nothing found in what is loaded; scroll to the top for more"
        return wide if self.size.width >= WIDE else "not in what is loaded"
