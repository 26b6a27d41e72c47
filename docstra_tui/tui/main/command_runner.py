"""Commands on the screen: from what was typed or chosen in the palette to whoever does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.draft import Draft
from docstra_tui.workspace.command_line import CommandLine, parse, question_of
from docstra_tui.workspace.commands import Command

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen

TASKS = frozenset({"document", "explain", "ask", "examples", "custom"})
"""The commands that become turns."""


class CommandRunner:
    """For the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.handlers: Mapping[str, Callable[[CommandLine], object]] = {
            "files": lambda line: screen.to_files(),
            "drop": self._drop,
            "fit": lambda line: screen.insight.choose_fit(),
            "budget": lambda line: screen.insight.show_budget(),
            "prompt": lambda line: screen.insight.show_prompt(),
            "model": self._model,
            "restart": lambda line: screen.action_restart_engine(),
            "sessions": lambda line: screen.action_sessions(),
            "resume": lambda line: screen.switches.resume(line.text or "last"),
            "new": lambda line: screen.switches.new_session(),
            "theme": self._theme,
            "suspend": lambda line: screen.app.action_suspend_process(),
            "help": lambda line: screen.show_help(commands_first=True),
            "quit": lambda line: screen.app.leave(),
        }
        """Who does a command that is no task; False from one says that it cannot be done now."""

    def take(self, text: str) -> None:
        """Do what was sent from the composer, a command or a question. It stays there until it is done
        or on its way; what is refused stays to be changed."""
        draft = Draft(self._screen.composer, text)
        try:
            line = parse(text, "screen")
            if line is None:
                self._screen.tasks.ask(question_of(text), draft)
            elif line.command.name in TASKS:
                self._screen.tasks.start(line, draft)
            else:
                draft.sent()  # first: what a command shows of the next question is not the command
                if self.handlers[line.command.name](line) is False:
                    draft.composer.put_back(text)
        except UsageError as error:
            draft.composer.put_back(text)
            self._screen.warn(sanitize_line(f"{error.message} {error.hint}")[:300])

    def choose(self, command: Command) -> None:
        """Do what was chosen in the palette."""
        if command.name not in TASKS:
            self.handlers[command.name](CommandLine(command))
        elif command.takes == "files":
            draft = Draft(self._screen.composer, "", is_in_composer=False)
            self._screen.tasks.start(CommandLine(command), draft)
        else:
            self._screen.tasks.ask_words(command)

    def _drop(self, line: CommandLine) -> None:
        screen = self._screen
        if not line.text:
            screen.untick_all()
        elif not screen.untick(line.mentions):
            raise UsageError(f"{line.text} is not ticked.", "What is ticked stands above the tree.")

    def _model(self, line: CommandLine) -> bool | None:
        if line.text:
            return self._screen.switches.take_model(line.text)
        self._screen.switches.choose_model()
        return None

    def _theme(self, line: CommandLine) -> None:
        if line.text:
            self._screen.switches.take_theme(line.text)
        else:
            self._screen.switches.choose_theme()
