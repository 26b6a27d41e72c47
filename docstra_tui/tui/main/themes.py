"""Which theme the screen wears: the dialog, and what comes of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App

from docstra_tui.themes import ThemeSpec
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.screens.choice import Choice, ChoiceScreen
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.jobs import JobQueue


class Themes:
    """Runs on the screen's thread."""

    def __init__(
        self, app: App[Any], specs: Mapping[str, ThemeSpec], root: Path, dialogs: Dialogs, jobs: JobQueue
    ) -> None:
        self._app = app
        self._specs = specs
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
        app = self._app
        before = app.theme
        choices = [Choice(name, name, theme_choice.lightness(spec)) for name, spec in self._specs.items()]

        def moved(name: str | None) -> None:
            app.theme = name or before

        def taken(name: str | None) -> None:
            if name:
                self.take(name)
            else:
                app.theme = before

        self._dialogs.ask(ChoiceScreen("Switch theme", choices, at=before, moved=moved), taken)

    def take(self, name: str) -> None:
        """Wear this theme, here and in the folders where none was chosen. Raises `UsageError`."""
        self._app.theme = theme_choice.named(name, self._specs).name
        self._jobs.do(
            lambda: theme_choice.keep(self._root, name), lambda _: None, lambda error: None, key="theme"
        )
