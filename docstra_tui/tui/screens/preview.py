"""The preview: one file with line numbers, as the model would see it, made safe for the eye.

The file, or lines of it, can be ticked here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.text import shown_name
from docstra_tui.tui.widgets.file_view import FileView
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.colouring.code_colours import CodeColours
from docstra_tui.workspace.jobs import JobQueue

Ticks = Callable[[int | None, int | None], Sequence[tuple[int, int]]]
"""Ticks or unticks lines, or the whole file for None; which lines are ticked then."""


class PreviewScreen(ModalScreen[bool]):
    """Shows a file. Its result: whether to go on to the composer."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "back",
            "Back",
            tooltip="Back to the composer",
            id="preview.back",
        ),
        Binding("q,enter", "leave", "Close", tooltip="Back to the files", id="preview.leave"),
        Binding(
            "space", "tick", "Tick", tooltip="Tick the marked lines, else the whole file", id="preview.tick"
        ),
    ]

    def __init__(
        self,
        root: Path,
        path: str,
        max_bytes: int,
        jobs: JobQueue,
        colours: CodeColours,
        *,
        ticked: Sequence[tuple[int, int]] = (),
        tick: Ticks,
        line: int = 1,
        end_line: int | None = None,
        changes: GitItems | None = None,
    ) -> None:
        """`end_line`: somebody quotes the lines from `line` to this one."""
        super().__init__()
        self._path = path
        self._max_bytes = max_bytes
        self._ticked = tuple(ticked)
        self._tick = tick
        self._line = line
        self._quoted = (line, end_line) if end_line is not None else None
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._heading = Static(Content(shown_name(path)), classes="box-title", markup=False)
        self._source = FileView(root, jobs, colours, changes)
        self._hint_line = Static(_hint(None, None), id="preview-hint", classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box"):
            yield self._heading
            yield self._source
            yield self._hint_line

    def on_mount(self) -> None:
        self._source.focus()
        self._source.open(
            self._path, self._max_bytes, line=self._line, ticked=self._ticked, quoted=self._quoted
        )

    def action_back(self) -> None:
        self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_tick(self) -> None:
        view = self._source
        lines = view.marked or view.ticked_here
        if lines is None:
            self._tick(None, None)
            self.dismiss(False)
        else:
            view.show_ticked(self._tick(*lines))

    def on_source_view_lines_changed(self) -> None:
        self._hint_line.update(_hint(self._source.marked, self._source.ticked_here))

    def on_file_view_file_shown(self, event: FileView.FileShown) -> None:
        event.stop()
        if event.how:
            self._heading.update(Content(f"{shown_name(self._path)}  {', '.join(event.how)}"))


def _hint(marked: tuple[int, int] | None, ticked: tuple[int, int] | None) -> Content:
    tick, mark, back = press("preview.tick"), press("source.mark"), f"{press('preview.back')} back"
    marks = f"{press('source.mark_down')} or {mark} marks"
    if marked is not None:
        return Content(f"{tick} ticks lines {marked[0]}-{marked[1]} · {mark} drops the mark · {back}")
    if ticked is not None:
        return Content(f"{tick} unticks lines {ticked[0]}-{ticked[1]} · {marks} more · {back}")
    return Content(f"{tick} ticks the file · {marks} lines · {back}")
