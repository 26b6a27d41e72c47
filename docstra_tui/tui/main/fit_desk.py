"""Between a turn that does not fit and the fit view: the turn's thread waits until somebody decided."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstra_tui.context.fitting.plan import FitPlan
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.fitting import Overfull
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.tui.main.screen import MainScreen


class FitDesk:
    """For the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.is_asking = False
        """True while a turn waits for somebody to choose what is sent."""

    def make_room(self, overfull: Overfull) -> bool:
        """Ask what to leave out; False when nothing is to be sent. Blocks: for the turn's thread."""
        answer: queue.SimpleQueue[bool] = queue.SimpleQueue()

        def decided(plan: FitPlan | None) -> None:
            self.is_asking = False
            self._screen.turns.queue.started = time.monotonic()  # so far nobody waited for the model
            if plan is not None:
                overfull.fitting.apply(plan)
            answer.put(plan is not None)

        def ask() -> None:
            from docstra_tui.tui.screens.fit import FitScreen

            self.is_asking = True
            self._screen.board.refresh()
            self._screen.app.push_screen(FitScreen(overfull.fitting, overfull.asking), decided)

        self._screen.call_later(ask)
        return answer.get()

    def look(self, session: ChatSession, asking: TurnRequest) -> None:
        """Show and change what is sent, without sending anything."""
        from docstra_tui.tui.screens.fit import FitScreen

        def decided(plan: FitPlan | None) -> None:
            if plan is not None:
                session.fitting.apply(plan)
                self._screen.picks.recount()

        self._screen.app.push_screen(FitScreen(session.fitting, asking, is_sending=False), decided)
