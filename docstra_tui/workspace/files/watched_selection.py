"""A selection that is read, watched and counted in the background, for a face that never waits.

Reading and counting have a queue each: what lies here is shown at once, however long another machine
takes to count it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError
from docstra_tui.workspace.files.picked import Picked, grouped
from docstra_tui.workspace.files.selection import FileSelection
from docstra_tui.workspace.files.snapshots import pick_of
from docstra_tui.workspace.files.tick_notes import TickNotes
from docstra_tui.workspace.files.token_counts import TokenCounts
from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.session.chat import ChatSession


class SelectionListener(Protocol):
    """Who is told, on the screen's thread."""

    def files_changed(self, picked: Picked) -> None:
        """They were read, looked at or counted."""

    def notes_changed(self) -> None:
        """What stands beside them is different."""


class WatchedSelection(FileSelection):
    """Runs on the screen's thread but for what `FileSelection` says."""

    def __init__(self, root: Path, max_bytes: int, deliver: Deliver, ignore: Sequence[str] = ()) -> None:
        super().__init__(root, max_bytes, ignore)
        self._reading = JobQueue("picks", deliver)
        self._counting = JobQueue("count", deliver)
        self._weighing = JobQueue("tokens", deliver)
        self.counts = TokenCounts(self._weighing, self._note)
        self._session: ChatSession | None = None
        self._listener: SelectionListener | None = None
        self.now = Picked()
        self.notes = TickNotes()
        """What stands beside each of them now."""

    def listen(self, listener: SelectionListener) -> None:
        """Tell this one from now on."""
        self._listener = listener

    def use(self, session: ChatSession) -> None:
        """Talk to this chat from now on."""
        self._session = session

    def choose(self, picks: Sequence[Pick]) -> None:
        super().choose(picks)
        self._reading.do(self._read, self._was_read, self._failed, key="picks")
        self._note()

    def allow(self, sizes: dict[str, int]) -> None:
        """Read these files although they are large: bytes by path."""
        self._snapshots.allow(sizes)
        files = self.files
        self._arrived(replace(self.now, files=files, by_path=grouped(files), costs={}))
        self.choose(self.picks)

    def recount(self) -> None:
        """The conversation grew, or another model counts."""
        self._reading.do(self._seen, self._was_seen, self._failed, key="see")

    def look(self, *, is_asked: bool = False) -> None:
        """See whether the disk still agrees, and go on counting; a question that `is_asked` looks itself."""
        if self.picks and not is_asked:
            self._reading.do(self._look, self._looked, lambda error: None, key="look")
        self.counts.go_on()

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        super().close()
        for jobs in (self._reading, self._counting, self._weighing):
            jobs.close()

    # In the background

    def _read(self) -> Picked:
        session, picks = self._session, self.picks
        if session is None:
            return Picked()
        self._snapshots.take(picks, lambda: picks is self.picks)
        with self._telling:
            if picks is self.picks:
                self.give(session)
        return self._seen()

    def _seen(self) -> Picked:
        files = self.files
        return Picked(files, grouped(files))

    def _look(self) -> Picked | None:
        return self._seen() if self._snapshots.look(self.picks) else None

    def _count(self) -> tuple[Budget | None, bool, dict[Pick, int]]:
        from docstra_tui.session.outgoing import SecretsFound

        session = self._session
        if session is None:
            return None, False, {}
        budget, is_kept_back = None, False
        try:
            budget = session.count()
        except DocstraError as error:  # or the model is not there yet, or gone: the status says so
            is_kept_back = isinstance(error, SecretsFound)
        return budget, is_kept_back, _costs(session, self.files)

    # On the screen's thread

    def _was_read(self, seen: Picked) -> None:
        self._arrived(replace(self.now, files=seen.files, by_path=seen.by_path))
        self._count_anew()

    def _was_seen(self, seen: Picked) -> None:
        if seen.files == self.now.files:
            self._count_anew()
        else:
            self._was_read(seen)

    def _looked(self, seen: Picked | None) -> None:
        if seen is not None:
            self._was_read(seen)

    def _count_anew(self) -> None:
        self._counting.do(self._count, self._counted, self._failed, key="count")

    def _counted(self, found: tuple[Budget | None, bool, dict[Pick, int]]) -> None:
        budget, is_kept_back, costs = found
        self._arrived(replace(self.now, budget=budget, is_kept_back=is_kept_back, costs=costs))

    def _failed(self, error: Exception) -> None:
        self._arrived(replace(self.now, budget=None, is_kept_back=False, costs={}))

    def _arrived(self, picked: Picked) -> None:
        self.now = picked
        items = [file.newer or file.item for file in picked.files if file.state.is_sendable]
        self.counts.want([item for item in items if item is not None], self._session)
        self._note()
        if self._listener is not None:
            self._listener.files_changed(picked)

    def _note(self) -> None:
        self.notes = TickNotes(self.now.by_path, self.now.costs, self.counts)
        if self._listener is not None:
            self._listener.notes_changed()


def _costs(session: ChatSession, files: Iterable[Ticked]) -> dict[Pick, int]:
    """Blocks; nothing while nobody can count."""
    costs: dict[Pick, int] = {}
    try:
        for file in files:
            if file.item is not None and file.newer is not None:
                costs[pick_of(file)] = session.read_again(file.item, file.newer)
    except DocstraError:
        pass
    return costs
