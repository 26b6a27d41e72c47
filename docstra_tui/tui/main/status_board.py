"""Keeps the lines of the main screen true: title, status, queue, ticked files, what is not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.workspace.status import Facts, Ways, prefill_text, status_line
from docstra_tui.workspace.title import title

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen

WAYS = Ways(agree="nothing is sent before · F9 asks", restart="F9 starts the engine again")


class StatusBoard:
    """What is known, and where it is shown."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.facts = Facts()

    def refresh(self) -> None:
        """Say what is so now; the same again is not drawn."""
        screen, facts = self._screen, self.facts
        runner, model = screen.turns.queue, screen.model
        facts.status = model.status
        facts.answering, facts.stopping = runner.busy, runner.stopping
        facts.started, facts.has_text = runner.started, runner.has_text
        facts.choosing = screen.next_prompt.is_choosing or screen.permission.is_choosing
        facts.counting = screen.session.admission.counting if screen.session is not None else None
        facts.waiting = len(runner.waiting)
        facts.reading_ahead = screen.ahead.is_reading
        facts.llm = model.backend.llm if model.backend is not None else None
        model.keep_looking(runner.busy)
        screen.status_bar.show(status_line(facts, WAYS))
        screen.title_line.show(title(screen.root, model.backend, facts.status, model.wanted))
        screen.queue_line.show(runner)
        screen.files.show_total()
        if runner.busy and not runner.has_text:
            screen.conversation.wait(prefill_text(facts))
