"""Search in files: words or a regular expression, what was found as lines that can be ticked, the file beside
it. Works without any model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import DescendantFocus, Resize
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static

from docstra_tui.context.search.find.hits import Wanted
from docstra_tui.context.search.find.order import Order
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.fields import LineField
from docstra_tui.tui.widgets.file_view import FileView
from docstra_tui.tui.widgets.hit_rows import HitRow, HitRows, is_ticked
from docstra_tui.workspace.colouring.code_colours import CodeColours
from docstra_tui.workspace.finding import (
    DEFINITION,
    REACHES,
    WHOLE,
    DefinitionsOf,
    Finding,
    Found,
    Place,
    lines_around,
    reach_words,
    told_of,
)
from docstra_tui.workspace.jobs import JobQueue

PAUSE_SECONDS = 0.2
"""Nothing was typed for this long: it is looked for."""
LOOK_SECONDS = 0.1
"""The cursor stood still for this long: the file is shown."""

SHORT, WIDE, NARROW = 20, 100, 60
"""Lines of a screen that has no room for the file; columns of one that has room beside the rows, and of one
that has room for a heading."""

Lines = tuple[int, int]


class FindFiles(Protocol):
    """The project's files, as far as they are found and ticked here."""

    def order(self, wanted: Wanted) -> Order:
        """What is to be looked for in those that are shown."""

    def max_bytes_of(self, path: str) -> int:
        """How large it may be."""

    def ticked_lines(self, path: str) -> Sequence[Lines] | None:
        """Which lines of it are ticked, none for all of it; None where it is not ticked."""

    def toggle(self, path: str, lines: Lines | None, at: int | None) -> None:
        """Tick these lines, or all of the file; what of it is ticked at the line `at`, or at all, no
        longer."""

    def show(self, path: str, line: int) -> None:
        """The whole file, in front."""


