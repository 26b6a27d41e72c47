"""Asking beside what was asked, in the inline chat: another answer, another question, one turn less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.sessions import Sessions
from docstra_tui.workspace.command_line import CommandLine, parse, question_of
from docstra_tui.workspace.commands import TASKS
from docstra_tui.workspace.turns import branching

if TYPE_CHECKING:
    from docstra_tui.repl.answering import Answering
    from docstra_tui.repl.tasks import Sending, Tasks


class Branching:
    """Main thread. Every command raises `DocstraError`."""

    def __init__(
        self, sending: Sending, sessions: Sessions, tasks: Tasks, answering: Answering, printer: Printer
    ) -> None:
        self._sending = sending
        self._sessions = sessions
        self._tasks = tasks
        self._answering = answering
        self._printer = printer
        self.handlers: Mapping[str, Callable[[CommandLine], None]] = {
            "retry": self.retry,
            "edit": self.edit,
            "other": self.other,
            "turn": self.tell,
            "delete": self.delete,
            "undo": self.undo,
        }

    def retry(self, line: CommandLine) -> None:
        """Another answer to a question."""
        session = self._sessions.now
        turn_id, _ = branching.turn_at(session, line.text)
        request = session.branches.retry(turn_id)
        if self._sending.may_send():
            self._printer.line(f"> {request.shown}", "mark")
            if same := branching.says_the_same(session, turn_id):
                self._printer.line(same, "note")
            self._answering.ask((request,), f"/retry {line.text}".strip())
            self._say_place()

    def edit(self, line: CommandLine) -> None:
        """Another question in the place of one, or that one to be written anew."""
        session = self._sessions.now
        number, words = branching.number_and_words(line.text)
        turn_id, _ = branching.turn_at(session, number)
        editing = self._answering.queue.editing = branching.begin_editing(session, turn_id)
        if words:
            try:
                self._ask(words, editing.line(words))
            finally:
                self.leave_edit()  # what is not sent comes back as the whole command
            self._say_place()
        else:
            self._answering.unsent = editing.was
            words = editing.words[:1].upper() + editing.words[1:]
            self._printer.line(f"{words}, Ctrl+C leaves it.", "note")

    def _ask(self, words: str, typed: str) -> None:
        """A question, or a task, that was written behind the command."""
        line = parse(words, "chat")
        if line is None:
            self._tasks.ask(question_of(words), typed)
        elif line.command.name in TASKS:
            self._tasks.start(line, typed)
        else:
            raise UsageError(f"/{line.command.name} asks nothing.", "Write a question behind /edit.")

    def leave_edit(self) -> None:
        """The question that is written anew stays as it is."""
        self._answering.queue.editing = None

    def tell(self, line: CommandLine) -> None:
        """What a turn was sent with, and what came of it."""
        from docstra_tui.workspace.turns.details import details, lines, title_of

        session = self._sessions.now
        turn_id, number = branching.turn_at(session, line.text)
        rows = details(session.branches.find(turn_id))
        self._printer.line(title_of(number, len(session.branches.numbers)), "mark")
        for one in lines(rows):
            self._printer.line(one)

    def other(self, line: CommandLine) -> None:
        """The next of the turns in the place of one."""
        session = self._sessions.now
        turn_id, _ = branching.turn_at(session, line.text)
        following = branching.next_beside(session, turn_id)
        session.branches.show_turn(following)
        self._sessions.show_turn(session.branches.find(following))
        self._printer.line(branching.place_of(session, following), "note")
        self._sessions.path_changed()

    def delete(self, line: CommandLine) -> None:
        """One turn less."""
        session = self._sessions.now
        turn_id, number = branching.turn_at(session, line.text)
        session.branches.delete(turn_id)
        self._printer.line(branching.deleted(number), "note")
        self._sessions.path_changed()

    def undo(self, line: CommandLine) -> None:
        """What was deleted last comes back."""
        session = self._sessions.now
        turn = session.branches.undo()
        words = branching.undone(session, turn.id) if turn is not None else branching.NOTHING_DELETED
        self._printer.line(words, "note")
        self._sessions.path_changed()

    def _say_place(self) -> None:
        """Which of the turns in its place the last one is."""
        session = self._sessions.now
        numbers = session.branches.numbers
        if numbers and len(session.branches.beside(numbers[-1])) > 1:
            self._printer.line(f"{branching.place_of(session, numbers[-1])} · /other shows the next", "note")
