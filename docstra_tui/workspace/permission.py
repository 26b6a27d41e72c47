"""Asking whether something may leave this machine.

Only after something the user did: a dialog that came by itself would take a key that was meant for the
composer as a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from docstra_tui.text import sanitize_line, shown_name
from docstra_tui.workspace.dialogs import Dialogs, Leaving, Yes
from docstra_tui.workspace.files.questions import TickedFiles
from docstra_tui.workspace.jobs import Deliver
from docstra_tui.workspace.models import consent
from docstra_tui.workspace.turns.decision import Decision
from docstra_tui.workspace.turns.queue import TurnQueue

if TYPE_CHECKING:
    from docstra_tui.address import Address
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.outgoing import SecretsFound
    from docstra_tui.session.turn_request import TurnRequest


class Host(Protocol):
    """Where questions go."""

    @property
    def address(self) -> Address | None:
        """Of another server; None for our engine."""

    @property
    def host(self) -> str:
        """Its name, where questions leave this machine."""

    @property
    def may_send(self) -> bool:
        """False while somebody has to say yes to it first."""

    def admit(self, there: Address, *, for_good: bool) -> None:
        """Somebody said yes to it."""


class Permission:
    """Runs on the screen's thread."""

    def __init__(
        self, host: Host, tree: TickedFiles, turns: TurnQueue, dialogs: Dialogs, deliver: Deliver
    ) -> None:
        self._host = host
        self._tree = tree
        self._dialogs = dialogs
        self._is_asking = False
        self._decision: Decision[Leaving | None] = Decision(turns, deliver)

    @property
    def is_choosing(self) -> bool:
        """True while a turn waits for somebody to decide about what may be secret."""
        return self._decision.is_open

    def for_host(
        self, then: Callable[[], object] = lambda: None, refused: Callable[[], object] = lambda: None
    ) -> None:
        """Do `then`, after a yes to the host where it needs one; after a no, `refused`: everything stays as
        it was."""
        there = self._host.address
        if there is None or self._host.may_send:
            then()
            return
        if self._is_asking:
            refused()
            return

        def answered(yes: Yes) -> None:
            self._is_asking = False
            if yes != "no":
                self._host.admit(there, for_good=yes == "for good")
                then()
            else:
                refused()

        self._is_asking = True
        text = sanitize_line(consent.question(there))
        self._dialogs.let_in(consent.TITLE, text, answered)

    def for_secrets(self, session: ChatSession, found: SecretsFound, request: TurnRequest) -> bool:
        """Ask about what may be secret; False when nothing is to be sent. Blocks: for the turn's thread."""

        def ask(decided: Callable[[Leaving | None], None]) -> None:
            def chosen(decision: Leaving | None) -> None:
                if decision == "leave out":
                    self._untick(found.paths)
                decided(decision)

            lines = consent.secrets(found, self._host.host)
            self._dialogs.let_leave(lines, chosen, can_leave_out=can_be_left_out(found, request))

        return carry_out(self._decision.wait_for(ask), session, found)

    def _untick(self, paths: Sequence[str]) -> None:
        tree = self._tree
        tree.set_ticked([pick for pick in tree.picks if pick.path not in paths])
        names = ", ".join(shown_name(path) for path in paths[: consent.SHOWN])
        self._dialogs.warn(f"Left out and no longer ticked: {names}.")


def can_be_left_out(found: SecretsFound, request: TurnRequest) -> bool:
    """Whether there is something to ask without what was found: not where that is what it is about."""
    about = {item.path for item in request.focus}
    return bool(found.paths) and about.isdisjoint(found.paths)


def carry_out(decision: Leaving | None, session: ChatSession, found: SecretsFound) -> bool:
    """Do what was decided about what was found; False when nothing is to be sent."""
    if decision == "send":
        found.agree()
    elif decision == "leave out":
        session.leave_out(set(found.paths))
    return decision is not None
