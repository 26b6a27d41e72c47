"""The screens that show what would be sent: its parts, its text, and what can be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen


class Insight:
    """For the main screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def show_budget(self) -> None:
        """The tokens of each part."""
        from docstra_tui.tui.screens.budget import BudgetScreen

        screen = self._screen
        if screen.session is not None:
            screen.app.push_screen(BudgetScreen(screen.session, screen.composer.text))

    def show_prompt(self) -> None:
        """The text as the model reads it."""
        from docstra_tui.tui.screens.prompt import PromptScreen

        screen = self._screen
        if screen.session is not None:
            screen.app.push_screen(PromptScreen(screen.session, screen.composer.text))

    def choose_fit(self) -> None:
        """What is sent of each file and earlier turn."""
        from docstra_tui.session.turn_request import TurnRequest

        screen = self._screen
        if screen.session is not None and not screen.turns.queue.busy:
            text = screen.composer.text
            screen.fit.look(screen.session, TurnRequest("answer_question", text, {"question": text}))
