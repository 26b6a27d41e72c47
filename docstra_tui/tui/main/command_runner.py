"""Commands on the screen: from what was typed or chosen in the palette to whoever does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docstra_tui.errors import UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.dialogs import Dialogs
from docstra_tui.tui.main.tasks import Tasks
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.draft import Draft
from docstra_tui.workspace.command_line import CommandLine, parse, question_of
from docstra_tui.workspace.commands import TASKS, Command, find

Handlers = Mapping[str, Callable[[CommandLine], object]]
"""Who does a command that is no task, by its name; False from one says that it cannot be done now."""


class CommandRunner:
    """What is sent from the composer, and what the palette offers."""

    def __init__(self, composer: Composer, tasks: Tasks, dialogs: Dialogs, handlers: Handlers) -> None:
        self._composer = composer
        self._tasks = tasks
        self._dialogs = dialogs
        self.handlers = handlers

    def take(self, text: str) -> None:
        """Do what was sent from the composer, a command or a question. It stays there until it is done
        or on its way; what is refused stays to be changed."""
        draft = Draft(self._composer, text)
        try:
            line = parse(text, "screen")
            if line is None:
                self._tasks.ask(question_of(text), draft)
            elif line.command.name in TASKS:
                self._tasks.start(line, draft)
            else:
                draft.sent()  # first: what a command shows of the next question is not the command
                if self.handlers[line.command.name](line) is False:
                    self._composer.put_back(text)
        except UsageError as error:
            self._composer.put_back(text)
            self._dialogs.warn(sanitize_line(f"{error.message} {error.hint}")[:300])

    def give(self, name: str) -> None:
        """Do a command that is no task, by its name: a key says so."""
        command = find(name, "screen")
        if command is not None:
            self.choose(command)

    def choose(self, command: Command) -> None:
        """Do what was chosen in the palette."""
        if command.name not in TASKS:
            self.handlers[command.name](CommandLine(command))
        elif command.takes == "files":
            self._tasks.start(CommandLine(command), Draft(self._composer, "", is_in_composer=False))
        else:
            self._tasks.ask_words(command)
