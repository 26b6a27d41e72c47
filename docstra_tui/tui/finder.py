"""The tree's filter: every file of the project by a few of its letters, searched in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.tui.lane import Lane

if TYPE_CHECKING:
    from docstra_tui.context.ignore import IgnoreRules
    from docstra_tui.context.index import FileIndex

SHOWN = 500
"""Paths of one search that are drawn."""

STALE_SECONDS = 10.0
"""An index older than this is made again when somebody looks for something."""

PROGRESS_SECONDS = 0.2
"""While the index grows, what is looked for is searched again this often."""


@dataclass(frozen=True)
class Found:
    """What matches."""

    query: str
    paths: tuple[str, ...]
    """The likeliest first."""
    has_more: bool
    files: int
    """That are known."""
    is_complete: bool
    """False while the project is still being listed."""


class Finder:
    """One project's files by name."""

    def __init__(
        self,
        root: Path,
        tell: Callable[[Found], None],
        deliver: Callable[..., object],
        *,
        with_folders: bool = False,
    ) -> None:
        self._root = root
        self._with_folders = with_folders
        self._tell = tell
        self._listing = Lane("index", deliver)
        self._searching = Lane("find", deliver)
        self._index: FileIndex | None = None
        self._next: FileIndex | None = None
        self._filled = 0.0
        self._told = 0.0
        self._query = ""

    @property
    def is_complete(self) -> bool:
        """True when every file of the project is known."""
        return self._index is not None and self._index.is_complete and self._next is None

    def begin(self, rules: Callable[[], IgnoreRules], *, show_hidden: bool, fresh: bool = False) -> None:
        """Somebody is about to look for something; `fresh`: other files are to be found than before."""
        if fresh:
            self._forget()
        is_fresh = self._filled and time.monotonic() - self._filled < STALE_SECONDS
        if self._next is not None or (self._index is not None and is_fresh):
            return
        self._listing.do(lambda: self._fill(rules(), show_hidden), self._filled_it, lambda error: None)

    def find(self, query: str) -> None:
        """Look for `query`; the answer comes, unless another is asked for meanwhile."""
        self._query = query
        self._searching.do(self._search, self._tell, lambda error: None, key="find")

    def close(self) -> None:
        """Stop everything, from any thread."""
        self._forget()
        self._listing.close()
        self._searching.close()

    def _forget(self) -> None:
        for index in (self._index, self._next):
            if index is not None:
                index.stop()
        self._index, self._next, self._filled = None, None, 0.0

    def _fill(self, rules: IgnoreRules, show_hidden: bool) -> FileIndex:
        from docstra_tui.context.index import FileIndex

        index = FileIndex(self._root, rules, show_hidden=show_hidden, with_folders=self._with_folders)
        self._next = index
        if self._index is None:
            self._index = index  # better a part than nothing; an old one is used until this is whole
        index.fill(self._grew)
        return index

    def _grew(self, count: int) -> None:
        if self._index is self._next and time.monotonic() - self._told > PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._searching.do(self._search, self._tell, lambda error: None, key="find")

    def _filled_it(self, index: FileIndex) -> None:
        if index is self._next:
            self._index, self._next = index, None
            self._filled = time.monotonic()
            self.find(self._query)

    def _search(self) -> Found:
        index, query = self._index, self._query
        if index is None:
            return Found(query, (), False, 0, False)
        paths = index.filter(query, SHOWN + 1)
        return Found(query, tuple(paths[:SHOWN]), len(paths) > SHOWN, len(index), index.is_complete)