class FindScreen(ModalScreen[None]):
    """Closes without an answer: what is ticked is ticked at once."""

    CSS_PATH = "find.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5,ctrl+s", "leave", "Back", tooltip="Close the search", id="find.back"),
        Binding("down", "move(1)", "Down", tooltip="Next row, from the field", id="find.below", show=False),
        Binding("up", "move(-1)", "Up", tooltip="Row before, from the field", id="find.above", show=False),
        Binding("f6", "case", "Case", tooltip="Capital letters count, or not", id="find.case"),
        Binding(
            "f8",
            "pattern",
            "Pattern",
            tooltip="A regular expression, or words as they are",
            id="find.pattern",
        ),
        Binding("f2,minus", "reach(-1)", "Less", tooltip="Fewer lines around", id="find.less"),
        Binding("f3,plus", "reach(1)", "More", tooltip="More lines around", id="find.more"),
        Binding("slash", "words", "Words", tooltip="To what is looked for", id="find.words"),
    ]

    def __init__(
        self,
        root: Path,
        files: FindFiles,
        colours: CodeColours,
        wanted: Wanted,
        reach: int = DEFINITION,
        *,
        is_again: bool = False,
    ) -> None:
        """`is_again`: what is written now replaces what was looked for before."""
        super().__init__()
        self._files = files
        self._jobs = JobQueue("find preview", self.call_later)
        self._finding = Finding(self.call_later)
        self._defined = DefinitionsOf(root)
        self.wanted = wanted
        self.reach = reach
        self._offered: Lines | None = None
        """What a tick takes, where that is known and not the whole file."""
        self._counts = (0, 0)
        """Lines and files that were found."""
        self._pause: Timer | None = None
        self._look: Timer | None = None
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._box = Vertical(classes="find-box")
        self._title = Static("", classes="box-title", markup=False)
        self._field = LineField(wanted.words, placeholder="what stands in a line", select_on_focus=is_again)
        self._rows = HitRows(files.ticked_lines)
        self._view = FileView(root, self._jobs, colours)
        self._view.can_focus = False
        self._note = Static("", id="find-note", markup=False)
        self._hint = Static("", classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        with self._box:
            yield self._title
            yield self._field
            with Container(id="find-body"):
                yield self._rows
                yield self._view
            yield self._note
            yield self._hint

    def on_mount(self) -> None:
        self._field.focus()
        self._search()

    def on_resize(self, event: Resize) -> None:
        self._box.set_class(event.size.height < SHORT, "-short")
        self._box.set_class(event.size.width >= WIDE, "-wide")
        self._say_how()

    def on_unmount(self) -> None:
        self._finding.stop()
        self._jobs.close()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._say_keys()

    def on_screen_resume(self) -> None:
        """From the preview, where ticks may have changed."""
        self._ticks_changed()

    # What is looked for

    def on_input_changed(self, event: LineField.Changed) -> None:
        event.stop()
        if event.value == self.wanted.words:
            return
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._search)

    def on_input_submitted(self, event: LineField.Submitted) -> None:
        event.stop()
        if self._field.value != self.wanted.words:
            self._search()
        self.set_focus(self._rows)

    def action_case(self) -> None:
        self._search(is_case_kept=not self.wanted.is_case_kept)

    def action_pattern(self) -> None:
        self._search(is_pattern=not self.wanted.is_pattern)

    def _search(self, *, is_pattern: bool | None = None, is_case_kept: bool | None = None) -> None:
        """Look for what stands there now, from the beginning."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        before = self.wanted
        self.wanted = Wanted(
            self._field.value,
            before.is_pattern if is_pattern is None else is_pattern,
            before.is_case_kept if is_case_kept is None else is_case_kept,
        )
        self._counts = (0, 0)
        self._rows.clear()
        self._view.leave()
        self._say_how()
        if self.wanted.words:
            self._say("looking…")
            self._finding.look(self._files.order(self.wanted), self._found)
        else:
            self._finding.stop()
            self._say("")

    def _found(self, found: Found) -> None:
        if not self.is_mounted:
            return
        lines, files = self._counts
        lines += sum(len(file.hits) for file in found.files)
        self._counts = lines, files + len(found.files)
        if found.files:
            self._rows.add(found.files)
        if found.ended is None:
            self._say(f"looking… {lines:,} found so far, {found.progress:,} files looked in")
        else:
            self._say(told_of(found.ended, *self._counts), is_wrong=bool(found.ended.problem))

    # What is ticked

    def on_hit_rows_row_changed(self) -> None:
        if self._look is not None:
            self._look.stop()
        self._look = self.set_timer(LOOK_SECONDS, self._show)
        self._offered = None
        self._view.offer(None)
        self._say_keys()

    def _show(self) -> None:
        """The file of the row, at its line, and which lines a tick takes."""
        row = self._rows.row
        if row is None or not self.is_mounted:
            return
        if not self._box.has_class("-short"):
            limit = self._files.max_bytes_of(row.path)
            self._view.open(row.path, limit, line=row.line, ticked=self._files.ticked_lines(row.path) or ())
        reach = self.reach
        self._with_lines(row, lambda row, lines: self._offer(row, reach, lines))

    def _offer(self, row: HitRow, reach: int, lines: Lines | None) -> None:
        if self._rows.row is row and self.reach == reach:
            self._offered = lines
            self._view.offer(lines)
            self._say_keys()

    def _with_lines(self, row: HitRow, then: Callable[[HitRow, Lines | None], None]) -> None:
        """Have `then` get the row and the lines that a tick takes of it, once they are known."""
        reach, known = self.reach, self._defined.known(row.path)
        place = Place(row.path, row.line, row.file.lines)
        if row.hit is None:
            then(row, None)
        elif reach != DEFINITION or known is not None:
            then(row, lines_around(place, reach, known or ()))
        else:
            limit = self._files.max_bytes_of(row.path)
            self._jobs.do(
                lambda: self._defined.find(row.path, limit),
                lambda defined: then(row, lines_around(place, reach, defined)),
                lambda error: None,
            )

    def on_hit_rows_tick_wanted(self) -> None:
        if (row := self._rows.row) is not None:
            self._with_lines(row, self._toggle)

    def _toggle(self, row: HitRow, lines: Lines | None) -> None:
        self._files.toggle(row.path, lines, row.line if row.hit is not None else None)
        self._ticks_changed()

    def _ticks_changed(self) -> None:
        self._rows.refresh()
        row = self._rows.row
        if row is not None:
            self._view.show_ticked(self._files.ticked_lines(row.path) or ())
            self._say_keys()

    def on_hit_rows_preview_wanted(self) -> None:
        if (row := self._rows.row) is not None:
            self._files.show(row.path, row.line)

    # Keys

    def action_move(self, step: int) -> None:
        self._rows.action_move(step)

    def action_words(self) -> None:
        self.set_focus(self._field)

    def action_reach(self, step: int) -> None:
        at = REACHES.index(self.reach) + step
        self.reach = REACHES[max(0, min(at, len(REACHES) - 1))]
        self._say_how()
        self._show()

    def action_leave(self) -> None:
        self.dismiss(None)

    # What is said

    def _say_how(self) -> None:
        case, pattern = press("find.case"), press("find.pattern")
        kind = "pattern" if self.wanted.is_pattern else "words"
        letters = "this case" if self.wanted.is_case_kept else "any case"
        words = f"{kind} {pattern} · {letters} {case} · ticks {reach_words(self.reach)}"
        name = "Find in files   " if self.size.width >= NARROW else ""
        self._title.update(Content.assemble(name, (words, "not bold $muted")))

    def _say(self, text: str, *, is_wrong: bool = False) -> None:
        self._note.update(Content.assemble((sanitize_line(text)[:400], "$error" if is_wrong else "$muted")))

    def _say_keys(self) -> None:
        back, row = f"{press('find.back')} back", self._rows.row
        if self.focused is self._field:
            words = f"{press('line.submit')} to what was found · ↑↓ row · {back}"
        elif row is None:
            words = f"{press('find.words')} words · {back}"
        else:
            less, more = press("find.less", last=True), press("find.more", last=True)
            keys = f"{less} {more} lines · {press('find.show')} shows · {press('find.words')} words"
            words = f"{press('find.tick')} {self._does(row)} · {keys} · {back}"
        self._hint.update(Content(words))

    def _does(self, row: HitRow) -> str:
        """What a tick does."""
        if is_ticked(row, self._files.ticked_lines(row.path)):
            return "unticks"
        if self._offered is not None:
            return f"ticks lines {self._offered[0]}-{self._offered[1]}"
        return "ticks the file" if row.hit is None or self.reach == WHOLE else "ticks"
