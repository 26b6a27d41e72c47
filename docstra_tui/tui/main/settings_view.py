"""The settings on the screen: opened, changed in the background, and what holds at once is done at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.program import Program
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.tui.screens.settings import SettingsScreen
    from docstra_tui.workspace.setting_changes import Changed, SettingChanges, SettingRow


class SettingsView:
    """Runs on the screen's thread."""

    def __init__(self, program: Program, root: Path, dialogs: Dialogs, jobs: JobQueue) -> None:
        self._program = program
        self._root = root
        self._dialogs = dialogs
        self._jobs = jobs
        self._screen: SettingsScreen | None = None

    @property
    def _changes(self) -> SettingChanges:
        from docstra_tui.workspace.setting_changes import SettingChanges

        return SettingChanges(self._root)

    def take(self, line: CommandLine) -> None:
        """`/settings` shows them, `/settings KEY` those of that name, `/settings KEY VALUE` changes one."""
        key, *value = line.text.split(maxsplit=1)[:2] or [""]
        if value:
            self._change(key, value[0])
        else:
            self.show(key)

    def show(self, at: str = "") -> None:
        """The list of them, narrowed to what is called so."""
        from docstra_tui.tui.screens.settings import SettingsScreen

        screen = self._screen = SettingsScreen(self._change, at)

        def left(answer: None) -> None:
            self._screen = None

        self._dialogs.ask(screen, left)
        self._look()

    def _look(self) -> None:
        self._jobs.do(self._changes.rows, self._shown, self._dialogs.fail_with, key="settings")

    def _shown(self, rows: list[SettingRow]) -> None:
        if self._screen is not None:
            self._screen.show(rows)

    def _change(self, key: str, text: str | None) -> None:
        self._jobs.do(lambda: self._changes.change(key, text), self._changed, self._dialogs.fail_with)

    def _changed(self, changed: Changed) -> None:
        found = changed.settings
        if changed.is_of_keys:
            self._program.use_keys(found.keys)
        elif changed.key == "theme" and found.theme in self._program.theme_specs:
            self._program.theme = found.theme
        self._dialogs.say(sanitize_line(changed.said))
        if self._screen is not None:
            self._look()
