"""How far the index of a project is, on standard error, where somebody has to wait for it."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from docstra_tui.commands.console import Console

if TYPE_CHECKING:
    from docstra_tui.context.search.index.building import Progress

PATIENCE_SECONDS = 0.5
"""It may take so long before a word is said."""
PATIENCE_OF_LOGS = 3.0
"""The same where no line can be written over: it is said once."""


class IndexProgress:
    """Within its block, the line is there as long as it takes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._is_said = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._console.end_progress()

    def told(self, progress: Progress) -> None:
        """So far it is."""
        waited = time.monotonic() - self._began
        if waited < PATIENCE_SECONDS:
            return
        if self._console.err_is_terminal:
            self._console.progress(words_of(progress))
        elif waited > PATIENCE_OF_LOGS and not self._is_said:
            self._is_said = True
            self._console.note(words_of(progress))


def words_of(progress: Progress) -> str:
    """`reading the project: 3,400 of 10,000 files`."""
    if not progress.total:
        return "listing the project's files…"
    return f"reading the project: {progress.done:,} of {progress.total:,} files"
