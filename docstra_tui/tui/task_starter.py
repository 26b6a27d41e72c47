"""Starting a task: which files, which words, and whether they may leave this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.context.picks import Pick
from docstra_tui.tui.commands import TaskCommand

if TYPE_CHECKING:
    from docstra_tui.tui.screens.main import MainScreen


class TaskStarter:
    """The way from a command to a turn, for the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def start(self, command: TaskCommand, words: str = "") -> None:
        """Run a task over the ticked files, asking for its words first where it needs any."""
        screen = self._screen
        if command.per_file:
            paths = self._files_or_cursor()
            if paths:
                self.send(lambda: screen.desk.run_task(command, words, paths))
            else:
                screen.warn("Tick a file first: F2, then Space.")
        elif words:
            self.send(lambda: screen.desk.run_task(command, words, screen.tree_view.ticked))
        elif command.name == "custom":
            from docstra_tui.tui.custom_request import CustomRequest

            CustomRequest(screen).begin()
        else:
            from docstra_tui.tui.screens.text_prompt import TextPrompt

            screen.app.push_screen(
                TextPrompt(command.asks), lambda text: self.start(command, text) if text else None
            )

    def send(self, send: Callable[[], object]) -> None:
        """Send, after asking once whether questions may go to another host."""
        self._screen.permission.for_host(send)

    def _files_or_cursor(self) -> tuple[str, ...]:
        """The ticked files; where there is none, the one under the cursor becomes ticked."""
        tree = self._screen.tree_view
        row = tree.row
        if not tree.ticked and row is not None and row.kind == "file" and row.can_be_picked:
            tree.set_ticked((Pick(row.path),))
            self._screen.picks.choose(tree.picks)
        return tree.ticked
