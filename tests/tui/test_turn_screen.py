"""The details of a turn on the screen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from textual.app import App

from docstra_tui.session.turns import SavedTurn
from docstra_tui.themes import load_all
from docstra_tui.tui.screens.turn import TurnScreen
from docstra_tui.tui.theming.colours import textual_theme


async def test_the_table_follows_the_window() -> None:
    turn = SavedTurn("?", settings={"fingerprint": "x" * 90}, status="done")
    session: Any = SimpleNamespace(branches=SimpleNamespace(find=lambda _: turn))
    app: App[None] = App()
    app.register_theme(textual_theme(load_all()[0]["lamp"]))
    app.theme = "lamp"
    async with app.run_test(size=(100, 24)) as pilot:
        screen = TurnScreen(session, turn.id, "Question 1 of 1")
        await app.push_screen(screen)
        while not screen._told:
            await pilot.pause(0.01)
        for width in (40, 100):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
            lines = str(screen._rows.content).splitlines()
            assert max(map(len, lines)) < screen._rows.size.width <= width
            assert sum("x" in line for line in lines) > (1 if width == 100 else 3)
            assert all(line.startswith(" " * 13 + "x") for line in lines if line.strip("x ") == "")
