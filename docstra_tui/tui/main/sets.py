"""Named sets of ticked files on the screen: `/set` and what is behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.dialogs import Choice, Offer
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from pathlib import Path

    from docstra_tui.tui.main.files import Files
    from docstra_tui.workspace.files.saved_ticks import SavedTicks
    from docstra_tui.workspace.files.tick_sets import TickSets

T = TypeVar("T")


class Sets:
    """Reads and writes in the background."""

    def __init__(self, root: Path, files: Files, dialogs: Dialogs, jobs: JobQueue) -> None:
        self._root = root
        self._files = files
        self._dialogs = dialogs
        self._jobs = jobs
        self._made: TickSets | None = None

    @property
    def _sets(self) -> TickSets:
        from docstra_tui.workspace.files.tick_sets import TickSets  # not for the first frame

        if self._made is None:
            self._made = TickSets(self._root)
        return self._made

    def set(self, line: CommandLine) -> None:
        """Do what was written. Raises `UsageError`."""
        from docstra_tui.workspace.files.tick_sets import parse

        words, sets = parse(line.text), self._sets
        match words.verb:
            case "save":
                self._save(words.name, self._files.ticks)
            case "load":
                self._load(words.name)
            case "delete":
                self._do(lambda: sets.delete(words.name), self._say)
            case _:
                self._do(sets.all, self._offer)

    def _save(self, name: str, ticks: SavedTicks) -> None:
        from docstra_tui.workspace.files.tick_sets import SetIsThere, told_of

        def replace(yes: bool) -> None:
            if yes:
                self._do(lambda: self._sets.save(name, ticks, replace=True), self._say)

        def failed(error: Exception) -> None:
            if not isinstance(error, SetIsThere):
                self._dialogs.fail_with(error)
                return
            words = sanitize_line(f"{error.message} It would be {told_of(ticks)}.")
            self._dialogs.confirm("Replace the set?", words, replace, by_enter=False)

        self._jobs.do(lambda: self._sets.save(name, ticks), self._say, failed)

    def _load(self, name: str) -> None:
        from docstra_tui.workspace.files.tick_sets import told_of

        def loaded(ticks: SavedTicks) -> None:
            self._files.tick_exactly(ticks)
            self._say(f"Set {name}: {told_of(ticks)}.")

        self._do(lambda: self._sets.load(name), loaded)

    def _offer(self, sets: Mapping[str, SavedTicks]) -> None:
        from docstra_tui.workspace.files.tick_sets import told_of

        if not sets:
            self._say("No set is kept about this folder. /set save NAME keeps what is ticked.")
            return
        choices = [Choice(name, name, told_of(ticks)) for name, ticks in sets.items()]

        def taken(name: str | None) -> None:
            if name is not None:
                self._load(name)

        self._dialogs.choose(Offer("Sets of files", choices), taken)

    def _say(self, words: str) -> None:
        self._dialogs.say(sanitize_line(words))

    def _do(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._jobs.do(work, done, self._dialogs.fail_with)
