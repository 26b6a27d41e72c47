"""Looks now and then which files git says are changed, for the tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from docstra_tui.workspace.files.change_marks import ChangeMarks, marks_of
from docstra_tui.workspace.jobs import JobQueue

LEAST_SECONDS = 6.0
"""Between two looks that nobody asked for."""
FAILED_SECONDS = 30.0
"""After one that came to nothing: the repository may have been written just then."""
SHARE = 50
"""Of its time that it is looked, at most: a fiftieth."""


class ChangeWatch:
    """Runs on the screen's thread; looks in the background. Where there is no repository, nothing is
    started."""

    def __init__(
        self,
        root: Path,
        states: Callable[[], Mapping[str, str]],
        jobs: JobQueue,
        show: Callable[[ChangeMarks], object],
    ) -> None:
        """`states` reads the repository, blocks, and raises `UnreadableFile`; `show` gets what is different
        from before."""
        self._root = root
        self._states = states
        self._jobs = jobs
        self._show = show
        self._shown = ChangeMarks()
        self._next_look = self._began = 0.0
        self._is_looking = False

    def look(self) -> None:
        """See whether something else is changed, unless it was seen a moment ago. What goes wrong is said
        to whoever wants to tick it."""
        if self._is_looking or time.monotonic() < self._next_look:
            return
        self._is_looking, self._began = True, time.monotonic()
        self._jobs.do(self._look, self._looked, self._failed, key="look")

    def ask(self, done: Callable[[ChangeMarks], object], failed: Callable[[Exception], object]) -> None:
        """What is changed now."""

        def came(marks: ChangeMarks) -> None:
            self._put(marks)
            done(marks)

        self._jobs.do(lambda: marks_of(self._root, self._states()), came, failed, key="ask")

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._jobs.close()

    def _look(self) -> tuple[ChangeMarks, float]:
        from docstra_tui.context.files.rule_files import working_tree

        began = time.monotonic()
        is_there = working_tree(self._root) is not None
        marks = marks_of(self._root, self._states()) if is_there else ChangeMarks()
        return marks, time.monotonic() - began

    def _looked(self, seen: tuple[ChangeMarks, float]) -> None:
        marks, took = seen
        self._next_look = time.monotonic() + max(LEAST_SECONDS, SHARE * took)
        self._is_looking = False
        self._put(marks)

    def _failed(self, error: Exception) -> None:
        now = time.monotonic()
        self._next_look = now + max(FAILED_SECONDS, SHARE * (now - self._began))
        self._is_looking = False
        self._put(ChangeMarks())

    def _put(self, marks: ChangeMarks) -> None:
        if marks != self._shown:
            self._shown = marks
            self._show(marks)
