"""From ticked files to context items: read in the background, given to the chat, counted.

Knows the chat and the file system through the lane, and the screen through one callback.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError
from docstra_tui.tui.lane import Lane

if TYPE_CHECKING:
    from docstra_tui.context.budget import Budget
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession


@dataclass(frozen=True)
class Picked:
    """What became of the ticked files."""

    items: tuple[ContextItem, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)
    """Why a file could not be read, by path."""
    budget: Budget | None = None
    """Tokens of the prompt so far; None when nobody could count."""


class FilePicks:
    """The files ticked now."""

    def __init__(self, root: Path, max_bytes: int, lane: Lane, changed: Callable[[Picked], None]) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._lane = lane
        self._changed = changed
        self._session: ChatSession | None = None
        self._guard = threading.Lock()
        """The chat is told of files by one thread at a time."""
        self.paths: tuple[str, ...] = ()
        self.now = Picked()

    def use(self, session: ChatSession) -> None:
        """Talk to this chat from now on."""
        self._session = session

    def choose(self, paths: Sequence[str]) -> None:
        """These files are ticked now."""
        self.paths = tuple(paths)
        self._lane.do(self._read_and_count, self._arrived, self._failed, key="picks")

    def recount(self) -> None:
        """The conversation grew, or another model counts."""
        self._lane.do(self._count, self._arrived, self._failed, key="count")

    def read(self, session: ChatSession) -> dict[str, str]:
        """Read the ticked files as they are now and give them to `session`; why some could not be.

        Blocks; called from the lane, and before each turn from the turn's own thread.
        """
        items: list[ContextItem] = []
        problems: dict[str, str] = {}
        paths = self.paths
        from docstra_tui.context.reader import read_item

        for path in paths:
            try:
                items.append(read_item(self._root, path, max_bytes=self._max_bytes))
            except DocstraError as error:
                problems[path] = error.message
            except OSError as error:
                problems[path] = error.strerror or type(error).__name__
        with self._guard:
            session.set_context(items)
        return problems

    def _read_and_count(self) -> Picked:
        session = self._session
        if session is None:
            return Picked()
        problems = self.read(session)
        return Picked(tuple(session.context), problems, self._budget(session))

    def _count(self) -> Picked:
        session = self._session
        if session is None:
            return Picked()
        return Picked(tuple(session.context), self.now.problems, self._budget(session))

    def _budget(self, session: ChatSession) -> Budget | None:
        try:
            return session.count()
        except DocstraError:
            return None  # the model is not there yet, or gone: the status says so

    def _arrived(self, picked: Picked) -> None:
        self.now = picked
        self._changed(picked)

    def _failed(self, error: Exception) -> None:
        self._arrived(Picked(self.now.items, {path: str(error)[:80] for path in self.paths}))
