"""The tree's filter: every file of the project by a few of its letters, searched in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.files.ignore import IgnoreRules
    from docstra_tui.context.files.index import FileIndex

SHOWN = 500
"""Paths of one search that are drawn."""

STALE_SECONDS = 10.0
"""An index older than this is made again when somebody looks for something."""

PROGRESS_SECONDS = 0.2
"""While the index grows, what is looked for is searched again this often."""

STEP_SECONDS = 0.01
"""Between two looks whether a listing that is waited for is there."""


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
    is_partial: bool = False
    """True when the project has more files than are kept: what is not found may be there all the same."""


class Finder:
    """One project's files by name."""

    def __init__(
        self,
        root: Path,
        tell: Callable[[Found], None],
        deliver: Callable[..., object],
        *,
        with_folders: bool = False,
        more: Callable[[str], tuple[str, ...]] = lambda query: (),
    ) -> None:
        """`more` is what may be meant beside files; asked where it may block."""
        self._root = root
        self._more = more
        self._with_folders = with_folders
        self._tell = tell
        self._listing = JobQueue("index", deliver)
        self._searching = JobQueue("find", deliver)
        self._index: FileIndex | None = None
        self._next: FileIndex | None = None
        self._listed: object | None = None
        """Stands for the listing that is wanted and not at its end."""
        self._lock = threading.Lock()
        self._filled = 0.0
        self._told = 0.0
        self._query = ""

    @property
    def is_complete(self) -> bool:
        """True when every file of the project is known."""
        return self._index is not None and self._index.is_complete and self._listed is None

    def begin(self, rules: Callable[[], IgnoreRules], *, show_hidden: bool, fresh: bool = False) -> None:
        """Somebody is about to look for something; `fresh`: other files are to be found than before."""
        if fresh:
            self._forget()
        is_fresh = self._filled and time.monotonic() - self._filled < STALE_SECONDS
        if self._listed is not None or (self._index is not None and is_fresh):
            return
        listed = self._listed = object()
        self._listing.do(
            lambda: self._fill(listed, rules(), show_hidden),
            lambda index: self._filled_it(listed, index),
            lambda error: self._failed(listed),
        )

    def find(self, query: str) -> None:
        """Look for `query`; the answer comes, unless another is asked for meanwhile."""
        self._query = query
        self._searching.do(self._search, self._tell, lambda error: None, key="find")

    def find_now(self, query: str, seconds: float) -> Found:
        """What matches. A first listing is waited for, that long at the most. Blocks."""
        until = time.monotonic() + seconds
        while self._is_first and time.monotonic() < until:
            time.sleep(STEP_SECONDS)
        return self._found(query)

    @property
    def _is_first(self) -> bool:
        """True while the project is being listed and was not before."""
        index = self._index
        return self._listed is not None and (index is None or not index.is_complete)

    def close(self) -> None:
        """Stop everything, from any thread."""
        self._forget()
        self._listing.close()
        self._searching.close()

    def _forget(self) -> None:
        with self._lock:
            for index in (self._index, self._next):
                if index is not None:
                    index.stop()
            self._listed, self._index, self._next, self._filled = None, None, None, 0.0

    def _fill(self, listed: object, rules: IgnoreRules, show_hidden: bool) -> FileIndex | None:
        from docstra_tui.context.files.index import FileIndex

        index = FileIndex(self._root, rules, show_hidden=show_hidden, with_folders=self._with_folders)
        with self._lock:
            if listed is not self._listed:
                return None  # other files are wanted by now
            self._next = index
            if self._index is None:
                self._index = index  # better a part than nothing; an old one is used until this is whole
        index.fill(self._grew)
        return index

    def _grew(self, count: int) -> None:
        if self._index is self._next and time.monotonic() - self._told > PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._searching.do(self._search, self._tell, lambda error: None, key="find")

    def _filled_it(self, listed: object, index: FileIndex | None) -> None:
        if listed is self._listed:
            self._index, self._next, self._listed = index, None, None
            self._filled = time.monotonic()
            self.find(self._query)

    def _failed(self, listed: object) -> None:
        """The next `begin` tries again; an index from before is good until then."""
        if listed is self._listed:
            if self._index is self._next:
                self._index = None
            self._next, self._listed = None, None

    def _search(self) -> Found:
        return self._found(self._query)

    def _found(self, query: str) -> Found:
        index = self._index
        more = self._more(query)
        if index is None:
            return Found(query, more, False, 0, False)
        paths = [*more, *index.filter(query, SHOWN + 1)]
        return Found(
            query, tuple(paths[:SHOWN]), len(paths) > SHOWN, len(index), index.is_complete, index.has_more
        )
