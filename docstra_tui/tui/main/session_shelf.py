"""The list of saved sessions on the screen, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.workspace.sessions.switch import Sessions

if TYPE_CHECKING:
    from docstra_tui.workspace.sessions.listing import Row
    from docstra_tui.workspace.sessions.saved import SavedSessions


class SessionShelf:
    """Shows it, and has what is chosen opened."""

    def __init__(self, saved: SavedSessions, sessions: Sessions, dialogs: Dialogs) -> None:
        self._saved = saved
        self._sessions = sessions
        self._dialogs = dialogs

    def show(self, words: str = "") -> None:
        """All of them, or those with these words; also where none can be opened now, which is said."""
        from docstra_tui.tui.screens.sessions import SessionsScreen

        def taken(row: Row | None) -> None:
            if row is not None:
                self._sessions.resume(row.session, row.place)

        self._dialogs.ask(SessionsScreen(self._saved, words), taken)
        self._sessions.is_needed()
