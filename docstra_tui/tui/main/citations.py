"""What answers say of files on the screen: looked up in the background, opened where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.main.older_turns import OlderTurns
from docstra_tui.tui.main.parts import Parts
from docstra_tui.tui.transcript.layout.cited import Cited
from docstra_tui.tui.transcript.messages import CitationMarked, CitationOpened, CitationsWanted, NoCitation
from docstra_tui.workspace.citing import LookingUp, has_sources
from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.citations.citation import Citation
    from docstra_tui.session.citations.since import Since
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.workspace.files.picked import Picked

SECONDS = 2.0
"""Between two looks at an answer that grows: a look costs about as much as a frame of it."""

AGAIN = 20
"""Answers that are looked up again when a file has changed, the last ones."""


class Citations:
    """Runs on the screen's thread, looks up in another."""

    def __init__(
        self,
        root: Path,
        parts: Parts,
        older: OlderTurns,
        session: Callable[[], ChatSession | None],
        files: Files,
        dialogs: Dialogs,
        deliver: Deliver,
    ) -> None:
        self._conversation = parts.conversation
        self._bar = parts.citation_bar
        self._older = older
        self._session = session
        self._files = files
        self._dialogs = dialogs
        self._jobs = JobQueue("citations", deliver)
        self._looking = LookingUp(root)
        self._timer: Timer | None = None
        self._count = 0
        """Citations of the answer that grows which are shown."""
        self._told: dict[int, tuple[Citation, ...]] = {}
        """Those of the answers that are whole, by the turn."""
        self._others: list[Ticked] = []
        """Files that had changed when they were looked at last."""

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._jobs.close()

    # Looking up

    def turn_began(self) -> None:
        """An answer is written from now on."""
        self._count = 0
        if self._timer is None:
            self._timer = self._conversation.set_interval(SECONDS, self._look)

    def turn_ended(self) -> None:
        """It is over; the conversation asks for what it says."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _look(self) -> None:
        session = self._session()
        turn = session.turns[-1] if session is not None and session.turns else None
        if turn is None or turn.status != "streaming":
            return

        def came(cited: Cited) -> None:
            if self._timer is not None and len(cited.citations) != self._count:
                self._count = len(cited.citations)
                self._conversation.cite(turn.id, cited)

        self._jobs.do(lambda: Cited.of(*self._looking.so_far(turn)), came, lambda _: None, key="growing")

    def files_changed(self, picked: Picked) -> None:
        """What was looked up is not so any more, where a file is another one now."""
        others = [file for file in picked.files if file.state.kind in ("changed", "deleted")]
        if others and others != self._others:  # and not only counted again
            since = self._looking.since()  # each file is read once, however many answers are about it
            for number in [*self._told][-AGAIN:]:
                self._whole(number, since)
        self._others = others

    def wanted(self, event: CitationsWanted) -> None:
        """An answer is in sight."""
        self._told.pop(event.turn_id, None)
        self._whole(event.turn_id)

    def _whole(self, number: int, since: Since | None = None) -> None:
        """Look up all of an answer, and say it where it is not said already."""

        def came(cited: Cited) -> None:
            if self._told.get(number) != cited.citations:
                self._told[number] = cited.citations
                self._conversation.cite(number, cited)

        def failed(_: Exception) -> None:
            came(Cited((), ()))

        turn, before = self._found(number)
        if turn is None or not has_sources(turn):
            came(Cited((), ()))
            return
        found = turn
        self._jobs.do(
            lambda: Cited.of(*self._looking.whole(found, before, since)), came, failed, key=f"whole {number}"
        )

    def _found(self, number: int) -> tuple[SavedTurn | None, Sequence[SavedTurn]]:
        """A turn that is shown, and those before it."""
        session = self._session()
        turns = [*self._older.turns, *(session.turns if session is not None else ())]
        at = next((at for at, turn in enumerate(turns) if turn.id == number), None)
        return (None, ()) if at is None else (turns[at], turns[:at])

    # Going to one

    def marked(self, event: CitationMarked) -> None:
        """Say which."""
        self._bar.show(event)

    def none_there(self, event: NoCitation) -> None:
        """Somebody wants to go to one and there is none."""
        there = "no other reference this way" if event.is_any else "no reference in these answers"
        self._dialogs.say(f"There is {there}.")

    def opened(self, event: CitationOpened) -> None:
        """Show where it stands, or where the answer says that it does."""
        citation = event.citation
        path = citation.path or citation.named.path
        line = citation.line or citation.named.line
        if not path:
            self._dialogs.say(
                "It stands in nothing that was sent, and names no file: there is nothing to open."
            )
        else:
            self._files.preview(path, line or 1, (citation.end_line or line) if citation.line else line)
