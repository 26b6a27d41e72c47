"""Keeps the lines of the main screen true: title, status, queue, ticked files, what is not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from docstra_tui.text import sanitize_line
from docstra_tui.workspace.status import Facts, Ways, prefill_text, status_line
from docstra_tui.workspace.title import title

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen

WAYS = Ways(agree="nothing is sent before · F9 asks", restart="F9 starts the engine again")

NOTICE_SECONDS = 30.0
"""What happened to the saved sessions has a path in it; it is said again when the program ends."""


class StatusBoard:
    """What is known, and where it is shown."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.facts = Facts()
        self._told = ""

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
        self._show_queue()
        screen.files.show_total()
        if runner.busy and not runner.has_text:
            screen.conversation.wait(prefill_text(facts))

    def look_at_the_store(self) -> None:
        """What is not saved is said for as long as it is so."""
        store = self._screen.store
        if store.notice and store.notice != self._told:
            self._told = store.notice
            self._screen.notify(sanitize_line(store.notice), severity="warning", timeout=NOTICE_SECONDS)
        if store.problem:
            self._screen.notices.put("store", "NOT SAVED", sanitize_line(store.problem))
        else:
            self._screen.notices.clear("store")

    def _show_queue(self) -> None:
        waiting = self._screen.turns.queue.waiting
        queue = self._screen.queue_line
        queue.set_class(bool(waiting), "-some")
        if waiting:
            more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            until = "" if self._screen.turns.queue.ready else " until the model is ready"
            state = "is being saved" if self._screen.turns.queue.is_saving else f"waits{until}"
            written = any(request.typed for request in waiting)
            escape = "gives it back" if written else "forgets it"
            _put(queue, f"{state}: {sanitize_line(waiting[0].shown)[:200]}{more} (Esc {escape})")


def _put(widget: Static, text: str) -> None:
    if str(widget.content) != text:
        widget.update(Content(text))
