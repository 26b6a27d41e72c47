"""A session on the screen: its turns, its files, its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.invoked import as_started
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.files import Files
from docstra_tui.tui.main.parts import Parts
from docstra_tui.tui.main.status_board import StatusBoard
from docstra_tui.tui.main.turns import Turns
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.sessions.listing import Place
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.sessions.switch import Ticks, ticks_for
from docstra_tui.workspace.title import shown_path
from docstra_tui.workspace.turns.branching import ELSEWHERE

if TYPE_CHECKING:
    from pathlib import Path

    from docstra_tui.session.chat import ChatSession


class SessionView:
    """Puts one in the place of another."""

    def __init__(
        self,
        root: Path,
        parts: Parts,
        opened: OpenSessions,
        model: AnsweringModel,
        files: Files,
        picks: WatchedSelection,
        turns: Turns,
        board: StatusBoard,
        dialogs: Dialogs,
    ) -> None:
        self._root = root
        self._parts = parts
        self._opened = opened
        self._model = model
        self._files = files
        self._picks = picks
        self._turns = turns
        self._board = board
        self._dialogs = dialogs

    def go_to(self, place: Place) -> None:
        """Have a line of what is shown in sight."""
        turns = self._opened.current.turns if self._opened.current is not None else []
        at = next((index for index, turn in enumerate(turns) if turn.id == place.turn), None)
        if at is None:
            self._dialogs.say("It is further up: Home in the conversation (F6) brings what is older.")
        else:
            self._parts.conversation.word_search.show(at, place.part, place.line, place.word)

    def show(self, session: ChatSession, ticks: Ticks) -> None:
        """Show and continue `session`."""
        tree = self._parts.tree_view
        self._opened.use(session)
        self._model.offer(None)
        session.typed = self._parts.composer.text
        self._board.session_changed(session)
        self._picks.use(session)
        self._turns.use(session)
        if ticks != "kept" and session.root == self._root:
            picks = ticks_for(session, tree.picks if ticks == "added" else ())
            self._files.set_ticked(picks, is_checked=bool(self._model.host))
        else:
            if ticks != "kept":
                there = as_started(f"docstra-tui --resume {(session.id or '')[:8]}")
                self._dialogs.warn(
                    f"This session is about {shown_path(session.root)}; its files stay unticked. "
                    f"{there} opens it there."
                )
            self._picks.choose(tree.picks)
        if session.is_elsewhere:
            self._dialogs.warn(ELSEWHERE)
        self._board.refresh()
