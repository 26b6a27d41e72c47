"""Files that somebody has written, on the screen: their name is typed, and what is there is asked about.

Runs on the screen's thread; what writes waits in the background.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Dialogs
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.title import shown_path

if TYPE_CHECKING:
    from docstra_tui.workspace.taken_text import Taken


class SavingDialogs:
    """Names are below `root`, unless they begin elsewhere."""

    def __init__(self, root: Path, dialogs: Dialogs, jobs: JobQueue) -> None:
        self._root = root
        self._dialogs = dialogs
        self._jobs = jobs

    def ask(self, taken: Taken) -> None:
        """Ask for the file of a text; the field is empty, whatever the text says."""

        def typed(name: str | None) -> None:
            if name:
                self.save(taken, name)

        self._dialogs.write(f"Save the {taken.words} into which file?", typed, does="saves it there")

    def save(self, taken: Taken, name: str) -> None:
        """A text into the file of that name."""

        def work(replace: bool) -> str:
            from docstra_tui.workspace.saving import named, save

            place = named(name, self._root)
            save(place, taken.safe, replace=replace)
            return f"The {taken.words} is in {shown_path(place)}."

        self.do(work)

    def do(self, work: Callable[[bool], str], replace: bool = False) -> None:
        """Have `work` write a file, over one that is there only when somebody said so; what it gives is
        said."""

        def failed(error: Exception) -> None:
            from docstra_tui.workspace.saving import IsThere

            if not isinstance(error, IsThere) or error.is_link or replace:
                self._dialogs.fail_with(error)
                return
            question = f"{sanitize_line(error.message)} What it says would be gone."
            self._dialogs.confirm("Replace it?", question, answered, by_enter=False)

        def answered(yes: bool) -> None:
            if yes:
                self.do(work, replace=True)

        self._jobs.do(lambda: work(replace), self._dialogs.say, failed)
