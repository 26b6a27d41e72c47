"""Who answers on this machine already, for what is only counted: nobody is started, and nothing leaves."""

from __future__ import annotations

from docstra_tui.engine.client import lifecycle
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.settings import Settings
from docstra_tui.workspace.models.other_server import ServerBackend


def running(settings: Settings) -> RemoteLLM | None:
    """The model that these settings ask for, to be closed; None where it is not there, or not here."""
    if settings.server is not None:
        server = ServerBackend(settings)
        if server.gate.address.is_this_machine:
            return server.llm
        server.close()
        return None
    engine = lifecycle.find(settings)
    return RemoteLLM(socket=engine.socket) if engine is not None else None
