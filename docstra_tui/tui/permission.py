"""Asking whether something may leave this machine, for the main screen.

Only after something the user did: a dialog that came by itself would take a key that was meant for the
composer as a yes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line
from docstra_tui.workspace import consent

if TYPE_CHECKING:
    from docstra_tui.tui.screens.main import MainScreen

TITLE = "This leaves the machine"


class Permission:
    """Runs on the screen's thread."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._is_asking = False

    def for_host(self, then: Callable[[], object] = lambda: None) -> None:
        """Do `then`, after a yes to the host where it needs one; after a no everything stays as it was."""
        model = self._screen.model
        there = model.address
        if there is None or model.may_send:
            then()
            return
        if self._is_asking:
            return
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            self._is_asking = False
            if yes:
                model.admit(there)
                then()

        self._is_asking = True
        self._screen.app.push_screen(ConfirmScreen(TITLE, sanitize_line(consent.question(there))), answered)
