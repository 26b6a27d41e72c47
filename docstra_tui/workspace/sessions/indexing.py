"""The index of the saved sessions follows what is said, in a thread of its own that nobody waits for.

Nothing of it is there before a turn has ended or somebody looks for words: no start takes longer for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError

if TYPE_CHECKING:
    from docstra_tui.session.search.finder import Finder
    from docstra_tui.session.store.sessions import SessionStore

LEAVING_SECONDS = 0.4
"""How long a program that ends waits for the index: what it lacks is put in by whoever looks next."""


class Indexing:
    """Of one store. Any thread."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._finder: Finder | None = None
        self._is_wanted = self._is_closed = False
        self._thread: threading.Thread | None = None
        store.changed = self.wake

    @property
    def finder(self) -> Finder:
        """Who looks for words."""
        with self._changed:
            if self._finder is None:
                from docstra_tui.session.search.finder import Finder

                self._finder = Finder(self._store)
            return self._finder

    def begin(self) -> None:
        """What a program that was killed had deleted is forgotten; where there is no index it is."""
        if self._store.index.exists():
            self.wake()

    def wake(self) -> None:
        """Something was said or deleted. Never waits."""
        with self._changed:
            if not self._is_closed:
                self._is_wanted = True
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="session index", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Let what is being done end, with a bound; before the store is closed."""
        with self._changed:
            self._is_closed = True
            thread = self._thread
        if thread is not None:
            thread.join(LEAVING_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._is_wanted:
                    self._thread = None
                    return
                self._is_wanted = False
            try:
                self.finder.follow(is_gentle=True)
            except DocstraError:  # the sessions cannot be read: whoever looks for words hears why
                pass
