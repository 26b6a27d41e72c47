"""The command palette: every command of the screen, by its title.

Texts from outside never get here as markup: Textual parses strings, so hits are `Content`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, runtime_checkable

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from docstra_tui.tui.main.command_runner import CommandRunner
from docstra_tui.workspace.commands import commands_of

Row = tuple[str, str, Callable[[], object]]


@runtime_checkable
class HasCommands(Protocol):
    """The main screen, and no other."""

    commands: CommandRunner


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
        screen = self.screen
        if not isinstance(screen, HasCommands):
            return
        for command in commands_of("screen"):
            help_text = f"{command.help[:1].upper()}{command.help[1:]}"
            yield command.title, help_text, partial(screen.commands.choose, command)
