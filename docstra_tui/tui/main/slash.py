"""`/` in the composer: offers commands while one types, and completes their lines."""

from __future__ import annotations

from docstra_tui.tui.widgets.command_list import CommandList
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.workspace.command_offers import offered
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.named_lines import NAMED, NamedLines

NAMING = tuple({start.split(" ")[0] for start in NAMED})
"""Commands behind which something may be named."""


class Slash:
    """Runs on the screen's thread."""

    def __init__(self, composer: Composer, rows: CommandList, named: NamedLines, jobs: JobQueue) -> None:
        self._composer = composer
        self._rows = rows
        self._named = named
        self._jobs = jobs
        self._is_read = False
        """What can be named was looked for since the command was begun."""
        self._shown_for: str | None = None
        """What the list that is open was made for."""
        self._is_chosen = False
        """Somebody moved the list's cursor."""
        self._dismissed: str | None = None
        """What was written when the list was closed; it stays closed as long as that only grows."""

    def typed(self) -> None:
        """The text or the cursor is another one."""
        before = self._composer.command
        if before is None or (self._dismissed is not None and not before.startswith(self._dismissed)):
            self._dismissed = None
        if before is None or self._dismissed is not None:
            self._is_read = self._is_read and before is not None
            self._close()
        elif before != self._shown_for:
            self._shown_for, self._is_chosen = before, False
            self._offer(before)
            if not self._is_read and before.startswith(NAMING):
                self._is_read = True
                self._jobs.do(self._named.read, self._named_read, lambda error: None, key="named")

    def _named_read(self, _: object) -> None:
        if self._shown_for is not None and not self._is_chosen:
            self._offer(self._shown_for)

    def _offer(self, before: str) -> None:
        rows = offered(before, "screen", self._named.known)
        is_all = len(rows) == 1 and rows[0].line.rstrip() == before.rstrip()
        self._rows.offer_lines(() if is_all else rows)

    def key(self, key: str) -> bool:
        """A key that may be for the list; False when it means nothing there."""
        self.typed()  # of a burst, the text is there before anybody was told
        rows, before = self._rows, self._shown_for
        if before is None or not rows.is_open:
            return False
        if key in ("up", "down"):
            self._is_chosen = True
            rows.step(1 if key == "down" else -1)
        elif key == "enter" and not self._is_chosen:
            self.dismiss()
            return False  # what is written is sent, or refused with what may be meant
        else:
            self.choose()
        return True

    def choose(self) -> None:
        """Take the row under the list's cursor."""
        chosen = self._rows.chosen
        if chosen is not None:
            self._composer.change_to(chosen.rstrip())
            self.typed()

    def dismiss(self) -> bool:
        """Close the list until another command is begun; False when it was not open."""
        if not self._rows.is_open:
            return False
        self._dismissed = self._shown_for
        self._close()
        return True

    def _close(self) -> None:
        self._shown_for, self._is_chosen = None, False
        self._rows.offer_lines(())
