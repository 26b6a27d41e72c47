"""The fit view: what is sent of a prompt that is too long. Nothing is sent, and nothing is left out,
before somebody said so here.

Counting goes on beside it: a sum marked with `≈` is that of the rows, one without is the exact count of
the prompt that would be sent.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.context.fitting.proposal import suggest
from docstra_tui.context.fitting.ranges import cut_lines, line_span
from docstra_tui.context.fitting.rows import FileChoice, TurnChoice, lines
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.screens import fit_choices
from docstra_tui.tui.screens.text_prompt import TextPrompt
from docstra_tui.tui.widgets.fit_table import FitTable
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.summaries import SummaryWriter

if TYPE_CHECKING:
    from docstra_tui.session.fitting import Fitting
    from docstra_tui.session.turn_request import TurnRequest

PROGRESS_SECONDS = 0.3
AROUND = 14
"""Lines around the rows: title, sum, keys, the empty ones between them, and those of a narrow screen."""
RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+))?\s*")
MOST_GUESSES = 100
"""Suggestions that are counted before one that does not fit is shown as it is: with many files each one is
an estimate until it was suggested."""
SHORT = 20
"""Lines of a screen that has none to spare."""


class FitScreen(ModalScreen[FitPlan | None]):
    """Asks what to send; the answer is a plan that fits, or None to go back."""

    CSS_PATH = "fit.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Back, the question stays yours", id="fit.back"),
        Binding("s", "suggest", "Suggest", tooltip="Take the suggestion", id="fit.suggest"),
        Binding("a", "everything", "All", tooltip="Send everything whole again", id="fit.all"),
        Binding("r", "range", "Lines", tooltip="Send some lines of this file", id="fit.lines"),
    ]

    def __init__(self, fitting: Fitting, request: TurnRequest, *, is_sending: bool = True) -> None:
        super().__init__()
        self._fitting = fitting
        self._request = request
        self._enter = "Enter sends" if is_sending else "Enter keeps it"
        self._plan: FitPlan | None = None
        self._whole: FitPlan | None = None
        self._suggested: FitPlan | None = None
        self._exact: Budget | None = None
        self._ranges: dict[str, FileChoice] = {}
        self._wants_to_send = False
        self._said = ""
        self._guesses = 0
        """How often a suggestion did not fit when it was counted."""
        self._told = 0.0
        """When progress was last told."""
        # Held, not looked for: what comes while the screen closes finds no widget in it any more.
        self._table = FitTable()
        self._sum = Static(Content("weighing every file…"), id="fit-sum", markup=False)
        self._box = Vertical(classes="fit-box")

    def compose(self) -> ComposeResult:
        with self._box:
            yield Static(Content("What is sent"), classes="box-title", markup=False)
            yield self._table
            yield self._sum
            hint = f"↑↓ row · ←→ choice · r lines · s suggest · a all whole · {self._enter} · Esc back"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self._jobs = JobQueue("fit", self.call_later)
        self._writer = SummaryWriter(self._fitting, self.call_later)
        self.set_interval(PROGRESS_SECONDS, self._show_progress)
        self._table.focus()
        fitting, request = self._fitting, self._request

        def work() -> tuple[FitPlan, FitPlan]:
            plan = fitting.plan(request, self._weighed)
            return plan, suggest(plan)

        self._jobs.do(work, self._begin, self._fail)

    def _weighed(self, done: int, total: int) -> None:
        """In the jobs."""
        now = time.monotonic()
        if now - self._told > PROGRESS_SECONDS:
            self._told = now
            self.call_later(self._show_weighing, done, total)

    def _show_weighing(self, done: int, total: int) -> None:
        if self._plan is None and self.is_mounted:
            self._sum.update(Content(f"weighing every file… {done:,} of {total:,}"))

    def on_unmount(self) -> None:
        self._jobs.close()
        self._writer.close()

    def _begin(self, plans: tuple[FitPlan, FitPlan]) -> None:
        self._whole, self._suggested = plans
        self._choose(self._suggested)

    # Choosing

    def on_fit_table_turned(self, event: FitTable.Turned) -> None:
        plan = self._plan
        if plan is None:
            return
        if event.row < len(plan.files):
            row = plan.files[event.row]
            choice = fit_choices.next_file_choice(row, self._ranges.get(row.key), event.step)
            self._choose(plan.set(row.key, choice))
            return
        turn = plan.turns[event.row - len(plan.files)]
        now: TurnChoice = "summarised" if turn.number in self._writer.writing else turn.choice
        self._writer.stop(turn.number)
        wanted = fit_choices.next_turn_choice(now, event.step)
        if wanted == "summarised" and not turn.summary:
            self._choose(plan.set_turn(turn.number, "left out"))
            self._writer.write(turn.number, self._summarised, self._fail)
            self._show()
        else:
            self._choose(plan.set_turn(turn.number, wanted))

    def action_suggest(self) -> None:
        """From what there is now, as little less as will do."""
        if self._whole is not None:
            self._suggested = suggest(self._whole)
            self._guesses = 0
            self._choose(self._suggested)

    def action_everything(self) -> None:
        if self._plan is not None:
            self._choose(self._plan.whole())

    def action_range(self) -> None:
        """Ask for the lines of the file under the cursor."""
        plan, at = self._plan, self._table.highlighted
        if plan is None or at is None or at >= len(plan.files):
            return
        row = plan.files[at]
        first, last = line_span(row.item)
        title = f"Lines of {shown_name(row.key)}, {first}-{last}"

        def answered(text: str | None) -> None:
            found = RANGE.fullmatch(text or "")
            if found is None:
                self._say("Lines are written as 10-40." if text else "")
                return
            start, end = int(found[1]), min(last, int(found[2] or found[1]))
            self._take_lines(row.key, start, end)

        self.app.push_screen(TextPrompt(title, "10-40 · Enter takes it · Esc back"), answered)

    def _take_lines(self, key: str, start: int, end: int) -> None:
        plan = self._plan
        if plan is None:
            return
        row = next(row for row in plan.files if row.key == key)
        try:
            item = cut_lines(row.item, start, end)
        except ValueError as error:
            self._say(sanitize_line(str(error)))
            return
        choice = self._ranges[key] = lines(start, end)

        def weighed(_: int) -> None:
            if self._plan is not None:
                self._choose(self._plan.set(key, choice))

        self._jobs.do(lambda: plan.count(item), weighed, self._fail)

    def _summarised(self, number: int, summary: str, tokens: int) -> None:
        if self._plan is None or self._whole is None:
            return
        if not summary:
            self._say("The model wrote no summary.")
            self._show()
            return
        before = next(turn.choice for turn in self._whole.turns if turn.number == number)
        self._whole = self._whole.with_summary(number, summary, tokens).set_turn(number, before)
        self._choose(self._plan.with_summary(number, summary, tokens))

    def _choose(self, plan: FitPlan) -> None:
        self._plan, self._exact, self._said = plan, None, ""
        self._wants_to_send = False
        self._show()
        fitting, request = self._fitting, self._request
        self._jobs.do(lambda: (plan, fitting.count(request, plan)), self._counted, self._fail, key="exact")

    def _counted(self, found: tuple[FitPlan, Budget]) -> None:
        plan, budget = found
        if plan is not self._plan:
            return
        self._exact = budget
        if plan is self._suggested and not budget.fits and self._guesses < MOST_GUESSES:
            self._guesses += 1
            assert self._whole is not None and budget.left is not None
            if plan.fits:
                # Joined tokens: the parts were a few less than the whole. Suggest with that much less room.
                over = -budget.left
                self._whole = _with_more_overhead(self._whole, plan.used, budget.used, over) or self._whole
            # Else some were estimated too low; what was suggested is counted by now.
            better = suggest(self._whole)
            if better != plan:
                self._suggested = better
                self._choose(better)
                return
        self._show()
        if self._wants_to_send:
            self._send()

    # Leaving

    def on_fit_table_sent(self) -> None:
        self._send()

    def _send(self) -> None:
        plan, exact = self._plan, self._exact
        if plan is None:
            return
        if self._writer.writing:
            self._say("A summary is being written. Esc stops it.")
        elif exact is None:
            self._wants_to_send = True  # in a moment
        elif exact.fits:
            self.dismiss(plan)
        else:
            self._say("It does not fit yet.")

    def action_leave(self) -> None:
        if self._writer.writing:
            self._writer.stop_all()
            self._show()
        else:
            self.dismiss(None)

    # What is shown

    def on_resize(self, event: Resize) -> None:
        self._make_room(event.size.height)

    def _make_room(self, height: int) -> None:
        """As high as it has rows; where those are too many, the table scrolls and the sum stays."""
        rows = len(self._plan.files) + len(self._plan.turns) if self._plan is not None else 0
        self._box.set_class(rows + AROUND > height, "-full")
        self._box.set_class(height < SHORT, "-short")

    def _show(self) -> None:
        if self._plan is None or self._suggested is None or not self.is_mounted:
            return
        writing = {number: f"{count:,}…" for number, count in self._writer.writing.items()}
        self._make_room(self.size.height)
        self._table.show(fit_choices.fit_lines(self._plan, self._suggested, writing))
        parts, total, fits = fit_choices.sum_lines(self._plan, self._exact)
        said = [Content.assemble((self._said, "$warning"))] if self._said else []
        shown = [
            Content.assemble((parts, "$muted")),
            Content.assemble((total, "bold $success" if fits else "bold $error")),
            *said,
        ]
        self._sum.update(Content("\n").join(shown))

    def _show_progress(self) -> None:
        if self._writer.writing:
            self._show()

    def _say(self, text: str) -> None:
        self._said = text
        self._show()

    def _fail(self, error: Exception) -> None:
        if not self.is_mounted:
            return
        message = error.message if isinstance(error, DocstraError) else str(error)
        if self._plan is None:
            said = Content.assemble((sanitize_line(message)[:300], "$error"))
            self._sum.update(said)
        else:
            self._say(sanitize_line(message)[:300])


def _with_more_overhead(plan: FitPlan, guessed: int, counted: int, over: int) -> FitPlan | None:
    """The plan with what its parts lack added to what belongs to no part; None when they lack nothing."""
    from dataclasses import replace

    lack = max(over, counted - guessed)
    return replace(plan, overhead=plan.overhead + lack) if lack > 0 else None
