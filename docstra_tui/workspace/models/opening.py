"""Opening what answers: our own engine or another server, as the settings say."""

from __future__ import annotations

from collections.abc import Callable

from docstra_tui.settings import Settings
from docstra_tui.workspace.models.backend import Backend
from docstra_tui.workspace.models.other_server import ServerBackend
from docstra_tui.workspace.models.own_engine import EngineBackend

OpenBackend = Callable[[Settings], Backend]
"""Opens what some settings ask for; a test has its own."""


def open_backend(settings: Settings, *, oneshot: bool = False) -> Backend:
    """The backend these settings ask for; our engine is found or started, and may still be loading.

    Raises `EngineError`, `SettingsError`, `UnsafePath`.
    """
    if settings.server is not None:
        return ServerBackend(settings)
    return EngineBackend(settings, oneshot=oneshot)
