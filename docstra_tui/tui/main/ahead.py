"""Reading ahead, on the screen: when it is worth it, how far it came, and what is typed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.timer import Timer
from textual.widget import Widget

from docstra_tui.workspace.jobs import Deliver
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.read_ahead import ReadAhead

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.workspace.files.watched_selection import WatchedSelection
    from docstra_tui.workspace.turns.queue import TurnQueue

COUNT_SECONDS = 0.25
"""Nothing was typed for this long: it is counted."""

LOOK_SECONDS = 0.5
"""How often the status bar hears how far a reading came."""


class Ahead:
    """For the main screen, whose timers it uses."""

    def __init__(
        self,
        timers: Widget,
        model: AnsweringModel,
        queue: TurnQueue,
        selection: WatchedSelection,
        refresh: Callable[[], Any],
        deliver: Deliver,
    ) -> None:
        """`refresh` shows how far a reading came."""
        self._timers = timers
        self._selection = selection
        self._refresh = refresh
        self._reading = ReadAhead(lambda: model.is_ready and not queue.busy, self._changed, deliver)
        self._counting: Timer | None = None
        self._looking: Timer | None = None

    @property
    def is_reading(self) -> bool:
        """True while the model reads what the next question will begin with."""
        return self._reading.is_reading

    def typed(self, session: ChatSession | None, text: str) -> None:
        """Something else stands in the composer."""
        if session is None or session.typed == text:
            return
        session.typed = text
        if self._counting is not None:
            self._counting.stop()
        self._counting = self._timers.set_timer(COUNT_SECONDS, self._selection.recount)

    def consider(self, session: ChatSession | None) -> None:
        """Read ahead if there is something that was not read yet, once it stays as it is."""
        self._reading.consider(session)

    def _changed(self) -> None:
        if self.is_reading and self._looking is None:
            self._looking = self._timers.set_interval(LOOK_SECONDS, self._look)
        elif not self.is_reading and self._looking is not None:
            self._looking.stop()
            self._looking = None
            self._look()

    def _look(self) -> None:
        self._selection.recount()
        self._refresh()
