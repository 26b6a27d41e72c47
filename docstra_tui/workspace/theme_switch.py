"""Which theme the screen wears: the dialog, and what comes of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from docstra_tui.themes import ThemeSpec
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.dialogs import Choice, Dialogs, Offer
from docstra_tui.workspace.jobs import JobQueue


class Wearer(Protocol):
    """What has a theme."""

    theme: str
    """The name of the one that is worn."""

    @property
    def theme_specs(self) -> Mapping[str, ThemeSpec]:
        """All there are, by their names."""


class Themes:
    """Runs on the screen's thread."""

    def __init__(self, program: Wearer, root: Path, dialogs: Dialogs, jobs: JobQueue) -> None:
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
        choices = [Choice(name, name, theme_choice.described(spec)) for name, spec in specs.items()]

        def moved(name: str | None) -> None:
            program.theme = name or before

        def taken(name: str | None) -> None:
            if name:
                self.take(name)
            else:
                program.theme = before

        self._dialogs.choose(Offer("Switch theme", choices, at=before, moved=moved, see_through=True), taken)

    def take(self, name: str) -> None:
        """Wear this theme, here and in the folders where none was chosen. Raises `UsageError`."""
        self._program.theme = theme_choice.named(name, self._program.theme_specs).name
        self._jobs.do(
            lambda: theme_choice.keep(self._root, name), lambda _: None, lambda error: None, key="theme"
        )
