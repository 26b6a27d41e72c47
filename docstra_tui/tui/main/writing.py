"""What helps one to write: earlier questions, the user's own editor, the list of what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError
from docstra_tui.key_hints import press
from docstra_tui.tui.main.command_runner import Handlers
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.program import Program
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.session.turns import Asked
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.workspace.sessions.opened import OpenSessions
    from docstra_tui.workspace.turns.queue import TurnQueue

SAID_SECONDS = 4.0
UP = 200
"""Turns of other sessions whose questions Up brings back."""


class Writing:
    """For the composer of the main screen, on the screen's thread."""

    def __init__(
        self,
        root: Path,
        composer: Composer,
        opened: OpenSessions,
        queue: TurnQueue,
        program: Program,
        dialogs: Dialogs,
        jobs: JobQueue,
    ) -> None:
        self._root = root
        self._composer = composer
        self._opened = opened
        self._queue = queue
        self._program = program
        self._dialogs = dialogs
        self._jobs = jobs
        self._has_told_fold = False
        self.handlers: Handlers = {
            "queue": lambda line: self.waiting(),
            "earlier": lambda line: self.earlier(),
            "editor": lambda line: self.editor(),
        }
        """Who does these commands."""

    def begin(self) -> None:
        """Up brings back what was asked about this folder before this session."""

        def found(asked: Sequence[Asked]) -> None:
            self._composer.remember_before([one.text for one in reversed(asked)])

        store, root = self._opened.store, str(self._root)
        self._jobs.do(lambda: store.asked(root, UP), found, lambda error: None, key="asked")

    def earlier(self) -> None:
        """Offer the questions of all sessions; what was begun is kept beside the one that is taken."""
        from docstra_tui.tui.screens.earlier import EarlierScreen

        screen = EarlierScreen(str(self._root))
        is_filled = asyncio.Event()
        self._program.keyboard.wait_for(is_filled)  # what is typed meanwhile is for the list

        def found(asked: Sequence[Asked]) -> None:
            screen.fill(asked)
            is_filled.set()

        def failed(error: Exception) -> None:
            found(())
            self._dialogs.fail_with(error)

        def taken(text: str | None) -> None:
            if text is not None:
                self._composer.recall(text)
                if self._composer.kept != self._composer.text:
                    self._dialogs.say(
                        "What you began comes back when this is sent; "
                        f"{press('composer.undo')} brings it now.",
                        SAID_SECONDS,
                    )
                self._composer.focus()

        self._dialogs.ask(screen, taken)
        self._jobs.do(self._opened.store.asked, found, failed, key="earlier")

    def editor(self) -> None:
        """Have the user's editor write over the question, in the place of the screen."""
        from docstra_tui.workspace import editor

        session, composer = self._opened.current, self._composer
        try:
            with self._program.lend_terminal() as terminal:
                name = session.id if session is not None else None
                edited = editor.edit(composer.text, terminal, session=name or "", root=str(self._root))
        except DocstraError as error:
            self._dialogs.fail_with(error)
            return
        if edited.text != composer.text:
            composer.change_to(edited.text)
        if edited.note:
            self._dialogs.warn(edited.note)

    def waiting(self) -> None:
        """The questions that wait, to be changed, moved or taken back."""
        if not self._queue.waiting:
            self._dialogs.say("No question waits.")
            return
        from docstra_tui.tui.screens.waiting import WaitingScreen

        def taken(number: int | None) -> None:
            if number is not None:
                self._queue.change(number)
                self._composer.focus()

        self._dialogs.ask(WaitingScreen(self._queue), taken)

    def folded(self, mark: str) -> None:
        """Say once how one sees what was folded."""
        if not self._has_told_fold:
            self._has_told_fold = True
            self._dialogs.say(f"{mark} is sent whole. Tab behind it shows it.", SAID_SECONDS)
