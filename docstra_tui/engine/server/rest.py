"""The model makes room for others while nobody asks, and is back when somebody is about to."""

from __future__ import annotations

from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.engine.server.host import Host
from docstra_tui.engine.server.presence import Presence


class Rest:
    """Belongs to the event loop."""

    def __init__(self, options: EngineOptions, host: Host, presence: Presence) -> None:
        self._seconds = options.park_minutes * 60
        self._host = host
        self._presence = presence
        self._is_resting = False
        """True since it was sent away; once is enough until somebody comes."""

    def look(self) -> None:
        """Send the model away where nobody has asked for long."""
        model = self._host.model
        if model is None or self._host.error is not None or not self._seconds:
            return
        is_idle = self._presence.idle_seconds > self._seconds
        if is_idle and not self._is_resting:
            model.park()
        self._is_resting = is_idle

    def end(self) -> None:
        """Somebody is about to ask: it comes back meanwhile."""
        self._presence.used()
        model = self._host.model
        if model is not None and model.is_parked:
            model.wake()
