"""Keeps the lines of the main screen true: title, status, queue, ticked files, how long one waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from textual.timer import Timer
from textual.widget import Widget

from docstra_tui.key_hints import press
from docstra_tui.tui.main.parts import Parts
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.status import Facts, Ways, prefill_text, status_line
from docstra_tui.workspace.title import title

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.workspace.files.picked import Picked
    from docstra_tui.workspace.turns.queue import TurnQueue
    from docstra_tui.workspace.turns.runner import Outcome

WAIT_SECONDS = 0.5
"""How often the screen says how long the first piece has been waited for."""


class Deciding(Protocol):
    """Who asks somebody about a turn that has begun."""

    @property
    def is_choosing(self) -> bool:
        """True while somebody is asked."""


class Reading(Protocol):
    """Who lets the model read ahead."""

    @property
    def is_reading(self) -> bool:
        """True while it reads what the next question will begin with."""


class StatusBoard:
    """What is so, and where it is said. Runs on the screen's thread."""

    def __init__(
        self,
        root: Path,
        parts: Parts,
        model: AnsweringModel,
        queue: TurnQueue,
        opened: OpenSessions,
        deciding: Sequence[Deciding],
        ahead: Reading,
        show_total: Callable[[], Any],
        timers: Widget,
    ) -> None:
        """`show_total` says how many files are ticked; `timers` is whose timer tells how long one waits."""
        self._root = root
        self._parts = parts
        self._model = model
        self._queue = queue
        self._opened = opened
        self._deciding = deciding
        self._ahead = ahead
        self._show_total = show_total
        self._timers = timers
        self._waiting: Timer | None = None
        self.facts = Facts()

    @property
    def is_waiting(self) -> bool:
        """True while the time is told that a first piece has been waited for."""
        return self._waiting is not None

    def refresh(self) -> None:
        """Say what is so now; the same again is not drawn."""
        facts, queue, model, parts = self.facts, self._queue, self._model, self._parts
        session = self._opened.current
        facts.status = model.status
        facts.answering, facts.stopping = queue.busy, queue.stopping
        facts.started, facts.has_text = queue.started, queue.has_text
        facts.is_thinking, facts.reading = queue.is_thinking, queue.reading
        facts.choosing = any(one.is_choosing for one in self._deciding)
        facts.counting = session.admission.counting if session is not None else None
        facts.waiting = len(queue.waiting)
        facts.reading_ahead = self._ahead.is_reading
        facts.llm = model.backend.llm if model.backend is not None else None
        model.keep_looking(queue.busy)
        parts.status_bar.show(status_line(facts, _ways()))
        parts.title_line.show(title(self._root, model.backend, facts.status, model.wanted, model.remote))
        parts.queue_line.show(queue)
        self._show_total()
        if queue.busy and not queue.has_text:
            parts.conversation.wait(prefill_text(facts))

    def session_changed(self, session: ChatSession) -> None:
        """Another one is on the screen."""
        self.facts.last = session.turns[-1] if session.turns else None
        self.facts.stopped = False

    def files_changed(self, picked: Picked) -> None:
        """The ticked files were read, looked at or counted."""
        self.facts.budget = picked.budget
        self.facts.is_kept_back = picked.is_kept_back
        self.refresh()

    def turns_changed(self) -> None:
        """A turn began, has its first piece, or is over. While it is waited for, its time is shown."""
        self.refresh()
        waits = self._queue.busy and not self._queue.has_text
        if waits and self._waiting is None:
            self._waiting = self._timers.set_interval(WAIT_SECONDS, self.refresh)
        elif not waits and self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    def turn_ended(self, outcome: Outcome) -> None:
        """Its figures stand there until the next one."""
        self.facts.last = outcome.turn or self.facts.last
        self.facts.stopped = outcome.stopped


def _ways() -> Ways:
    again = press("main.restart", "/restart")
    return Ways(agree=f"nothing is sent before · {again} asks", restart=f"{again} starts the engine again")
