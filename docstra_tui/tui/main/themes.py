"""Which theme the screen wears: the dialog, and what comes of its answer."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.program import Program
from docstra_tui.tui.screens.choice import Choice, ChoiceScreen
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.jobs import JobQueue


class Themes:
    """Runs on the screen's thread."""

    def __init__(self, program: Program, root: Path, dialogs: Dialogs, jobs: JobQueue) -> None:
        self._program = program
        self._root = root
        self._dialogs = dialogs
        self._jobs = jobs

    def theme(self, name: str) -> None:
        """The theme of that name, else a list. Raises `UsageError`."""
        if name:
            self.take(name)
        else:
            self.choose()

    def choose(self) -> None:
        """Offer the themes; the screen wears each one that the cursor is on."""
        program = self._program
        before = program.theme
        specs = program.theme_specs
        choices = [Choice(name, name, theme_choice.lightness(spec)) for name, spec in specs.items()]

        def moved(name: str | None) -> None:
            program.theme = name or before

        def taken(name: str | None) -> None:
            if name:
                self.take(name)
            else:
                program.theme = before

        self._dialogs.ask(ChoiceScreen("Switch theme", choices, at=before, moved=moved), taken)

    def take(self, name: str) -> None:
        """Wear this theme, here and in the folders where none was chosen. Raises `UsageError`."""
        self._program.theme = theme_choice.named(name, self._program.theme_specs).name
        self._jobs.do(
            lambda: theme_choice.keep(self._root, name), lambda _: None, lambda error: None, key="theme"
        )
