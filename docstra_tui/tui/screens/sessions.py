"""The saved sessions: by project, or those in which words stand. Opens one at its end or at the line that
was found; names, deletes and brings back. Works without any model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus, Resize
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.tui.screens.confirm import ConfirmScreen
from docstra_tui.tui.screens.text_prompt import TextPrompt
from docstra_tui.tui.widgets.fields import LineField
from docstra_tui.tui.widgets.session_rows import SessionRows
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.saving import IsThere
from docstra_tui.workspace.sessions.listing import Row
from docstra_tui.workspace.sessions.saved import SavedSessions, Shown

PAUSE_SECONDS = 0.1
"""Nothing was typed for this long: it is looked for."""

DOT = " · "
SIDES = 3
"""Cells beside the lines of a short screen."""
SHORT = 16
"""Lines of a screen that has none to spare."""

PLACEHOLDER = 'words of questions, answers and names of files; "in this order"'


class SessionsScreen(ModalScreen[Row | None]):
    """Asks which session goes on; the answer is its row, None when it was closed."""

    CSS_PATH = "sessions.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Close the list", id="sessions.back"),
        Binding(
            "down", "move(1)", "Down", tooltip="Next row, from the field", id="sessions.below", show=False
        ),
        Binding(
            "up", "move(-1)", "Up", tooltip="Row before, from the field", id="sessions.above", show=False
        ),
        Binding("f2,r", "rename", "Rename", tooltip="Give it another title", id="sessions.rename"),
        Binding(
            "f8,d,delete",
            "delete",
            "Delete",
            tooltip="Delete it; until you leave it can come back",
            id="sessions.delete",
        ),
        Binding("f9,u", "take_back", "Undo", tooltip="Bring back what was deleted last", id="sessions.undo"),
        Binding(
            "f5,x", "export", "Export", tooltip="Write it into a file that you name", id="sessions.export"
        ),
        Binding("f6,i", "take_in", "Import", tooltip="Add the session of a file", id="sessions.import"),
        Binding("slash", "words", "Search", tooltip="To the words that are looked for", id="sessions.words"),
    ]

    def __init__(self, saved: SavedSessions, words: str = "") -> None:
        super().__init__()
        self._saved = saved
        self._jobs = JobQueue("sessions", self.call_later)
        self._pause: Timer | None = None
        self._words = ""
        """What was looked for last."""
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._field = LineField(words, placeholder=PLACEHOLDER)
        self._box = Vertical(classes="sessions-box")
        self._rows = SessionRows()
        self._note = Static("", id="sessions-note", markup=False)
        self._hint = Static("", classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        with self._box:
            yield Static(Content("Open session"), classes="box-title", markup=False)
            yield self._field
            yield self._rows
            yield self._note
            yield self._hint

    def on_mount(self) -> None:
        self._field.focus()
        self._read()

    def on_resize(self, event: Resize) -> None:
        self._box.set_class(event.size.height < SHORT, "-short")
        self._show_hint()

    def on_unmount(self) -> None:
        self._jobs.close()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._show_hint()

    def _show_hint(self) -> None:
        """What the keys do; on a short screen as much of it as one line has room for, and the way back."""
        parts = _of_the_list() if self.focused is self._rows else _of_the_field()
        if self.size.height < SHORT:
            room = self.size.width - SIDES
            parts = [parts[0], parts[-1], *parts[1:-1]]
            while len(parts) > 1 and cell_len(DOT.join(parts)) > room:
                parts.pop()
        self._hint.update(Content(DOT.join(parts)))

    # What is looked for

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._read)

    def _read(self, at: str = "", said: str = "") -> None:
        """Show what there is for the words that stand there now."""
        saved, words, before = self._saved, self._field.value, self._words
        self._words = words
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

        def came(shown: Shown) -> None:
            if self.is_mounted:
                self._rows.show(shown.rows, at=at, is_same=words == before)
                self._say(said or sanitize_line(shown.note))

        self._jobs.do(lambda: saved.rows(words), came, self._fail, key="rows")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was typed just before is looked for first."""
        event.stop()
        if self._pause is None:
            self._rows.action_take()
            return
        self._read()
        self._jobs.do(lambda: None, lambda _: self._rows.action_take(), self._fail)

    def on_session_rows_taken(self, event: SessionRows.Taken) -> None:
        self.dismiss(event.row)

    # Keys

    def action_move(self, step: int) -> None:
        self._rows.action_move(step)

    def action_words(self) -> None:
        self.set_focus(self._field)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_rename(self) -> None:
        if (row := self._rows.row) is None:
            return

        def rename(title: str) -> None:
            work = partial(self._saved.rename, row.session, title)
            self._jobs.do(work, lambda _: self._read(row.session), self._fail)

        self._ask("Its title", "Enter keeps it · Esc back", rename, row.title)

    def action_delete(self) -> None:
        if (row := self._rows.row) is not None:
            self._at_once(lambda: self._saved.delete(row))

    def action_take_back(self) -> None:
        self._at_once(self._saved.take_back)

    def action_export(self) -> None:
        if (row := self._rows.row) is not None:
            hint = "NAME.md or NAME.json · Enter writes it · Esc back"
            self._ask("Into which file?", hint, lambda name: self._export(row, name))

    def _export(self, row: Row, name: str, *, replace: bool = False) -> None:
        def failed(error: Exception) -> None:
            if not (isinstance(error, IsThere) and not error.is_link) or replace:
                self._fail(error)
                return
            text = f"{sanitize_line(error.message)} What it says would be gone."
            question = ConfirmScreen("Replace it?", text, by_enter=False)
            self.app.push_screen(question, lambda yes: self._export(row, name, replace=True) if yes else None)

        self._jobs.do(lambda: self._saved.export(row, name, replace=replace), self._say, failed)

    def action_take_in(self) -> None:
        def take_in(name: str) -> None:
            self._jobs.do(lambda: self._saved.take_in(name), lambda found: self._read(*found), self._fail)

        self._ask("The session of which file?", "Enter adds it · Esc back", take_in)

    def _ask(self, title: str, hint: str, then: Callable[[str], object], text: str = "") -> None:
        """For some words; `then` gets them, where there are any."""

        def said(words: str | None) -> None:
            if words:
                then(words)

        self.app.push_screen(TextPrompt(title, hint, text=text), said)

    def _at_once(self, work: Callable[[], str]) -> None:
        try:
            said = work()
        except UsageError as error:
            self._fail(error)
        else:
            self._read(said=said)

    # What is said

    def _say(self, text: str) -> None:
        self._note.update(Content.assemble((text, "$muted")))

    def _fail(self, error: Exception) -> None:
        if self.is_mounted:
            message = f"{error.message} {error.hint}" if isinstance(error, DocstraError) else str(error)
            self._note.update(Content.assemble((sanitize_line(message.strip())[:300], "$error")))


def _of_the_field() -> list[str]:
    opens, back = f"{press('line.submit')} opens", f"{press('sessions.back')} back"
    return [opens, "↑↓ row", "Tab to the list, where letters act", back]


def _of_the_list() -> list[str]:
    verbs = ("rename", "delete", "undo", "export", "import")
    acts = [f"{press(f'sessions.{verb}', letter=True)} {verb}" for verb in verbs]
    return [f"{press('sessions.open')} opens", *acts, "Tab to the words", f"{press('sessions.back')} back"]
