"""The fit view: what is sent of a prompt that is too long. Nothing is sent, and nothing is left out,
before somebody said so here.

Counting goes on beside it: a sum marked with `≈` is that of the rows, one without is the exact count of
the prompt that would be sent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.plan import FitPlan
from docstra_tui.context.fitting.ranges import cut_lines, line_span
from docstra_tui.context.fitting.rows import lines
from docstra_tui.errors import DocstraError
from docstra_tui.key_hints import press
from docstra_tui.session.admission import EACH
from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.tui.screens.fit_lines import fit_lines, memory_line, sum_lines
from docstra_tui.tui.screens.text_prompt import TextPrompt
from docstra_tui.tui.widgets.fit_table import FitTable
from docstra_tui.workspace.fit_draft import FitDraft
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.summaries import SummaryWriter

if TYPE_CHECKING:
    from docstra_tui.session.fitting import Fitting
    from docstra_tui.session.turn_request import TurnRequest

PROGRESS_SECONDS = 0.3
AROUND = 14
"""Lines around the rows: title, sum, keys, the empty ones between them, and those of a narrow screen."""
RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+))?\s*")
SHORT = 20
"""Lines of a screen that has none to spare."""


Chosen = FitPlan | Literal["each"] | None
"""A plan that fits; that it is asked of each part of the files; or None to go back."""


class FitScreen(ModalScreen[Chosen]):
    """Asks what to send."""

    CSS_PATH = "fit.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Back, the question stays yours", id="fit.back"),
        Binding("s", "suggest", "Suggest", tooltip="Take the suggestion", id="fit.suggest"),
        Binding("a", "everything", "All", tooltip="Send everything whole again", id="fit.all"),
        Binding("8", "compact", "8 bits", tooltip="Keep what is read in 8 bits", id="fit.compact"),
        Binding("c", "cpu", "CPU", tooltip="Back, and have the model on the CPU", id="fit.cpu"),
        Binding("e", "each", "Each part", tooltip="Ask each part of the files, then join", id="fit.each"),
        Binding("r", "range", "Lines", tooltip="Send some lines of this file", id="fit.lines"),
    ]

    def __init__(
        self,
        fitting: Fitting,
        request: TurnRequest,
        *,
        is_sending: bool = True,
        keep_compact: Callable[[], object] = lambda: None,
    ) -> None:
        """`keep_compact` has the model keep in 8 bits what it reads from now on."""
        super().__init__()
        self._keep_compact = keep_compact
        self.wants_cpu = False
        """True where it was left for the model to be on the CPU."""
        self._fitting = fitting
        self._request = request
        self._is_sending = is_sending
        self._draft: FitDraft | None = None
        """None while everything is weighed."""
        self._wants_to_send = False
        self._said = ""
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
            yield Static(Content(_hint(is_sending=self._is_sending)), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self._jobs = JobQueue("fit", self.call_later)
        self._writer = SummaryWriter(self._fitting, self.call_later)
        self.set_interval(PROGRESS_SECONDS, self._show_progress)
        self._table.focus()
        fitting, request = self._fitting, self._request

        def work() -> FitDraft:
            return FitDraft(fitting.plan(request, self._weighed))

        self._jobs.do(work, self._begin, self._fail)

    def _weighed(self, done: int, total: int) -> None:
        """In a job."""
        now = time.monotonic()
        if now - self._told > PROGRESS_SECONDS:
            self._told = now
            self.call_later(self._show_weighing, done, total)

    def _show_weighing(self, done: int, total: int) -> None:
        if self._draft is None and self.is_mounted:
            self._sum.update(Content(f"weighing every file… {done:,} of {total:,}"))

    def on_unmount(self) -> None:
        self._jobs.close()
        self._writer.close()

    def _begin(self, draft: FitDraft) -> None:
        self._draft = draft
        self._chosen()

    # Choosing

    def on_fit_table_turned(self, event: FitTable.Turned) -> None:
        draft, writer = self._draft, self._writer
        if draft is None:
            return
        files = draft.plan.files
        if event.row < len(files):
            draft.turn_file(files[event.row], event.step)
            self._chosen()
            return
        turn = draft.plan.turns[event.row - len(files)]
        is_writing = turn.number in writer.writing
        writer.stop(turn.number)
        is_unwritten = draft.turn_turn(turn, event.step, is_writing=is_writing)
        self._chosen()
        if is_unwritten:
            writer.write(turn.number, self._summarised, self._fail)
            self._show()

    def action_suggest(self) -> None:
        """From what there is now, as little less as will do."""
        if self._draft is not None:
            self._draft.suggest()
            self._chosen()

    def action_everything(self) -> None:
        if self._draft is not None:
            self._draft.everything()
            self._chosen()

    def action_compact(self) -> None:
        """Another limit where memory is the limit: count against that."""
        draft, room, fitting, request = self._draft, self._fitting.room, self._fitting, self._request
        if draft is None or room is None or room.compact is None:
            return
        self._keep_compact()
        plan = draft.plan

        def counted(budget: Budget) -> None:
            draft.hold(budget.memory)
            self._chosen()

        self._jobs.do(lambda: fitting.count(request, plan), counted, self._fail)

    def action_cpu(self) -> None:
        room = self._fitting.room
        if room is not None and room.on_gpu:
            self.wants_cpu = True
            self.dismiss(None)

    def action_each(self) -> None:
        """Leave nothing out: the question goes to each part of the files, and one more joins the answers."""
        if self._is_sending:
            self._writer.stop_all()
            self.dismiss(EACH)
        else:
            self._say("Write the question first; /each QUESTION does it too.")

    def action_range(self) -> None:
        """Ask for the lines of the file under the cursor."""
        draft, at = self._draft, self._table.highlighted
        if draft is None or at is None or at >= len(draft.plan.files):
            return
        row = draft.plan.files[at]
        first, last = line_span(row.item)
        title = f"Lines of {shown_name(row.key)}, {first}-{last}"

        def answered(text: str | None) -> None:
            found = RANGE.fullmatch(text or "")
            if found is None:
                self._say("Lines are written as 10-40." if text else "")
                return
            start, end = int(found[1]), min(last, int(found[2] or found[1]))
            self._take_lines(draft, row.key, start, end)

        self.app.push_screen(
            TextPrompt(title, f"10-40 · {press('composer.send')} takes it · {press('words.back')} back"),
            answered,
        )

    def _take_lines(self, draft: FitDraft, key: str, start: int, end: int) -> None:
        plan = draft.plan
        row = next(row for row in plan.files if row.key == key)
        try:
            item = cut_lines(row.item, start, end)
        except ValueError as error:
            self._say(sanitize_line(str(error)))
            return
        choice = lines(start, end)
        draft.offer_lines(key, choice)

        def weighed(_: int) -> None:
            draft.choose(draft.plan.set(key, choice))
            self._chosen()

        self._jobs.do(lambda: plan.count(item), weighed, self._fail)

    def _summarised(self, number: int, summary: str, tokens: int) -> None:
        if self._draft is None:
            return
        if not summary:
            self._say("The model wrote no summary.")
            self._show()
            return
        self._draft.summarise(number, summary, tokens)
        self._chosen()

    def _chosen(self) -> None:
        """Another plan is chosen: show it, and count it."""
        assert self._draft is not None
        plan, fitting, request = self._draft.plan, self._fitting, self._request
        self._said = ""
        self._wants_to_send = False
        self._show()
        self._jobs.do(lambda: (plan, fitting.count(request, plan)), self._counted, self._fail, key="exact")

    def _counted(self, found: tuple[FitPlan, Budget]) -> None:
        draft, (plan, budget) = self._draft, found
        if draft is None or plan is not draft.plan:
            return
        if draft.count(plan, budget):
            self._chosen()
            return
        self._show()
        if self._wants_to_send:
            self._send()

    # Leaving

    def on_fit_table_sent(self) -> None:
        self._send()

    def _send(self) -> None:
        draft = self._draft
        if draft is None:
            return
        if self._writer.writing:
            self._say(f"A summary is being written. {press('fit.back')} stops it.")
        elif draft.exact is None:
            self._wants_to_send = True  # in a moment
        elif draft.exact.fits:
            self.dismiss(draft.plan)
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
        draft = self._draft
        rows = len(draft.plan.files) + len(draft.plan.turns) if draft is not None else 0
        self._box.set_class(rows + AROUND > height, "-full")
        self._box.set_class(height < SHORT, "-short")

    def _show(self) -> None:
        draft = self._draft
        if draft is None or not self.is_mounted:
            return
        writing = {number: f"{count:,}…" for number, count in self._writer.writing.items()}
        self._make_room(self.size.height)
        self._table.show(fit_lines(draft.plan, draft.suggested, writing))
        parts, total, fits = sum_lines(draft.plan, draft.exact)
        ways = memory_line(self._fitting.room)
        said = [Content.assemble((ways, "$muted"))] if ways else []
        said += [Content.assemble((self._said, "$warning"))] if self._said else []
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
        if self._draft is None:
            said = Content.assemble((sanitize_line(message)[:300], "$error"))
            self._sum.update(said)
        else:
            self._say(sanitize_line(message)[:300])


def _hint(*, is_sending: bool) -> str:
    enter = press("fit.send")
    last = f"{press('fit.each')} each part · {enter} sends" if is_sending else f"{enter} keeps it"
    rows = f"{press('fit.up')}{press('fit.down')} row · {press('fit.before')}{press('fit.next')} choice"
    wishes = f"{press('fit.lines')} lines · {press('fit.suggest')} suggest · {press('fit.all')} all whole"
    return f"{rows} · {wishes} · {last} · {press('fit.back')} back"
