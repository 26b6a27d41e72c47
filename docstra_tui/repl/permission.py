"""Asking whether what may be secret leaves this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import Mention
from docstra_tui.repl.printer import Printer
from docstra_tui.workspace.models import consent
from docstra_tui.workspace.models.answering import AnsweringModel

if TYPE_CHECKING:
    from docstra_tui.repl.files import ChatFiles
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.outgoing import SecretsFound
    from docstra_tui.session.turn_request import TurnRequest


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
        if self._confirm("Send it as it is? [y/N] "):
            found.agree()
            return True
        paths = set(found.paths)
        is_about = any(item.path in paths for item in request.focus)
        if paths and not is_about and self._confirm("Leave these files out and send the rest? [y/N] "):
            self._files.leave_out([Mention(path) for path in paths])
            session.leave_out(paths)
            return True
        return False
