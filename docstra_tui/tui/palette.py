"""The command palette: the tasks and everything else that has no row on the screen.

Texts from outside never get here as markup: Textual parses strings, so hits are `Content`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from docstra_tui.tui.commands import TASK_COMMANDS

Row = tuple[str, str, Callable[[], object]]


class Commands(Provider):
    """Rows for the main screen; none while another screen is in front."""

    async def discover(self) -> Hits:
        for title, help_text, run in self._rows():
            yield DiscoveryHit(Content(title), run, text=title, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, help_text, run in self._rows():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, text=title, help=help_text)

    def _rows(self) -> Iterator[Row]:
        from docstra_tui.tui.screens.main import MainScreen

        if not isinstance(self.screen, MainScreen):
            return
        screen = self.screen
        for command in TASK_COMMANDS:
            yield command.title, command.help, partial(screen.tasks.start, command)
        yield "Switch model", "Hub cache, GGUF files, the starter, or any name", screen.switches.choose_model
        yield "Open session", "Bring an earlier conversation back, with its files", screen.action_sessions
        yield "New session", "Begin an empty conversation", screen.switches.new_session
        yield "Switch theme", "Change the colours", screen.switches.choose_theme
        yield "Budget", "What the next prompt is made of, in tokens", screen.insight.show_budget
        yield (
            "Prompt",
            "The next prompt to the letter: what is reused, what is new",
            screen.insight.show_prompt,
        )
        yield "Fit context", "Files whole, in outline, in part or not at all", screen.insight.choose_fit
        yield "Restart engine", "Load the model again in a fresh process", screen.action_restart_engine
        yield "Untick all files", "Begin with no files", screen.untick_all
        yield (
            "Suspend",
            "Put the app into the background; fg brings it back",
            screen.app.action_suspend_process,
        )
        yield "Keys", "Every key", screen.action_help
        yield "Quit", "Leave; everything is saved and the model stays loaded", screen.app.action_quit
