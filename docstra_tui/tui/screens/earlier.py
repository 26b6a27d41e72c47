"""A dialog with the questions of all sessions: type to find one, Enter brings it into the composer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_text
from docstra_tui.tui.widgets.fields import LineField
from docstra_tui.tui.widgets.list_pages import move
from docstra_tui.workspace.earlier import matching, row

if TYPE_CHECKING:
    from docstra_tui.session.turns import Asked

PREVIEW_LINES, PREVIEW_CHARACTERS = 6, 1_500


class EarlierScreen(ModalScreen[str | None]):
    """Answers with a question; None when it was closed. What it lists may come after it is there."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Close without a choice", id="earlier.back"),
        Binding("up", "step(-1)", "Up", tooltip="Row before", id="earlier.up", show=False),
        Binding(
            "down,ctrl+r", "step(1)", "Down", tooltip="Next row, an older one", id="earlier.down", show=False
        ),
    ]

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = root
        self._asked: Sequence[Asked] | None = None
        self._shown: list[Asked] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content("Earlier questions"), classes="box-title", markup=False)
            yield LineField(placeholder="words of it")
            yield OptionList(markup=False, compact=True)
            yield Static("", classes="box-hint", id="whole", markup=False)
            older, back = press("earlier.down", last=True), press("earlier.back")
            words = (
                f"{press('line.submit')} brings it back, what you began is kept · {older} older · {back} back"
            )
            yield Static(Content(words), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        entry = self.query_one(Input)
        entry.cursor_blink = False
        entry.focus()
        self._narrow()

    def fill(self, asked: Sequence[Asked]) -> None:
        """These are all there are, the newest first."""
        self._asked = asked
        if self.is_mounted:
            self._narrow()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._narrow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._take(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._preview(event.option_index)

    def action_step(self, step: int) -> None:
        move(self.query_one(OptionList), step)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _take(self, at: int | None) -> None:
        if at is not None and at < len(self._shown):
            self.dismiss(self._shown[at].text)

    def _narrow(self) -> None:
        self._shown = matching(self.query_one(Input).value, self._asked or ())
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(self._row(one)) for one in self._shown)
        options.highlighted = 0 if self._shown else None
        self._preview(0)

    def _row(self, one: Asked) -> Content:
        words, beside = row(one, self._root)
        return Content.assemble(words, "  ", (beside, "$muted"))

    def _preview(self, at: int) -> None:
        if at < len(self._shown):
            text = self._shown[at].text.strip()
            lines = text[:PREVIEW_CHARACTERS].split("\n")
            words = "\n".join(lines[:PREVIEW_LINES]) + ("\n…" if len(lines) > PREVIEW_LINES else "")
            # of one line, the row has it all
            self.query_one("#whole", Static).update(Content(sanitize_text(words) if len(lines) > 1 else ""))
        else:
            words = "Nothing was asked with these words." if self._asked is not None else "reading…"
            self.query_one("#whole", Static).update(Content(words))
