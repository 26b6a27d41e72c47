"""The conversations that a program has open: the one that goes on, those before it, and the saved ones.

What looks for a saved one blocks; it changes nothing here until that one is taken by `use`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.no_model import NoModel
from docstra_tui.workspace.models.own_templates import give_templates
from docstra_tui.workspace.sessions.indexing import Indexing

if TYPE_CHECKING:
    from docstra_tui.session.admission import Made
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.fitting import Overfull
    from docstra_tui.session.outgoing import SecretsFound
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.session.turns import SessionSummary
    from docstra_tui.workspace.editor import Left
    from docstra_tui.workspace.sessions.resuming import Opening


@dataclass(frozen=True)
class Found:
    """A saved session, as it is to go on."""

    session: ChatSession
    opening: Opening
    """Which model to go on with."""
    note: str = ""
    """What is other than one may expect; empty or a sentence, not yet safe to show."""


class OpenSessions:
    """The session that goes on, and how another one takes its place."""

    def __init__(
        self,
        store: SessionStore,
        model: AnsweringModel,
        *,
        may_leave: Callable[[ChatSession, SecretsFound, TurnRequest], bool],
        make_room: Callable[[Overfull], Made] | None = None,
        is_model_named: bool = False,
    ) -> None:
        """What is asked of somebody in the thread of a turn is in `ChatSession`; where a model was named a
        session does not bring its own."""
        self.store = store
        self.indexing = Indexing(store)
        """For whoever looks for words in the saved sessions."""
        self.current: ChatSession | None = None
        self.past: list[ChatSession] = []
        """The session that was left last, and those before it of which the disk lacks something."""
        self._model = model
        self._may_leave = may_leave
        self._make_room = make_room
        self._is_model_named = is_model_named

    @property
    def all(self) -> list[ChatSession]:
        """Those that may be lost with this program, the one that goes on last."""
        return [*self.past, *filter(None, [self.current])]

    def fresh(self, root: Path) -> ChatSession:
        """A session without a turn."""
        from docstra_tui.session.chat import ChatSession

        model = self._model
        reserve = model.settings.answer.reserve
        return ChatSession(model.llm or NoModel(), root, self.store, model=model.name, reserve=reserve)

    def use(self, session: ChatSession) -> ChatSession | None:
        """Go on with this one; the one before."""
        before, self.current = self.current, session
        self._model.answer_in(session)
        session.admission.may_leave = partial(self._may_leave, session)
        session.admission.make_room = self._make_room
        if before is not None:
            self.past = [*(one for one in self.past if one.is_behind), before]
            session.scale = before.scale  # what was weighed need not be weighed again
        return before

    # Saved ones; all of these block

    def saved(self, root: Path) -> list[SessionSummary]:
        """Those about a folder, the newest first; not the one that was just begun. Raises `StoreError`."""
        here = self.current.id if self.current is not None else None
        return [one for one in self.store.sessions(str(root)) if one.turns or one.id != here]

    def find(
        self, which: str, root: Path, *, goes_along: bool, at_start: bool = False, turn: int | None = None
    ) -> Found:
        """A session by its id, the start of it, or `last`, and which model to go on with; with a `turn`, the
        branch that has it.

        Where the face `goes_along` the session brings its folder, and there may be another folder's where
        this one has none. Raises `StoreError`.
        """
        from docstra_tui.workspace.sessions import resuming

        self.indexing.begin()
        settings, answering = self._model.settings, self._model.name
        if goes_along:
            resumed = resuming.find(self.store, which, root, is_named=False, but=self.current)
            session, note = self._resumed(resumed.id, resumed.root), resumed.note
        else:
            which = resuming.last(self.store, root, but=self.current) if which == resuming.LAST else which
            session, note = self._resumed(which), ""
            if turn is not None and all(one.id != turn for one in session.turns):
                self.store.show_path(which, turn)
                session = self._resumed(which)
        if at_start and self._is_model_named:
            return Found(session, resuming.Opening(settings), note)
        opening = resuming.opening(
            settings,
            session.saved_choice,
            self._model.consent,
            answering=answering,
            at_once=not self._is_model_named,
        )
        return Found(session, opening, note)

    def unsent(self, root: Path) -> ChatSession | str | None:
        """What was written in a folder before anything was asked, to go on with; else the title of a session
        in which a question waits. Raises `StoreError`."""
        self.indexing.begin()
        found = self.store.without_turns(str(root))
        if found is not None:
            return self._resumed(found)
        return self._left_in_editor(root) or self.store.left_in(str(root))

    def _left_in_editor(self, root: Path) -> ChatSession | str | None:
        """The same, of what was written in an editor whose program is gone."""
        from docstra_tui.workspace import editor

        left = next((one for one in editor.left_behind() if one.root == str(root)), None)
        if left is None:
            return None
        titles = {one.id: one.title for one in self.store.sessions() if one.turns}
        if left.session in titles:
            return titles[left.session]
        session = self.fresh(root)
        self._take_over(session, left)
        return session

    def _take_over(self, session: ChatSession, left: Left) -> None:
        """What was written in an editor is what is typed in this session, on the disk too."""
        from docstra_tui.workspace import editor

        session.draft = editor.bring_back(left, session.draft)
        if self.store.flush(1.0):
            editor.forget(left)

    def _resumed(self, session_id: str, root: Path | None = None) -> ChatSession:
        from docstra_tui.session.chat import ChatSession
        from docstra_tui.workspace import editor

        llm = self._model.llm or NoModel()
        give_templates(llm)  # its turns may be made from some that are newer than what answers
        session = ChatSession.resume(
            llm,
            self.store,
            session_id,
            root=root,
            model=self._model.name,
            reserve=self._model.settings.answer.reserve,
        )
        for left in editor.left_behind():
            if left.session == session.id:
                self._take_over(session, left)
        return session
