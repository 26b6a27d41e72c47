"""The index of one project, for whoever has the project open."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from docstra_tui.context.files.reader import MAX_BYTES
from docstra_tui.context.search.index import place
from docstra_tui.context.search.index.builder import Builder
from docstra_tui.context.search.index.building import Progress
from docstra_tui.context.search.index.database import is_elsewhere
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.errors import DocstraError, NoIndex
from docstra_tui.sqlite_codes import decoded

Priority = Literal["ordinary", "low"]

REST_SECONDS = 15.0
"""Between two refreshes in the background, however often somebody asks for one."""

NOTHING = Progress(0, 0)

HURRIED = "hurried"
"""How a builder in the background ends for one that somebody waits for."""

HINT = "Free the disk or choose another place with DOCSTRA_CACHE_DIR; docstra-tui index clear removes it."

T = TypeVar("T")


@dataclass(frozen=True)
class IndexStatus:
    """What there is of an index."""

    files: int = 0
    """That are in it."""
    is_complete: bool = False
    is_building: bool = False
    progress: Progress = NOTHING
    """Of the project, how much is in it."""
    problem: str = ""
    """Why there is none, or none that follows the files, ready to show; empty when nothing is wrong."""


class ProjectIndex:
    """Methods may be called from any thread."""

    def __init__(self, root: Path, ignore: Sequence[str] = (), *, max_bytes: int = MAX_BYTES) -> None:
        self.root = root
        self._ignore = tuple(ignore)
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._builder: Builder | None = None
        self._thread: threading.Thread | None = None
        self._is_wanted = self._is_stopped = False
        self._progress: Progress | None = None
        self._problem = ""
        self._is_broken = False
        self._above = place.parent()

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return place.folder_of(self.root, self._above)

    def status(self) -> IndexStatus:
        """How it stands: quick. Never raises."""
        building = self._progress
        try:
            with self.reader() as reader:
                done, total = (int(reader.state(key) or 0) for key in ("done", "total"))
                is_complete = reader.is_complete
        except (NoIndex, ValueError):
            done = total = 0
            is_complete = False
        progress = building if building is not None and building.total else Progress(done, total)
        return IndexStatus(done, is_complete, building is not None, progress, self._problem)

    def refresh(
        self,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        priority: Priority = "ordinary",
    ) -> None:
        """Bring it up to what the files are now, and wait for that. Raises `NoIndex`."""
        problem = ""
        usual, spare = place.parent(), place.spare()
        for above in (usual, spare) if self._above == usual else (spare, usual):  # where it was possible last
            self._above = above
            problem, is_elsewhere = self._refresh(on_progress, priority == "low")
            if not problem:
                return
            if not is_elsewhere:
                break
        self._above = place.parent()
        raise NoIndex(f"This project has no index: {problem.rstrip('.')}.", HINT if is_elsewhere else "")

    def start(self, on_change: Callable[[], None] = lambda: None) -> None:
        """Keep it up to date in the background; `on_change` hears of it, in another thread."""
        if is_too_broad(self.root):
            self._problem = "No index is made of a whole home folder in the background: open a project in it."
            return
        with self._changed:
            self._is_wanted = True
            if self._thread is None and not self._is_stopped:
                self._thread = threading.Thread(
                    target=self._keep, args=(on_change,), name="project index", daemon=True
                )
                self._thread.start()

    def nudge(self) -> None:
        """Files may have changed: look at them soon, if it is kept up to date. Never waits."""
        with self._changed:
            self._is_wanted = True
            self._changed.notify_all()

    def stop(self) -> None:
        """No more of that, soon. Never waits."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            builder = self._builder
        if builder is not None:
            builder.stop()

    def reader(self) -> IndexReader:
        """To ask it, in one thread. Raises `NoIndex` where there is none."""
        return IndexReader(self.folder / place.FILE)

    def ask(self, work: Callable[[IndexReader], T]) -> T:
        """What `work` gets out of it; where the index is broken, out of a new one. Raises `NoIndex`."""
        try:
            return self._ask(work)
        except NoIndex:
            if not self._is_broken or self._thread is not None:
                self.nudge()
                raise
        self.refresh()
        return self._ask(work)

    def _ask(self, work: Callable[[IndexReader], T]) -> T:
        try:
            with decoded(), self.reader() as reader:
                return work(reader)
        except sqlite3.Error as error:
            self._is_broken = not is_elsewhere(error)
            raise NoIndex(f"The index of this project cannot be read: {error}.", HINT) from error

    def _refresh(self, on_progress: Callable[[Progress], None], is_low: bool) -> tuple[str, bool]:
        """Why it could not be, and whether it may be possible in another place."""
        while True:
            builder = self._builder = Builder(
                self.root,
                self.folder,
                ignore=self._ignore,
                max_bytes=self._max_bytes,
                is_low=is_low,
                is_anew=self._is_broken,
            )
            if self._is_stopped:
                return "", False
            self._progress, end = NOTHING, ""
            try:
                with closing(builder.lines()) as lines:
                    for said in lines:
                        match said:
                            case {"done": int(done), "total": int(total)}:
                                self._progress = Progress(done, total)
                                on_progress(self._progress)
                            case {"problem": str(problem), "is_elsewhere": bool(elsewhere)}:
                                return problem, elsewhere
                            case {"end": str(words)}:
                                end = words
            except OSError as error:
                return f"its process cannot be started: {error.strerror}", False
            finally:
                self._builder = self._progress = None
            if end == HURRIED:
                continue
            if not end and not self._is_stopped:
                return "the process that makes it has died", False
            self._is_broken = False
            return "", False

    def _keep(self, on_change: Callable[[], None]) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_wanted or self._is_stopped)
                if self._is_stopped:
                    return
                self._is_wanted = False
            try:
                self.refresh(lambda progress: on_change(), "low")
            except DocstraError as error:
                self._problem = error.message
            else:
                self._problem = ""
            on_change()
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopped, REST_SECONDS)


def is_too_broad(root: Path) -> bool:
    """True for a home folder, and what is above one: that is no project."""
    home = os.path.expanduser("~")
    if not os.path.isabs(home):  # nobody's, in some containers
        home = "/"
    real, home = os.path.realpath(root), os.path.realpath(home)
    return f"{home}/".startswith(f"{real.rstrip('/')}/")
