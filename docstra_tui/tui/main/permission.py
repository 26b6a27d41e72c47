"""TurnRequest whether something may leave this machine, for the main screen.

Only after something the user did: a dialog that came by itself would take a key that was meant for the
composer as a yes.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.models import consent

if TYPE_CHECKING:
    from docstra_tui.session.outgoing import SecretsFound
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.tui.main.screen import MainScreen
    from docstra_tui.tui.screens.leaving import Decision

TITLE = "This leaves the machine"


class Permission:
    """Runs on the screen's thread."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._is_asking = False
        self.is_choosing = False
        """True while a turn waits for somebody to decide about what may be secret."""

    def for_host(
        self, then: Callable[[], object] = lambda: None, refused: Callable[[], object] = lambda: None
    ) -> None:
        """Do `then`, after a yes to the host where it needs one; after a no, `refused`: everything stays as
        it was."""
        model = self._screen.model
        there = model.address
        if there is None or model.may_send:
            then()
            return
        if self._is_asking:
            refused()
            return
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            self._is_asking = False
            if yes:
                model.admit(there)
                then()
            else:
                refused()

        self._is_asking = True
        text = sanitize_line(consent.question(there))
        self._screen.app.push_screen(ConfirmScreen(TITLE, text, by_enter=False), answered)

    def for_secrets(self, found: SecretsFound, asking: TurnRequest) -> bool:
        """Ask about what may be secret; False when nothing is to be sent. Blocks: for the turn's thread."""
        answer: queue.SimpleQueue[Decision | None] = queue.SimpleQueue()
        screen = self._screen
        about = {item.path for item in asking.focus}
        paths = set(found.paths)

        def decided(decision: Decision | None) -> None:
            self.is_choosing = False
            screen.turns.queue.started = time.monotonic()  # so far nobody waited for the model
            if decision == "leave out":
                tree = screen.tree_view
                tree.set_ticked([pick for pick in tree.picks if pick.path not in paths])
                names = ", ".join(shown_name(path) for path in found.paths[: consent.SHOWN])
                screen.warn(f"Left out and no longer ticked: {names}.")
            answer.put(decision)

        def ask() -> None:
            from docstra_tui.tui.screens.leaving import LeavingScreen

            self.is_choosing = True
            screen.board.refresh()
            lines = consent.secrets(found, screen.model.host)
            can_leave_out = bool(paths) and about.isdisjoint(paths)
            screen.app.push_screen(LeavingScreen(lines, can_leave_out=can_leave_out), decided)

        screen.call_later(ask)
        decision = answer.get()
        if decision == "send":
            found.agree()
        elif decision == "leave out" and screen.session is not None:
            screen.session.leave_out(paths)
        return decision is not None
