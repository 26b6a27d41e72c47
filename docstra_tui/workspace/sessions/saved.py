"""What one does with the saved sessions, whoever looks at them: list them, look for words, name and delete
them, give one away, take one in. None of it needs a model.

All but `delete` and `take_back` block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.sessions import listing
from docstra_tui.workspace.sessions.listing import Row

if TYPE_CHECKING:
    from docstra_tui.session.turns import SessionSummary
    from docstra_tui.settings import Settings
    from docstra_tui.workspace.sessions.opened import OpenSessions

INDEX_SECONDS = 0.3
"""So long a search waits for what the index lacks; the rest of it comes in the background."""


@dataclass(frozen=True)
class Shown:
    """What there is to show."""

    rows: tuple[Row, ...]
    note: str = ""
    """What is to be known of it; not yet safe to show."""


class SavedSessions:
    """Those of one store, as seen from the folder `root`."""

    def __init__(self, opened: OpenSessions, root: Path, settings: Callable[[], Settings]) -> None:
        """`settings` are those in force: what is given away says how its answers came to be."""
        self._opened = opened
        self._root = root
        self._settings = settings
        self._deleted: list[Row] = []
        """What can be taken back, the last one last."""

    def summaries(self) -> list[SessionSummary]:
        """All of them, the newest first; not the one that was just begun. Raises `StoreError`."""
        here = self._current
        return [one for one in self._opened.store.sessions() if one.turns or one.id != here]

    def rows(self, words: str = "") -> Shown:
        """By project; with words, those in which all of them stand. Raises `StoreError`."""
        sessions = self.summaries()
        if not words.strip():
            rows = listing.by_project(sessions, str(self._root), self._current)
            return Shown(tuple(rows), "" if rows else "Nothing is saved yet.")
        found = self._opened.indexing.finder.find(words, seconds=INDEX_SECONDS)
        rows = listing.with_hits(found, sessions, words, self._current)
        note = found.note
        if found.left:
            self._opened.indexing.wake()
        if found.has_more:
            note = f"{note} These are the best {len(found.hits)} turns; more words find fewer.".strip()
        return Shown(tuple(rows), note or ("" if rows else "Nothing was found."))

    def rename(self, session: str, title: str) -> None:
        """Raises `UsageError`, `StoreError`."""
        from docstra_tui.session.turns import title_of

        title = title_of(title)
        if not title:
            raise UsageError("A title has at least one letter.")
        self._opened.store.rename(session, title)
        current = self._opened.current
        if current is not None and current.id == session:
            current.title = title

    def delete(self, row: Row) -> str:
        """Until the program ends that can be taken back; what to say about it. Raises `UsageError`."""
        if row.session == self._current:
            raise UsageError("This is the session that goes on.", "/new begins another one first.")
        self._opened.store.mark_deleted(row.session)
        self._deleted.append(row)
        return f"Deleted “{row.title}”. When you leave it is gone."

    def take_back(self) -> str:
        """The session that was deleted last is there again; what to say about it. Raises `UsageError`."""
        if not self._deleted:
            raise UsageError("Nothing was deleted since the start.")
        row = self._deleted.pop()
        self._opened.store.mark_deleted(row.session, is_deleted=False)
        return f"“{row.title}” is there again."

    def export(self, row: Row, name: str, *, replace: bool = False) -> str:
        """Write it into the file of that name, as Markdown, or as JSON where it ends in `.json`; what to say
        about it. Raises `UsageError`, `NotSaved`, `StoreError`."""
        from docstra_tui.workspace.saving import named
        from docstra_tui.workspace.sessions.exchange import export

        place = named(name, self._root)
        return export(self._opened.store, row.session, place, self._settings(), replace=replace)

    def take_in(self, name: str) -> tuple[str, str]:
        """Add the session of a file, about this folder; its id, and what to say about it. Raises
        `UsageError`, `NotImported`, `StoreError`."""
        from docstra_tui.workspace.saving import named
        from docstra_tui.workspace.sessions.exchange import bytes_of, take_in

        session = take_in(self._opened.store, bytes_of(named(name, self._root)), self._root)
        return session.id, f"Imported “{sanitize_line(session.title)}”. Its files are names: none was opened."

    @property
    def _current(self) -> str | None:
        return self._opened.current.id if self._opened.current is not None else None
