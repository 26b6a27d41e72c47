"""What the main screen uses of the program that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from docstra_tui.themes import ThemeSpec
from docstra_tui.tui.driver.keyboard import Keyboard
from docstra_tui.tui.driver.link import Link
from docstra_tui.workspace.copying import Copying


class Program(Protocol):
    """The app, as far as its first screen knows it."""

    keyboard: Keyboard
    copying: Copying
    link: Link
    theme: str
    """The name of the one that is worn."""

    @property
    def theme_specs(self) -> Mapping[str, ThemeSpec]:
        """All there are, by their names."""

    def leave(self, code: int = 0) -> None:
        """Everything is saved first."""

    def action_suspend_process(self) -> None:
        """Into the background."""
