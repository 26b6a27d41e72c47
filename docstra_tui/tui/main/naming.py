"""What a question or a task names, ticked when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import Mention
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.widgets.draft import Draft
from docstra_tui.workspace.command_line import ONLY_FILES
from docstra_tui.workspace.files.selection import FileSelection
from docstra_tui.workspace.files.unknown_names import UnknownNames, once_more
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.workspace.files.named_files import NamedFiles

SAID = 3
"""Names without a file that are told; the others are in the same line."""


class Naming:
    """Runs on the screen's thread."""

    def __init__(
        self, root: Path, files: Files, selection: FileSelection, dialogs: Dialogs, jobs: JobQueue
    ) -> None:
        self._root = root
        self._files = files
        self._selection = selection
        self._dialogs = dialogs
        self._jobs = jobs
        self._unknown = UnknownNames()

    def tick(
        self,
        draft: Draft,
        mentions: Sequence[Mention],
        send: Callable[[NamedFiles], object],
        *,
        must_exist: bool = False,
    ) -> None:
        """Tick what a line names, then `send`. What does not exist is said, and nothing is sent; sent once
        more, a word that was none is only a word, unless it `must_exist`."""
        from docstra_tui.workspace.files.named_files import NamedFiles, find_named

        if not mentions:
            self._unknown.forget()
            send(NamedFiles())
            return
        folders, limit = self._files.folders, self._selection.max_bytes_of

        def work() -> NamedFiles:
            hidden = folders.show_hidden
            return find_named(
                mentions,
                self._root,
                folders.rules,
                max_bytes=limit,
                changes=self._selection.changes,
                show_hidden=hidden,
            )

        def failed(error: Exception) -> None:
            draft.keep()
            message = error.message if isinstance(error, DocstraError) else str(error)
            self._dialogs.warn(sanitize_line(message)[:300])

        def found(named: NamedFiles) -> None:
            if draft.is_changed:
                return  # whoever types sends again
            if self._is_held_back(draft, named, must_exist):
                self._hold_back(draft, named, send, must_exist)
            else:
                self._tick(draft, named, send)

        self._jobs.do(work, found, failed, key="mentions")

    def _is_held_back(self, draft: Draft, named: NamedFiles, must_exist: bool) -> bool:
        if draft.is_in_composer:
            return self._unknown.hold_back(draft.text, named.problems, must_exist=must_exist)
        return bool(named.problems)  # written in a dialog: there, it is asked

    def _hold_back(
        self, draft: Draft, named: NamedFiles, send: Callable[[NamedFiles], object], must_exist: bool
    ) -> None:
        problems = sanitize_line(" ".join(named.problems[:SAID]))[:300]
        if must_exist:
            draft.keep()
            self._dialogs.warn(f"{problems} {ONLY_FILES}")
        elif draft.is_in_composer:
            self._dialogs.warn(f"{problems} {once_more()}")
        else:

            def answered(yes: bool) -> None:
                if yes:
                    self._tick(draft, named, send)
                else:
                    draft.keep()

            question = f"{problems} Send it as it is?"
            self._dialogs.confirm("A word that names no file", question, answered)

    def _tick(self, draft: Draft, named: NamedFiles, send: Callable[[NamedFiles], object]) -> None:
        if self._files.take_named(named):
            send(named)
        else:
            draft.keep()  # about to be asked whether that may leave the machine; then Enter again
