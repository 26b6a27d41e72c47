"""Starting a task: which files, which words, and whether they may leave this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import find_mentions
from docstra_tui.context.picks import Pick
from docstra_tui.tui.main.draft import Draft
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.commands import Command

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen


class TaskStarter:
    """The way from a question or a task to a turn, for the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def ask(self, text: str, draft: Draft) -> None:
        """Ask about the ticked files and those that the question names."""

        def send() -> None:
            if self._screen.turns.ask(text):
                draft.sent()

        mentions = find_mentions(text)
        self._screen.mentions.tick_named(draft, mentions, lambda named: self.send(send, draft.keep))

    def start(self, line: CommandLine, draft: Draft) -> None:
        """Start a task, asking for its words first where it needs any. Raises `UsageError`."""
        if line.command.takes == "files":
            self._start_files(line, draft)
        elif line.text:
            self._start_words(line, draft)
        else:
            draft.sent()
            self.ask_words(line.command)

    def ask_words(self, command: Command) -> None:
        """Ask for what stands behind a command."""
        if command.name == "custom":
            from docstra_tui.tui.main.custom_request import CustomRequest

            CustomRequest(self._screen).begin()
        else:
            self.prompt(command)

    def prompt(self, command: Command) -> None:
        """Ask in a dialog for the words of a command, and start it with them."""
        from docstra_tui.tui.screens.text_prompt import TextPrompt

        def written(words: str | None) -> None:
            if words:
                draft = Draft(self._screen.composer, f"/{command.name} {words}", is_in_composer=False)
                self._start_words(CommandLine(command, words), draft)

        self._screen.app.push_screen(TextPrompt(command.asks), written)

    def send(self, send: Callable[[], object], refused: Callable[[], object] = lambda: None) -> None:
        """Send, after asking once whether questions may go to another host; `refused` after a no."""
        self._screen.permission.for_host(send, refused)

    def _start_words(self, line: CommandLine, draft: Draft) -> None:
        def send() -> None:
            if self._screen.turns.run_words(line.command, line.text, draft.text):
                draft.sent()
            else:
                draft.keep()

        self._screen.mentions.tick_named(draft, line.mentions, lambda named: self.send(send, draft.keep))

    def _start_files(self, line: CommandLine, draft: Draft) -> None:
        def begin(picks: tuple[Pick, ...]) -> None:
            def send() -> None:
                draft.sent()  # first: what waits stands for it from now on
                self._screen.turns.run_files(line.command, picks)

            self.send(send, draft.keep)

        if line.mentions:
            self._screen.mentions.tick_named(
                draft, line.mentions, lambda named: begin(named.order), must_exist=True
            )
        elif picks := self._ticked_or_cursor():
            begin(picks)
        else:
            self._screen.warn("Tick a file first (F2, then Space), or name it behind the command.")

    def _ticked_or_cursor(self) -> tuple[Pick, ...]:
        """What is ticked; where there is nothing, the file under the cursor becomes ticked."""
        tree = self._screen.tree_view
        row = tree.row
        if not tree.picks and row is not None and row.kind == "file" and row.can_be_picked:
            tree.set_ticked((Pick(row.path),))
            self._screen.picks.choose(tree.picks)
        return tree.picks
