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
from textual.content import Content, Span
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line, sanitize_text, shown_name
from docstra_tui.tui.theming.code_theme import STYLES
from docstra_tui.tui.widgets.source_view import SourceView
from docstra_tui.workspace.colouring.code_colours import CodeColours, code_of
from docstra_tui.workspace.colouring.code_kinds import KINDS, PLAIN_LANGUAGES
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
    ) -> None:
        super().__init__()
        self._root = root
        self._path = path
        self._max_bytes = max_bytes
        self._jobs = jobs
        self._colours = colours
        self._lines: list[str] = []
        self._code = ("", "")
        """The language, and the text whose colours are asked for."""
        self._painted = 0
        self._ticked = tuple(ticked)
        self._tick = tick
        self._line = line
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._heading = Static(Content(shown_name(path)), classes="box-title", markup=False)
        self._source = SourceView()
        self._hint_line = Static(_hint(None, None), id="preview-hint", classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box"):
            yield self._heading
            yield self._source
            yield self._hint_line

    def on_mount(self) -> None:
        self._source.focus()
        self._jobs.do(self._read(), self._show, self._fail, key="preview")

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

    def _read(self) -> Callable[[], tuple[str, str, tuple[str, ...]]]:
        root, path, max_bytes = self._root, self._path, self._max_bytes

        def work() -> tuple[str, str, tuple[str, ...]]:
            from docstra_tui.context.files.reader import read_file

            read = read_file(root, path, max_bytes=max_bytes)
            text = sanitize_text(read.item.content.removesuffix("\n"))
            how = (read.item.detail, f"read as {read.encoding}" if read.encoding != "utf-8" else "")
            return text, read.item.language, tuple(word for word in how if word)

        return work

    def _show(self, found: tuple[str, str, tuple[str, ...]]) -> None:
        text, language, how = found
        if self.is_mounted:
            self._lines = text.split("\n")
            view = self._source
            view.show([Content(line) for line in self._lines], cursor=self._line)
            view.show_ticked(self._ticked)
            if how:
                title = f"{shown_name(self._path)}  {', '.join(how)}"
                self._heading.update(Content(title))
            if language not in PLAIN_LANGUAGES:
                self._code = language, code_of(self._lines)
                self._colour()

    def _colour(self) -> None:
        """Show the colours that are known so far, unless the file was closed before they came."""
        if self._source.is_attached:
            first, known = self._painted, self._colours.find(*self._code, self._colour)
            lines = zip(self._lines[first:], known.lines[first:], strict=False)
            painted = [coloured(line, colours) for line, colours in lines]
            self._painted += len(painted)
            self._source.repaint_lines(first, painted)

    def _fail(self, error: Exception) -> None:
        if self.is_mounted:
            text = getattr(error, "message", None) or str(error)
            hint = getattr(error, "hint", "")
            said = f"{sanitize_line(text)}\n\n{sanitize_line(hint)}".strip()
            self._source.say(Content(said))


def _hint(marked: tuple[int, int] | None, ticked: tuple[int, int] | None) -> Content:
    tick, mark, back = press("preview.tick"), press("source.mark"), f"{press('preview.back')} back"
    marks = f"{press('source.mark_down')} or {mark} marks"
    if marked is not None:
        return Content(f"{tick} ticks lines {marked[0]}-{marked[1]} · {mark} drops the mark · {back}")
    if ticked is not None:
        return Content(f"{tick} unticks lines {ticked[0]}-{ticked[1]} · {marks} more · {back}")
    return Content(f"{tick} ticks the file · {marks} lines · {back}")


def coloured(line: str, colours: Sequence[int]) -> Content:
    """`line` with the lengths and kinds of its words."""
    spans: list[Span] = []
    at = 0
    for length, kind in zip(colours[::2], colours[1::2], strict=False):
        if 0 < kind <= len(KINDS):
            spans.append(Span(at, min(at + length, len(line)), STYLES[KINDS[kind - 1]]))
        at += length
    return Content(line, spans)
