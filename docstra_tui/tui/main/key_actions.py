"""What the keys of the main screen do. Who does it is made by the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from docstra_tui.tui.main.main_keys import MAIN_KEYS

if TYPE_CHECKING:
    from docstra_tui.tui.main.branching import Branching
    from docstra_tui.tui.main.command_runner import CommandRunner
    from docstra_tui.tui.main.completing import Completing
    from docstra_tui.tui.main.interrupt import Interrupt
    from docstra_tui.tui.main.navigation import Navigation
    from docstra_tui.tui.main.screen_commands import ScreenCommands
    from docstra_tui.tui.main.session_shelf import SessionShelf
    from docstra_tui.tui.main.turns import Turns
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.workspace.model_switch import ModelSwitch


class KeyActions(Screen[None]):
    """A screen with these keys."""

    BINDINGS: ClassVar[list[BindingType]] = MAIN_KEYS

    navigation: Navigation
    composer: Composer
    conversation: TranscriptView
    commands: CommandRunner
    completing: Completing
    turns: Turns
    branching: Branching
    interrupt: Interrupt
    screen_commands: ScreenCommands
    shelf: SessionShelf
    models: ModelSwitch

    def action_tree(self) -> None:
        self.navigation.files_and_back()

    def action_conversation(self) -> None:
        self.navigation.conversation_and_back()

    def action_search(self) -> None:
        self.navigation.search()

    def action_back(self) -> None:
        """To the composer, from wherever; there, close a list, else leave an edit, else stop the answer, else
        forget marks."""
        if text := self.composer.take_enter():  # it came just before: first things first
            self.commands.take(text)
        if not self.navigation.is_at_home:
            self.navigation.leave()
        elif not (self.completing.dismiss() or self.branching.leave_edit() or self.turns.queue.stop()):
            self.conversation.unmark()

    def action_interrupt(self) -> None:
        self.interrupt.act(self.get_selected_text())

    def action_scroll(self, direction: int) -> None:
        if direction < 0:
            self.conversation.scroll_page_up(animate=False)
        else:
            self.conversation.scroll_page_down(animate=False)

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_think(self) -> None:
        self.screen_commands.thinking.step()

    def action_help(self) -> None:
        self.screen_commands.show_help()

    def action_sessions(self) -> None:
        self.shelf.show()

    def action_session_model(self) -> None:
        self.models.take_offered()

    def action_command(self, name: str) -> None:
        """What a command does; a key does it too."""
        self.commands.give(name)
