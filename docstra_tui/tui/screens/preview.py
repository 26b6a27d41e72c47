"""The preview: one file with line numbers, as the model would see it, made safe for the eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.text import sanitize_text, shown_name
from docstra_tui.tui.lane import Lane
from docstra_tui.tui.widgets.source_view import SourceView

HIGHLIGHTED = 200_000
"""Characters; a larger file is shown in one colour, at once."""


class PreviewScreen(ModalScreen[bool]):
    """Shows a file; the answer is True when its tick is to change."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave(False)", "Back", tooltip="Close the preview", id="preview.back"),
        Binding("space", "leave(True)", "Tick", tooltip="Tick or untick this file", id="preview.tick"),
    ]

    def __init__(self, root: Path, path: str, max_bytes: int, lane: Lane) -> None:
        super().__init__()
        self._root = root
        self._path = path
        self._max_bytes = max_bytes
        self._lane = lane

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box"):
            yield Static(Content(shown_name(self._path)), classes="box-title", markup=False)
            yield SourceView()
            yield Static(Content("Space ticks · Esc back"), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self._lane.do(self._read(), self._show, self._fail, key="preview")

    def action_leave(self, tick: bool) -> None:
        self.dismiss(tick)

    def _read(self) -> Callable[[], list[Content]]:
        root, path, max_bytes = self._root, self._path, self._max_bytes

        def work() -> list[Content]:
            from docstra_tui.context.reader import read_item

            item = read_item(root, path, max_bytes=max_bytes)
            return highlighted(sanitize_text(item.content), item.language)

        return work

    def _show(self, lines: list[Content]) -> None:
        if self.is_mounted:
            self.query_one(SourceView).show(lines)
            self.query_one(SourceView).focus()

    def _fail(self, error: Exception) -> None:
        if self.is_mounted:
            text = getattr(error, "message", None) or str(error)
            self.query_one(SourceView).show([Content(sanitize_text(text))])


def highlighted(text: str, language: str) -> list[Content]:
    """`text` in lines, coloured where it is worth it."""
    if len(text) > HIGHLIGHTED:
        return [Content(line) for line in text.split("\n")]
    from textual.highlight import highlight

    from docstra_tui.tui.code_theme import CodeTheme

    return list(highlight(text, language=language or "text", theme=CodeTheme).split("\n", allow_blank=True))
