"""What the main screen uses of the program that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from docstra_tui.tui.driver.keyboard import Keyboard
from docstra_tui.tui.driver.link import Link
from docstra_tui.workspace.copying import Copying
from docstra_tui.workspace.saving_dialogs import SavingDialogs
from docstra_tui.workspace.terminal.attention import Attention
from docstra_tui.workspace.theme_switch import Wearer


class Program(Wearer, Protocol):
    """The app, as far as its first screen knows it."""

    keyboard: Keyboard
    copying: Copying
    saving: SavingDialogs
    attention: Attention
    app_focus: bool
    """False when the terminal said that it lost the focus."""
    link: Link

    @property
    def changed_keys(self) -> Mapping[str, str]:
        """The user's own keys, by the ids of what they do."""

    def use_keys(self, own: Mapping[str, str]) -> None:
        """Other ones from now on, as the settings have them."""

    def begun(self) -> None:
        """There is a screen, and all that it does by itself has begun: keys may come."""

    def leave(self, code: int = 0) -> None:
        """Everything is saved first."""

    def lend_terminal(self) -> AbstractContextManager[int]:
        """The screen is away, and all is saved; gives the descriptor of the terminal. Raises `DocstraError`
        where there is none."""

    def redraw(self) -> None:
        """Every cell again, whatever the terminal shows by now."""

    def action_suspend_process(self) -> None:
        """Into the background."""
