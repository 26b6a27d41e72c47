"""Asking whether what may be secret leaves this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import Mention
from docstra_tui.repl.printer import Printer
from docstra_tui.workspace.models import consent
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.permission import can_be_left_out, carry_out

if TYPE_CHECKING:
    from docstra_tui.repl.files import ChatFiles
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.outgoing import SecretsFound
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.workspace.dialogs import Leaving


class Permission:
    """Main thread."""

    def __init__(
        self, model: AnsweringModel, files: ChatFiles, printer: Printer, confirm: Callable[[str], bool]
    ) -> None:
        self._model = model
        self._files = files
        self._printer = printer
        self._confirm = confirm

    def for_secrets(self, session: ChatSession, found: SecretsFound, request: TurnRequest) -> bool:
        """Ask about what was found; False when nothing is to be sent."""
        for line in consent.secrets(found, self._model.host):
            self._printer.line(line, "hint")
        return carry_out(self._decide(found, request), session, found)

    def _decide(self, found: SecretsFound, request: TurnRequest) -> Leaving | None:
        if self._confirm("Send it as it is? [y/N] "):
            return "send"
        without = "Leave these files out and send the rest? [y/N] "
        if not can_be_left_out(found, request) or not self._confirm(without):
            return None
        self._files.leave_out([Mention(path) for path in found.paths])
        return "leave out"
