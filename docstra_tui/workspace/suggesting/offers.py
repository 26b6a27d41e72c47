"""Files that are offered for a question: looked for in the background, in the index of the project."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.errors import DocstraError, NoIndex, NoSearch
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.search.asking import Asking
    from docstra_tui.context.search.index.project import IndexStatus, ProjectIndex
    from docstra_tui.context.search.offered import Suggestion
    from docstra_tui.settings import Settings

logger = logging.getLogger("docstra_tui.workspace")

MOST = 20
"""Files that are looked for."""

OpenIndex = Callable[[], "ProjectIndex"]


@dataclass(frozen=True)
class Offer:
    """What is offered for one question, best first."""

    question: str = ""
    files: tuple[Suggestion, ...] = ()
    is_complete: bool = True
    """False where the index has only a part of the project."""
    share: str = ""
    """`40%`: how much of it; empty where nobody knows."""
    problem: str = ""
    """Why nothing can be offered, safe to show."""

    @property
    def note(self) -> str:
        """`index 40%`, where it was answered from a part."""
        return "" if self.is_complete else f"index {self.share or 'not whole'}"


@dataclass(frozen=True)
class Wish:
    """What files are looked for with."""

    question: str
    ticked: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=())
    """More words to look for, a model's own for instance."""


class Offers:
    """For a face, on whose thread `told` is called. The index is opened with the first question."""

    def __init__(self, open_index: OpenIndex, told: Callable[[Offer], object], deliver: Deliver) -> None:
        self._open_index = open_index
        self._told = told
        self._jobs = JobQueue("suggest", deliver)
        self._index: ProjectIndex | None = None
        self._asking: Asking | None = None
        self._wish = Wish("")
        self._closing = threading.Lock()
        self._is_closed = False

    def begin(self) -> None:
        """Somebody begins to write: have the index brought up in the background."""
        if self._index is None:
            self._jobs.do(self._begin, lambda _: None, lambda error: None, key="open")

    def ask(self, question: str, ticked: Sequence[str] = (), words: Sequence[str] = ()) -> None:
        """Look for files; the answer comes, unless another is asked for meanwhile."""
        wish = self._wish = Wish(question, tuple(ticked), tuple(words))

        def found(offer: Offer) -> None:
            if wish is self._wish:
                self._told(offer)

        def failed(error: Exception) -> None:
            message = error.message if isinstance(error, DocstraError) else str(error)
            logger.info("nothing is offered: %s", error)
            found(Offer(question, problem=sanitize_line(message)[:200]))

        self._jobs.do(lambda: self._find(wish), found, failed, key="suggest")

    def forget(self) -> None:
        """Nothing is asked any more: what still comes is for nobody."""
        self._wish = Wish("")

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        with self._closing:
            self._is_closed = True
        self._jobs.close()
        if self._index is not None:
            self._index.stop()
        if self._asking is not None:
            self._asking.close()

    # In the background

    def _begin(self) -> None:
        self._open()
        self._asked().start()

    def _asked(self) -> Asking:
        """Who answers; another process, since weighing holds up whatever else is in one."""
        from docstra_tui.context.search.asking import Asking

        if self._asking is None:
            asking = Asking()
            with self._closing:
                if self._is_closed:
                    asking.close()
                self._asking = asking
        return self._asking

    def _open(self) -> ProjectIndex:
        if self._index is None:
            index = self._open_index()
            with self._closing:
                if not self._is_closed:
                    index.start()
                self._index = index
        return self._index

    def _find(self, wish: Wish) -> Offer:
        index = self._open()
        asked = self._asked()
        index.nudge()
        try:
            found = index.ask(
                lambda reader: asked.suggest(
                    reader.path, wish.question, ticked=wish.ticked, limit=MOST, words=wish.words
                )
            )
        except NoSearch:
            raise
        except NoIndex as error:  # not yet, or not at all
            logger.info("nothing is offered: %s", error)
            status = index.status()
            if status.problem:
                return Offer(wish.question, problem=sanitize_line(status.problem)[:200])
            return Offer(wish.question, is_complete=False, share=_share(status))
        share = "" if found.is_complete else _share(index.status())
        return Offer(wish.question, found.files, found.is_complete, share)


def index_of(root: Path, settings: Settings) -> OpenIndex:
    """Opens the index of a project, nothing of which is loaded before."""

    def open_index() -> ProjectIndex:
        from docstra_tui.context.search.index.project import ProjectIndex

        context = settings.context
        return ProjectIndex(root, context.ignore, max_bytes=context.max_file_bytes)

    return open_index


def _share(status: IndexStatus) -> str:
    return figures.share(status.progress.done, status.progress.total)
