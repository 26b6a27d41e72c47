"""Files that somebody has written in the inline chat: an answer, code of it, or the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from docstra_tui.errors import UsageError
from docstra_tui.repl.printer import Printer
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.title import shown_path
from docstra_tui.workspace.wording import NOT_BEGUN


class Open(Protocol):
    """What goes on."""

    @property
    def session(self) -> ChatSession:
        """The one that goes on."""

    @property
    def root(self) -> Path:
        """The folder that it is about."""


class Saving:
    """Main thread. What is there is asked about."""

    def __init__(
        self,
        now: Open,
        model: AnsweringModel,
        store: SessionStore,
        printer: Printer,
        confirm: Callable[[str], bool],
    ) -> None:
        self._now = now
        self._model = model
        self._store = store
        self._printer = printer
        self._confirm = confirm
        self.handlers: Mapping[str, Callable[[CommandLine], None]] = {
            "save": self.answer,
            "export": self.session,
        }

    def answer(self, line: CommandLine) -> None:
        """The last answer, or code of it. Raises `UsageError`, `NotSaved`."""
        from docstra_tui.workspace.saving import named, save
        from docstra_tui.workspace.taken_text import from_answer

        turns = self._now.session.turns
        taken, name = from_answer(line.text, turns[-1].answer if turns else "")
        place = named(name, self._now.root)

        def work(replace: bool) -> str:
            save(place, taken.safe, replace=replace)
            return f"The {taken.words} is in {shown_path(place)}."

        self._do(work)

    def session(self, line: CommandLine) -> None:
        """The session, to the file named or to one of ours. Raises `UsageError`, `NotSaved`, `StoreError`."""
        from docstra_tui.workspace.saving import named
        from docstra_tui.workspace.sessions.exchange import export

        session = self._now.session
        if session.id is None or not session.turns:
            raise UsageError(NOT_BEGUN)
        number = session.id
        place = named(line.text, self._now.root) if line.text else None
        settings = self._model.settings
        self._do(lambda replace: export(self._store, number, place, settings, replace=replace))

    def _do(self, work: Callable[[bool], str]) -> None:
        from docstra_tui.workspace.saving import IsThere

        try:
            said = work(False)
        except IsThere as error:
            if error.is_link:
                raise
            if not self._confirm(f"{error.message} Replace it? [y/N] "):
                self._printer.line("Nothing was written.", "note")
                return
            said = work(True)
        self._printer.line(said, "note")
