"""The doctor on the screen: what does not work here is looked for in the background, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.error_forms import first_line
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.program import Program
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.workspace.doctor.check import Check
    from docstra_tui.workspace.models.answering import AnsweringModel


class Doctor:
    """Runs on the screen's thread."""

    def __init__(
        self, program: Program, root: Path, model: AnsweringModel, dialogs: Dialogs, deliver: Deliver
    ) -> None:
        self._program = program
        self._root = root
        self._model = model
        self._dialogs = dialogs
        self._jobs = JobQueue("doctor", deliver)

    def take(self, line: CommandLine) -> None:
        """Look, and show what was found as soon as it is."""
        from docstra_tui.tui.screens.doctor import DoctorScreen

        screen, settings, seconds = DoctorScreen(), self._model.settings, self._program.link.seconds
        self._dialogs.ask(screen)

        def look() -> Sequence[Check]:
            from docstra_tui.workspace.doctor.examination import examine_within

            return examine_within(self._root, settings, seconds)

        def failed(error: Exception) -> None:
            screen.fail(sanitize_line(f"Nothing could be looked at: {first_line(error)}"))

        self._jobs.do(look, screen.show, failed, key="doctor")
