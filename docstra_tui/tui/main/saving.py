"""The commands of the screen that write files: an answer, code of it, the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.tui.main.command_runner import Handlers
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.program import Program
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.wording import NOT_BEGUN

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.workspace.models.answering import AnsweringModel


class SavingCommands:
    """Names are below the folder `root`."""

    def __init__(
        self,
        root: Path,
        opened: OpenSessions,
        conversation: TranscriptView,
        model: AnsweringModel,
        program: Program,
        dialogs: Dialogs,
    ) -> None:
        self._root = root
        self._opened = opened
        self._conversation = conversation
        self._model = model
        self._program = program
        self._dialogs = dialogs
        self.handlers: Handlers = {"save": self._save, "export": self._export}

    def _save(self, line: CommandLine) -> None:
        """The answer in sight, or code of it. Raises `UsageError`."""
        from docstra_tui.workspace.taken_text import NO_ANSWER, Taken, from_answer

        answer = self._conversation.answer_in_sight
        if line.text:
            self._program.saving.save(*from_answer(line.text, answer))
        elif answer.strip():
            self._program.saving.ask(Taken(answer))
        else:
            self._dialogs.say(NO_ANSWER)

    def _export(self, line: CommandLine) -> None:
        """The session into a file. Raises `UsageError` for a name that none can have."""
        from docstra_tui.workspace.saving import named
        from docstra_tui.workspace.sessions.exchange import export

        session = self._opened.current
        if session is None or session.id is None or not session.turns:
            self._dialogs.say(NOT_BEGUN)
            return
        store, number, settings = self._opened.store, session.id, self._model.settings
        place = named(line.text, self._root) if line.text else None
        self._program.saving.do(lambda replace: export(store, number, place, settings, replace=replace))
