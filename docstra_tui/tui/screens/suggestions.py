"""Files that are offered for a question: Space ticks them at once, Enter sends the question.

Nothing is ticked by itself. What each adds to the prompt is counted beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.file_view import FileView
from docstra_tui.tui.widgets.suggestion_rows import SuggestedLine, SuggestionRows
from docstra_tui.workspace.colouring.code_colours import CodeColours
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.suggesting.offers import Offer
from docstra_tui.workspace.suggesting.own_words import ASKING
from docstra_tui.workspace.suggesting.weights import Sum, Weight, weight_words

if TYPE_CHECKING:
    from docstra_tui.context.search.offered import Suggestion

BESIDE = 100
"""Columns of a screen that has room for the file beside the list."""
BELOW = 20
"""Lines of one that has room for it below."""
HIGH = 30
"""Lines of one that has some to spare."""
NARROW = 60
"""Columns that only the most needed keys are named in."""
WIDE = 150
"""Columns that all keys are named in."""
LOOK_SECONDS = 0.1
"""The cursor stands still for this long: the file is read."""


class Picking(Protocol):
    """What the list asks, and has done."""

    def weight(self, path: str) -> Weight:
        """What a file adds to the prompt."""

    def is_ticked(self, path: str) -> bool:
        """Whether it is ticked, or some lines of it are."""

    def tick(self, path: str) -> None:
        """Tick it, or no longer."""

    def look(self, path: str, line: int) -> None:
        """Show it on a screen of its own."""

    def max_bytes_of(self, path: str) -> int:
        """How much of it may be read."""

    def ask_words(self) -> None:
        """Have the model say what else to look for."""

    @property
    def is_asking_words(self) -> bool:
        """It has not said so yet."""

    @property
    def count(self) -> int:
        """Files that are ticked, wherever."""

    @property
    def sum(self) -> Sum:
        """The prompt with all of them."""

    @property
    def pace(self) -> float | None:
        """Tokens that the model reads in a second."""


class SuggestionsScreen(ModalScreen[bool]):
    """Its result: whether the question is sent now."""

    CSS_PATH = "suggestions.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", tooltip="Back to the question", id="suggest.back"),
        Binding("enter", "send", "Send", tooltip="Send the question", id="suggest.send"),
        Binding("w", "words", "Words", tooltip="Also look for what the model calls it", id="suggest.words"),
        Binding("pagedown", "page(1)", "Page down", tooltip="The file, a page down", id="suggest.page_down"),
        Binding("pageup", "page(-1)", "Page up", tooltip="The file, a page up", id="suggest.page_up"),
    ]

    def __init__(
        self, root: Path, picking: Picking, colours: CodeColours, question: str, *, can_send: bool
    ) -> None:
        """`can_send`: the question stands in the composer, and Enter sends it."""
        super().__init__()
        self.question = question
        self._picking = picking
        self._can_send = can_send
        self._looking: Timer | None = None
        self._files: dict[str, Suggestion] = {}
        self._is_filled = False
        self._problem, self._note = "", ""
        self._is_touched = False
        """Somebody went through the rows: they stay where they are."""
        self._shown = ""
        """The file that is looked at."""
        self._jobs = JobQueue("suggestion", self.call_later)
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._box = Vertical(classes="suggest-box")
        self._title = Static(self._title_with(()), classes="box-title", markup=False)
        self._rows = SuggestionRows(self._line_of)
        self._view = FileView(root, self._jobs, colours)
        self._why = Static(Content("looking…"), id="suggest-why", markup=False)
        self._sum = Static("", id="suggest-sum", markup=False)
        self._hint = Static("", classes="box-hint", markup=False)

    def compose(self) -> ComposeResult:
        with self._box:
            yield self._title
            with Horizontal(id="suggest-files"):
                yield self._rows
                yield self._view
            yield self._why
            yield self._sum
            yield self._hint

    def on_mount(self) -> None:
        self._rows.focus()
        if self._is_filled:
            self._show()

    def on_unmount(self) -> None:
        self._jobs.close()

    def on_resize(self, event: Resize) -> None:
        size = event.size
        self._box.set_class(size.width >= BESIDE, "-beside")
        self._box.set_class(size.width < BESIDE and size.height < BELOW, "-alone")
        self._box.set_class(size.height < HIGH, "-low")
        self._box.set_class(size.height < BELOW, "-short")
        self._hint.update(Content(_hint(can_send=self._can_send, width=size.width)))
        self._arrange()

    # What is offered

    def sort_again(self) -> None:
        """What is found next is looked for with more words: the best of it comes first."""
        self._is_touched = False

    def fill(self, offer: Offer) -> None:
        """This is found; more may come while the index grows, and is put behind what somebody looks at."""
        self._problem, self._note = offer.problem, offer.note
        new = {one.path: one for one in offer.files}
        if self._is_touched:
            self._files = {
                **self._files,
                **{path: one for path, one in new.items() if path not in self._files},
            }
        else:
            kept = {path: one for path, one in self._files.items() if self._picking.is_ticked(path)}
            self._files = {**new, **kept}
        self._is_filled = True
        if self.is_mounted:
            self._show()

    def say_words(self, words: Sequence[str]) -> None:
        """These are looked for too."""
        self._title.update(self._title_with(words))

    def _title_with(self, words: Sequence[str]) -> Content:
        title = Content(f"Files for: {sanitize_line(self.question)}")
        if words:
            title += Content.assemble((f"  + {sanitize_line(', '.join(words))}", "$secondary"))
        return title

    def _show(self) -> None:
        self._rows.show([*self._files])
        self._arrange()
        self.show_again()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are listed."""
        return tuple(self._files)

    def show_again(self) -> None:
        """Something was counted or ticked."""
        if self.is_mounted:
            self._rows.refresh()
            self._say()

    def _arrange(self) -> None:
        """The list is as high as it has rows, where the file is below it."""
        is_below = not self._box.has_class("-beside") and not self._box.has_class("-alone")
        most = max(3, self.size.height // 3)
        self._rows.styles.height = max(1, min(len(self._files), most)) if is_below else "1fr"

    def _line_of(self, path: str) -> SuggestedLine:
        picking = self._picking
        weight, is_ticked = picking.weight(path), picking.is_ticked(path)
        left = picking.sum.left
        is_over = (
            not is_ticked and left is not None and weight.count is not None and weight.count.tokens > left
        )
        return SuggestedLine(
            path,
            self._files[path].reason,
            weight_words(weight, left, picking.pace, is_in=is_ticked),
            "error" if weight.problem else "warning" if is_over else "muted",
            is_ticked,
        )

    def _say(self) -> None:
        path = self._rows.path
        if not self._is_filled:
            why = Content("looking…")
        elif path is not None:
            why = Content.assemble((sanitize_line(self._files[path].reason), "$secondary"))
        elif self._problem:
            why = Content.assemble((sanitize_line(self._problem), "$error"))
        else:
            why = Content("Nothing in the project has words of this question.")
        if self._note:
            why += Content.assemble((f"  {self._note}: there may be more", "$warning"))
        if self._picking.is_asking_words:
            why += Content.assemble((f"  {ASKING}", "$secondary"))
        self._why.update(why)
        picking = self._picking
        total = picking.sum
        left = total.left
        colour = "bold $error" if left is not None and left < 0 else "bold"
        self._sum.update(Content.assemble((f"{picking.count} ticked · {total.words(picking.pace)}", colour)))

    # Keys

    def on_suggestion_rows_moved(self) -> None:
        """What is under the cursor is looked at, once the cursor stands still."""
        if self._rows.cursor:
            self._is_touched = True
        self._say()
        if self._looking is not None:
            self._looking.stop()
        self._looking = self.set_timer(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        path = self._rows.path
        if path is not None and path != self._shown and self._view.display:
            self._shown = path
            self._view.open(path, self._picking.max_bytes_of(path), line=self._first_line(path))

    def _first_line(self, path: str) -> int:
        lines = self._files[path].lines
        return lines[0] if lines else 1

    def on_suggestion_rows_ticked(self, event: SuggestionRows.Ticked) -> None:
        self._is_touched = True
        self._picking.tick(event.path)
        self.show_again()

    def on_suggestion_rows_looked(self, event: SuggestionRows.Looked) -> None:
        self._picking.look(event.path, self._first_line(event.path))

    def action_page(self, step: int) -> None:
        self._view.action_page(step)

    def action_words(self) -> None:
        self._picking.ask_words()

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_send(self) -> None:
        self.dismiss(self._can_send)


def _hint(*, can_send: bool, width: int) -> str:
    tick, back = f"{press('suggest.tick')} ticks", f"{press('suggest.back')} back"
    does = "back" if not can_send else "sends" if width < WIDE else "sends the question"
    enter = f"{press('suggest.send')} {does}"
    if width < NARROW:
        return f"{tick} · {enter} · {back}"
    look = f"{press('suggest.up')}{press('suggest.down')} row · {press('suggest.look')} whole file"
    if width < BESIDE:
        return f"{tick} · {look} · {press('suggest.words')} words · {enter} · {back}"
    pages = f"{press('suggest.page_up')} {press('suggest.page_down')} turn its pages"
    more = f"{press('suggest.words')} the model's words" + (f" · {pages}" if width >= WIDE else "")
    return f"{tick} · {look} · {more} · {enter} · {back}"
