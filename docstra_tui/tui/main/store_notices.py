"""What is not saved is said for as long as it is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.tui.widgets.notice import Notices

LOOK_SECONDS = 1.0
"""Between two looks at the store."""
NOTICE_SECONDS = 30.0
"""What happened to the saved sessions has a path in it; it is said again when the program ends."""


class StoreNotices:
    """Looks, and tells what is new."""

    def __init__(self, store: SessionStore, notices: Notices, dialogs: Dialogs) -> None:
        self._store = store
        self._notices = notices
        self._dialogs = dialogs
        self._told = ""

    def look(self) -> None:
        """Runs on the screen's thread; reads nothing."""
        store = self._store
        if store.notice and store.notice != self._told:
            self._told = store.notice
            self._dialogs.warn(sanitize_line(store.notice), NOTICE_SECONDS)
        if store.problem:
            self._notices.put("store", "NOT SAVED", sanitize_line(store.problem))
        else:
            self._notices.clear("store")
