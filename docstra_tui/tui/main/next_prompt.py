"""The screens about what would be sent: its parts, its text, and what can be left out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from docstra_tui.session.admission import EACH, Made
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.workspace.jobs import Deliver
from docstra_tui.workspace.models.choice import placed
from docstra_tui.workspace.turns.decision import Decision
from docstra_tui.workspace.turns.queue import TurnQueue

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.citations.citation import Citation
    from docstra_tui.session.fitting import Overfull
    from docstra_tui.tui.screens.fit import Chosen, FitScreen
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.workspace.models.answering import AnsweringModel


class NextPrompt:
    """Runs on the screen's thread, `make_room` apart."""

    def __init__(
        self, composer: Composer, turns: TurnQueue, model: AnsweringModel, dialogs: Dialogs, deliver: Deliver
    ) -> None:
        self._model = model
        self._composer = composer
        self._turns = turns
        self._dialogs = dialogs
        self._decision: Decision[Chosen] = Decision(turns, deliver)

    @property
    def is_choosing(self) -> bool:
        """True while a turn waits for somebody to choose what is sent."""
        return self._decision.is_open

    def show_budget(self, session: ChatSession) -> None:
        """The tokens of each part."""
        from docstra_tui.tui.screens.budget import BudgetScreen

        self._dialogs.ask(BudgetScreen(session, self._composer.text))

    def show_text(self, session: ChatSession, citations: Sequence[Citation], marked: int) -> None:
        """The text as the model reads it, and where in it stands what an answer cites."""
        from docstra_tui.tui.screens.prompt import PromptScreen

        items = [item for turn in session.turns for item in turn.files] if citations else []
        self._dialogs.ask(PromptScreen(session, self._composer.text, citations, items, marked))

    def choose(self, session: ChatSession, changed: Callable[[], object]) -> None:
        """What is sent of each file and earlier turn; nothing is sent yet. `changed` where it is another."""
        from docstra_tui.tui.screens.fit import FitScreen

        if self._turns.busy:
            return
        text = self._composer.text
        request = TurnRequest("answer_question", text, {"question": text})

        def decided(plan: Chosen) -> None:
            if plan is not None and plan != EACH:
                session.fitting.apply(plan)
                changed()

        screen = FitScreen(session.fitting, request, is_sending=False, keep_compact=self._keep_compact)
        self._dialogs.ask(screen, lambda plan: self._left(screen, plan, decided))

    def make_room(self, overfull: Overfull) -> Made:
        """Ask what to leave out of a turn that does not fit, or whether it is put to each part of the files;
        False when nothing is to be sent. Blocks: for the turn's thread."""

        def ask(decided: Callable[[Chosen], None]) -> None:
            from docstra_tui.tui.screens.fit import FitScreen

            def chosen(plan: Chosen) -> None:
                if plan is not None and plan != EACH:
                    overfull.fitting.apply(plan)
                decided(plan)

            screen = FitScreen(overfull.fitting, overfull.request, keep_compact=self._keep_compact)
            self._dialogs.ask(screen, lambda plan: self._left(screen, plan, chosen))

        decided = self._decision.wait_for(ask)
        return EACH if decided == EACH else decided is not None

    def _keep_compact(self) -> None:
        self._model.keep("int8")

    def _left(self, screen: FitScreen, plan: Chosen, decided: Callable[[Chosen], None]) -> None:
        decided(plan)
        if screen.wants_cpu:
            self._model.open(placed(self._model.settings, "cpu"))
