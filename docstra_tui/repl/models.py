"""Which model answers, in the inline chat: named, opened, waited for, started again, and what went wrong."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.background import begin
from docstra_tui.errors import DocstraError, EngineDied, EngineError
from docstra_tui.llm.base import BaseLLM
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.prompt import answer_to
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.dialogs import marked
from docstra_tui.workspace.models import consent
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.models.choice import placed, remoted, server_words, switched, with_new
from docstra_tui.workspace.models.no_model import NoModel
from docstra_tui.workspace.status import loading_line

if TYPE_CHECKING:
    from docstra_tui.workspace.sessions.resuming import Opening

LOOK_SECONDS = 3.0
"""How long a look at the backend is waited for before the last one must do."""

LIST_SECONDS = 15.0
"""How long a disk may take to tell which models there are."""

AWAITED = Status("loading", phase="start")
"""What is known of a model that nobody has looked at yet."""


class Models:
    """Main thread, but for what the model tells: that comes from whoever watches it."""

    def __init__(
        self,
        model: AnsweringModel,
        printer: Printer,
        confirm: Callable[[str], bool],
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called when what it tells matters to the next question."""
        self._model = model
        self._printer = printer
        self._confirm = confirm
        self._changed = changed
        self._news: queue.SimpleQueue[DocstraError] = queue.SimpleQueue()
        self._told: set[str] = set()
        """Notes on it that were shown."""
        self._said: DocstraError | None = None
        """What a question was told: no news any more."""
        self.on_news: Callable[[], None] = lambda: None
        """Called in a thread when there is something for `tell_news` to say."""
        model.listener = self

    @property
    def llm(self) -> BaseLLM:
        """As it is asked."""
        return self._model.llm or NoModel()

    @property
    def host(self) -> str:
        """Where questions go when they leave this machine."""
        return self._model.host

    @property
    def status(self) -> Status:
        """As far as it is known."""
        return self._model.status or AWAITED

    def look_now(self) -> None:
        """It has something new to tell."""
        self._model.look_now()
        self._changed()

    def tell_news(self) -> None:
        """Say what went wrong while nobody asked anything."""
        with contextlib.suppress(queue.Empty):
            while True:
                error = self._news.get_nowait()
                if error is not self._said:
                    self._printer.error(error)

    # Another one, or the same again

    def command(self, line: CommandLine) -> None:
        """Say which one answers, or let another one."""
        if line.text:
            settings = switched(self._model.settings, line.text)
            is_other = settings.remote.name not in ("", self._model.settings.remote.name)
            self._model.open_now(settings)
            if is_other:
                self._say_opened()
            else:
                self._printer.line(f"Loading {line.text}…", "note")
            return
        status = self.status
        facts = [self._model.told_name, status.device, status.dtype, status.reason]
        self._printer.line(" · ".join(fact for fact in facts if fact))
        for note in status.notes:
            self._printer.line(note, "note")
        self._list()

    def _list(self) -> None:
        """The models of this machine, for whoever wants another one."""
        from docstra_tui.workspace.models import installed

        settings = self._model.settings
        try:
            rows = begin(lambda: installed.rows(settings), "models").result(LIST_SECONDS)
        except TimeoutError:
            self._printer.line("The models of this machine are not listed in time.", "note")
            return
        for line in installed.lines(rows, self._printer.columns):
            self._printer.line(line)
        self._printer.line("/model NAME takes another one: of these, a hub id, a folder or a file.", "hint")

    def remote(self, line: CommandLine) -> None:
        """Say which servers have a name, or have one answer. Raises `DocstraError`."""
        if line.text:
            self._model.open_now(remoted(with_new(self._model.settings), line.text))
            self._say_opened()
            return
        known = with_new(self._model.settings).remotes
        for name, remote in known.items():
            label = marked(name, name == self._model.settings.remote.name)
            self._printer.line(f"{label}  {server_words(remote)}")
        if not known:
            self._printer.line("No server has a name: config.toml has them as [remote.NAME].", "note")
        elif self._model.settings.server is not None:
            self._printer.line("/remote local goes back to this machine.", "hint")

    def _say_opened(self) -> None:
        """Who answers from now on."""
        if self._model.settings.server is None:
            self._printer.line("The engine of this machine answers from now on.", "note")
            return
        where = " → ".join(filter(None, [self._model.remote, self._model.host]))
        asks = "" if self._model.may_send else " The next question asks whether it may be sent there."
        self._printer.line(f"{where or self._model.label} answers from now on.{asks}", "note")

    def device(self, line: CommandLine) -> None:
        """Have it on another device. Raises `UsageError`."""
        self._model.open_now(placed(self._model.settings, line.text))
        self._printer.line(f"Loading it on {line.text}…", "note")

    def go_on(self, opening: Opening) -> None:
        """Open the model that a session was with: at once where nothing is to be loaded, else if that is
        wanted."""
        if opening.now is not self._model.settings:
            self._printer.line(opening.words, "note")
            self._model.open_now(opening.now)
        elif opening.offered is not None and self._is_wanted(opening.words):
            self._model.open_now(opening.offered)

    def _is_wanted(self, words: str) -> bool:
        return self._confirm(f"{words} Open it? [y/N: {self._model.label} goes on] ")

    def restart(self, line: CommandLine) -> None:
        """Load the model again, or ask again for the yes that it waits for."""
        if not self._model.may_send:
            self.may_send()
            return
        self._model.restart_now()
        self._printer.line("The engine starts again; what was said is kept.", "note")

    # Before a question

    def may_send(self) -> bool:
        """Ask about another machine; False after a no."""
        there = self._model.address
        if there is None or self._model.may_send:
            return True
        yes = consent.yes_of(answer_to(f"{consent.question(there)} {consent.HOW} "))
        if yes == "no":
            self._printer.line("Nothing was sent. The next question asks again.", "note")
            return False
        self._model.admit(there, for_good=yes == "for good")
        return True

    def is_ready(self) -> bool:
        """Wait for a loading model, showing how far it is; False, and said why, where it will not be."""
        status = self.status
        if status.state != "ready":
            status = self._wait()
        if isinstance(status.error, EngineDied):  # stopped from elsewhere, or it died: once more
            self._printer.line(f"{status.error.message} It starts again.", "note")
            status = self._started_again()
        if status.state == "failed":
            self._said = status.error
            self._printer.error(status.error or EngineError("The model could not be loaded."))
            self._printer.line(
                f"/restart tries again, /model takes another one{_doctor(status.error)}.", "hint"
            )
            return False
        for note in status.notes:
            if note not in self._told:
                self._told.add(note)
                self._printer.line(note, "note")
        return True

    def _started_again(self) -> Status:
        try:
            self._model.restart_now()
        except DocstraError as error:
            return Status("failed", error=error)
        return self._wait()

    def _wait(self) -> Status:
        status = self._model.status_now(LOOK_SECONDS) or AWAITED
        while status.state in ("loading", "waiting"):  # a yes came, and nobody has looked since
            self._printer.progress(loading_line(status.phase, status.done, status.total))
            status = self._model.next_status(1.0) or AWAITED
        self._printer.end_progress()
        return status

    # What becomes of it

    def model_awaited(self) -> None:
        """The line below the prompt says so."""

    def model_offered(self, words: str) -> None:
        """It is asked about at once, in `go_on`."""

    def model_admitted(self) -> None:
        self._changed()

    def model_wished(self) -> None:
        self._changed()

    def model_opened(self) -> None:
        if self._model.template_error is not None:
            self.model_lost(self._model.template_error)
        self._changed()

    def model_looked_at(self, before: Status | None) -> None:
        status = self.status
        was_loading = before is None or before.state == "loading"
        if was_loading and status.state == "failed" and status.error is not None:
            self.model_lost(status.error)
        elif status.state == "ready" or was_loading:
            self._changed()

    def model_lost(self, error: DocstraError) -> None:
        self._news.put(error)
        self.on_news()


def _doctor(error: DocstraError | None) -> str:
    """Who looks for the cause, where that may be the machine."""
    return ", /doctor looks for the cause" if error is None or error.is_of_machine else ""
