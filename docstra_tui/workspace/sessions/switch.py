"""Which session goes on, on the screen: a saved one that was chosen, or a new one.

Runs on the screen's thread; what looks for a saved one waits in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from docstra_tui.context.picks import Pick
from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Dialogs
from docstra_tui.workspace.files.snapshots import picks_of
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.sessions.listing import Place
from docstra_tui.workspace.sessions.opened import Found, OpenSessions
from docstra_tui.workspace.wording import busy

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.settings import Settings
    from docstra_tui.workspace.sessions.resuming import Opening
    from docstra_tui.workspace.turns.queue import TurnQueue

Ticks = Literal["kept", "its own", "added"]
"""Which files are ticked once a session is shown: those before, the session's, or these and those."""


class OpensModels(Protocol):
    """Who opens the model that a session was with, or offers to."""

    def go_on(self, opening: Opening, settings: Settings) -> None:
        """But not where another one than that of `settings` was opened since."""


class Sessions:
    """Puts one in the place of another."""

    def __init__(
        self,
        root: Path,
        opened: OpenSessions,
        model: AnsweringModel,
        models: OpensModels,
        queue: TurnQueue,
        show: Callable[[ChatSession, Ticks], None],
        go_to: Callable[[Place], None],
        dialogs: Dialogs,
        jobs: JobQueue,
    ) -> None:
        """`show` puts a session on the screen, `go_to` goes to a line of it."""
        self._root = root
        self._opened = opened
        self._model = model
        self._models = models
        self._queue = queue
        self._show = show
        self._go_to = go_to
        self._dialogs = dialogs
        self._jobs = jobs

    def open(self, name: str, place: Place | None = None, *, at_start: bool = False) -> None:
        """Load a session by its id, the start of it, or `last`, and go to a place in it; its model too, or
        offer it.

        At the start of the program somebody may tick files before it is there: those are for it. What is
        asked before it is there is asked in it.
        """
        settings = self._model.settings

        def load() -> Found:
            turn = place.turn if place is not None else None
            return self._opened.find(name, self._root, goes_along=False, at_start=at_start, turn=turn)

        def loaded(found: Found) -> None:
            self._queue.expected -= 1
            self._show(found.session, "added" if at_start else "its own")
            if place is not None:
                self._go_to(place)
            self._models.go_on(found.opening, settings)
            self._queue.start_next()

        def failed(error: Exception) -> None:
            self._queue.expected -= 1
            self._dialogs.fail_with(error)
            self._queue.start_next()

        self._queue.expected += 1
        self._jobs.do(load, loaded, failed)

    def resume(self, name: str, place: Place | None = None) -> bool:
        """`open`; False while something is asked here, or waits to be."""
        if self._is_here(name, place):
            return True
        if self.is_needed():
            return False
        self.open(name, place)
        return True

    def _is_here(self, name: str, place: Place | None) -> bool:
        """True where that place is in what is shown; it is gone to."""
        current = self._opened.current
        if place is None or current is None or current.id != name:
            return False
        if all(turn.id != place.turn for turn in current.turns):
            return False
        self._go_to(place)
        return True

    def begin(self) -> bool:
        """An empty conversation with the files that are ticked; False while something is asked here, or waits
        to be."""
        if self.is_needed():
            return False
        self._show(self._opened.fresh(self._root), "kept")
        return True

    def bring_back_unsent(self) -> None:
        """Go on with what was written in this folder before anything was asked, if there is something; else
        say where a question waits."""
        first = self._opened.current

        def found(session: ChatSession | str | None) -> None:
            if isinstance(session, str):
                title, again = sanitize_line(session), press("main.sessions", "/sessions")
                self._dialogs.say(f"A question in “{title}” was not sent. {again} brings it back.")
            elif session is not None and self._opened.current is first and not self._queue.busy:
                self._show(session, "kept")

        self._jobs.do(lambda: self._opened.unsent(self._root), found, lambda error: None)

    def is_needed(self) -> bool:
        """True, and said, while something is asked in this session, or waits to be."""
        if self._queue.busy:
            self._dialogs.warn(busy())
        elif self._queue.waiting:
            self._dialogs.warn(f"A question waits here. {press('main.back')} gives it back first.")
        return self._queue.busy or bool(self._queue.waiting)


def ticks_for(session: ChatSession, ticked: Sequence[Pick]) -> list[Pick]:
    """The files of a session, and lines of files, with what is `ticked` already. Whole files come last: of
    what is ticked whole, lines take nothing away."""
    return sorted([*picks_of(session.context), *ticked], key=lambda pick: pick.start_line is None)
