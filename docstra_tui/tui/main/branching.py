"""Asking beside what was asked, on the screen: another answer, another question, one turn less.

Runs on the screen's thread; what may have to be read from the disk is done in the background.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from docstra_tui.errors import UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.command_runner import Handlers
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.widgets.draft import Draft
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.sessions.opened import OpenSessions
from docstra_tui.workspace.turns import branching
from docstra_tui.workspace.wording import busy

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.tui.main.tasks import Tasks
    from docstra_tui.tui.main.turns import Turns
    from docstra_tui.tui.transcript.messages import BranchWanted
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.workspace.permission import Permission
    from docstra_tui.workspace.turns.branching import Editing

T = TypeVar("T")


class Branching:
    """The commands about turns, and the keys that do the same."""

    def __init__(
        self,
        opened: OpenSessions,
        turns: Turns,
        tasks: Tasks,
        composer: Composer,
        permission: Permission,
        dialogs: Dialogs,
        jobs: JobQueue,
        to_composer: Callable[[], None],
        changed: Callable[[ChatSession], None],
    ) -> None:
        """`changed` hears that other turns of a session are shown."""
        self._opened = opened
        self._turns = turns
        self._tasks = tasks
        self._composer = composer
        self._permission = permission
        self._dialogs = dialogs
        self._jobs = jobs
        self._to_composer = to_composer
        self._changed = changed
        self.handlers: Handlers = {
            "retry": self.retry,
            "edit": self.edit,
            "other": self.other,
            "turn": self.tell,
            "delete": self.delete,
            "undo": self.undo,
        }

    # As commands: these raise `UsageError`

    def retry(self, line: CommandLine) -> None:
        """Another answer to a question."""
        session = self._session()
        self._retry(session, branching.turn_at(session, line.text)[0])

    def edit(self, line: CommandLine) -> None:
        """Another question in the place of one, or that one to be written anew."""
        session = self._session()
        number, words = branching.number_and_words(line.text)
        turn_id, _ = branching.turn_at(session, number)
        self._edit(session, turn_id, words)

    def other(self, line: CommandLine) -> None:
        """The next of the turns in the place of one."""
        session = self._session()
        turn_id, _ = branching.turn_at(session, line.text)
        self._go_to(session, branching.next_beside(session, turn_id))

    def tell(self, line: CommandLine) -> None:
        """What a turn was sent with, and what came of it."""
        from docstra_tui.tui.screens.turn import TurnScreen
        from docstra_tui.workspace.turns.details import title_of

        session = self._session()
        turn_id, number = branching.turn_at(session, line.text)
        title = title_of(number, len(session.branches.numbers))
        self._dialogs.ask(TurnScreen(session, turn_id, title))

    def delete(self, line: CommandLine) -> None:
        """One turn less."""
        session = self._session()
        self._delete(session, branching.turn_at(session, line.text)[0])

    def undo(self, line: CommandLine | None = None) -> None:
        """What was deleted last comes back."""
        session = self._session()
        if not self._is_busy():

            def shown(turn_id: int) -> None:
                self._shown(session, turn_id)
                self._dialogs.say(
                    branching.undone(session, turn_id) if turn_id else branching.NOTHING_DELETED
                )

            def bring_back() -> int:
                turn = session.branches.undo()
                return turn.id if turn is not None else 0

            self._do(bring_back, shown)

    # As keys

    def do(self, wanted: BranchWanted) -> None:
        """What a key in the conversation asks for."""
        session, turn_id = self._opened.current, wanted.turn_id
        if session is None or (not turn_id and wanted.verb != "undo"):
            return
        try:
            match wanted.verb:
                case "retry":
                    self._retry(session, turn_id)
                case "edit":
                    self._edit(session, turn_id, "")
                case "continue":
                    self._tasks.go_on(session, turn_id)
                case "walk":
                    self._walk(session, turn_id, wanted.step)
                case "delete":
                    self._delete(session, turn_id)
                case "undo":
                    self.undo()
        except UsageError as error:
            self._dialogs.warn(sanitize_line(f"{error.message} {error.hint}"))

    def leave_edit(self) -> bool:
        """The question that is written anew stays as it is; what was changed of it stays written. False where
        none is."""
        queue = self._turns.queue
        editing, queue.editing = queue.editing, None
        if editing is None:
            return False
        if self._composer.text.strip() == editing.was.strip():
            self._composer.write("")
        self._turns.changed()
        return True

    # What they do

    def _retry(self, session: ChatSession, turn_id: int) -> None:
        def begin() -> tuple[TurnRequest, str]:
            return session.branches.retry(turn_id), branching.says_the_same(session, turn_id)

        def begun(made: tuple[TurnRequest, str]) -> None:
            request, same = made
            self._turns.queue.submit([request])
            if same:
                self._dialogs.say(same)

        def send() -> None:
            self._do(begin, begun)

        self._permission.for_host(send, lambda: None)

    def _edit(self, session: ChatSession, turn_id: int, words: str) -> None:
        if not words and self._composer.text.strip():
            raise UsageError("Something is written already.", "Send it or take it out first.")

        def begin(editing: Editing) -> None:
            self._turns.queue.editing = editing
            self._turns.changed()
            if words and self._composer.text.strip():  # begun meanwhile: it stays
                self._tasks.ask(words, Draft(self._composer, words, is_in_composer=False))
            elif words:
                self._composer.write(words)
                self._composer.post_message(self._composer.QuestionSubmitted(words))
            else:
                self._composer.write(editing.was)
                self._to_composer()

        self._do(lambda: branching.begin_editing(session, turn_id), begin)

    def _walk(self, session: ChatSession, turn_id: int, step: int) -> None:
        beside = session.branches.beside(turn_id)
        if turn_id not in beside:
            return
        branching.next_beside(session, turn_id)  # raises where it is alone
        place = beside.index(turn_id) + step
        if 0 <= place < len(beside):
            self._go_to(session, beside[place])

    def _go_to(self, session: ChatSession, turn_id: int) -> None:
        if not self._is_busy():
            self._do(lambda: session.branches.show_turn(turn_id), lambda _: self._shown(session, turn_id))

    def _delete(self, session: ChatSession, turn_id: int) -> None:
        if self._is_busy():
            return
        number = branching.number_of(session, turn_id)
        numbers = session.branches.numbers
        following = numbers[number] if number < len(numbers) else 0

        def shown(_: object) -> None:
            self._shown(session, following)
            self._dialogs.say(branching.deleted(number))

        self._do(lambda: session.branches.delete(turn_id), shown)

    def _shown(self, session: ChatSession, turn_id: int) -> None:
        if session is self._opened.current:
            self._turns.show_path(turn_id)
            self._changed(session)

    def _do(self, work: Callable[[], T], done: Callable[[T], object]) -> None:
        self._jobs.do(work, done, self._dialogs.fail_with)

    def _is_busy(self) -> bool:
        if self._turns.queue.busy:
            self._dialogs.warn(busy())
        return self._turns.queue.busy

    def _session(self) -> ChatSession:
        session = self._opened.current
        if session is None:
            raise UsageError("There is no session yet.", "Wait a moment.")
        return session
