"""Which session goes on, in the inline chat: a new one, a saved one, or what was written and not asked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError
from docstra_tui.repl.models import Models
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.thinking import saved_thought
from docstra_tui.session.going_on import is_cut
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.sessions.listing import LINES, project_name, session_title
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.sessions.resuming import LAST
from docstra_tui.workspace.turns.branching import ELSEWHERE
from docstra_tui.workspace.turns.waiting import bring_back, not_sent_yet
from docstra_tui.workspace.wording import ENDED, GOES_ON

if TYPE_CHECKING:
    from docstra_tui.repl.answering import Answering
    from docstra_tui.repl.files import ChatFiles
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turns import SavedTurn


class Sessions:
    """Main thread."""

    def __init__(
        self,
        opened: OpenSessions,
        model: AnsweringModel,
        models: Models,
        files: ChatFiles,
        answering: Answering,
        printer: Printer,
    ) -> None:
        self._opened = opened
        self._model = model
        self._models = models
        self._files = files
        self._answering = answering
        self._printer = printer

    @property
    def now(self) -> ChatSession:
        """The one that goes on."""
        session = self._opened.current
        assert session is not None  # the chat begins with one
        return session

    def use(self, session: ChatSession) -> None:
        """Go on with this one, about the files that were named."""
        self._opened.use(session)
        self._answering.use(session, self._files.selection)
        self._models.look_now()

    def begin(self, line: CommandLine) -> None:
        """A new one, about the same files."""
        session = self._opened.fresh(self.now.root)
        self._files.selection.give(session)
        self.use(session)
        self._printer.line("A new session, with the same files.", "note")

    def show_saved(self, line: CommandLine) -> None:
        """The saved ones about this folder; those of all folders with the words that are looked for."""
        if line.text:
            self._show_found(line.text)
            return
        saved = self._opened.saved(self.now.root)
        for summary in saved:
            what = summary.title or f"(not sent) {summary.unsent}"
            many = "turn" if summary.turns == 1 else "turns"
            self._printer.line(f"  {summary.id[:8]}  {summary.turns:>3} {many:5}  {what}")
        if not saved:
            self._printer.line("Nothing is saved about this folder yet.", "hint")

    def _show_found(self, words: str) -> None:
        """The sessions in which all the words stand, with the lines."""
        sessions = {one.id: one for one in self._opened.store.sessions()}
        found = self._opened.indexing.finder.find(words)
        if found.note:
            self._printer.line(found.note, "note")
        for session, hits in found.by_session.items():
            if (summary := sessions.get(session)) is not None:
                self._printer.line(
                    f"  {session[:8]}  {session_title(summary)}  ({project_name(summary.root)})"
                )
                for hit in hits[:LINES]:
                    self._printer.line(f"            {hit.text.strip()}", "dim")
        if not found.hits:
            self._printer.line("Nothing was found.", "hint")

    def resume(self, line: CommandLine) -> None:
        """The one that is named, else the last."""
        self.open(line.text or LAST)

    def open(self, name: str, *, at_start: bool = False) -> None:
        """Go on with a saved session, with its files, its last words and its model."""
        found = self._opened.find(name, self.now.root, goes_along=True, at_start=at_start)
        for note in filter(None, [found.note, ELSEWHERE if found.session.is_elsewhere else ""]):
            self._printer.line(note, "note")
        if found.session.root != self.now.root and self._model.outgoing is not None:
            self._model.outgoing.forget_names()
        self._files.take_over(found.session)
        self.use(found.session)
        self._bring_back(found.session)
        self._show(found.session)
        self._models.go_on(found.opening)

    def bring_back_unsent(self) -> None:
        """Go on with what was written in this folder before anything was asked, if there is something; else
        say where a question waits."""
        with contextlib.suppress(DocstraError):
            found = self._opened.unsent(self.now.root)
            if isinstance(found, str):
                self._printer.line(f"A question in “{found}” was not sent. /resume brings it back.", "note")
            elif found is not None:
                self.use(found)
                self._bring_back(found)

    def _bring_back(self, session: ChatSession) -> None:
        """What waited in it when a program ended is in its draft again."""
        count = bring_back(session)
        self._answering.unsent = session.draft
        if count:
            self._printer.line(not_sent_yet(count), "note")

    def _show(self, session: ChatSession) -> None:
        """What it is about, and its last turn."""
        count = len(session.turns)
        title = session.title or "An empty session"
        self._printer.line(f"{title} · {count} turn" + ("" if count == 1 else "s"), "note")
        self._files.say(self._files.selection.picks)
        for turn in session.turns[-1:]:
            self.show_turn(turn)

    def show_turn(self, turn: SavedTurn) -> None:
        """A question and its answer, as they were saved."""
        self._printer.line(f"> {turn.question}", "mark")
        if turn.thinking:
            self._printer.line(saved_thought(turn), "dim")
        self._printer.piece(turn.answer)
        self._printer.end_answer()
        ended = [ENDED[turn.status]] if turn.status != "done" else []
        ended += [GOES_ON] if is_cut(turn) and self.now.turns[-1:] == [turn] else []
        if ended:
            self._printer.line(f"({', '.join(ended)})", "dim")

    def path_changed(self) -> None:
        """Other turns of the session are gone on from."""
        self._models.look_now()
