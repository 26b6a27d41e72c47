"""What comes to a screen that closes: its widgets are gone before it is, and nothing is wrong with that."""

from __future__ import annotations

from typing import Any

import pytest

from docstra_tui.errors import GenerationFailed
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.tui.screens.budget import BudgetScreen
from docstra_tui.tui.screens.fit import FitScreen
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.screens.prompt import PromptScreen
from docstra_tui.tui.widgets.file_view import FileView, Read
from docstra_tui.tui.widgets.source_view import SourceView
from tests.tui.fakes import until


async def without_widgets(pilot: Any, screen: Any) -> None:
    """As it is while a screen closes."""
    await until(pilot, lambda: pilot.app.screen is screen and bool(list(screen.children)))
    await pilot.pause()
    await screen.query_children("*").remove()
    assert screen.is_mounted


async def test_a_preview_that_closes_takes_what_comes(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        app.main.files.preview("pkg/client.py")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        preview = app.screen
        await without_widgets(pilot, preview)
        preview.post_message(SourceView.LinesChanged())
        preview._source._show(Read("a = 1\n", "python", ("cut",)))
        preview.post_message(FileView.FileShown(("cut",)))
        preview._source._colour()
        preview._source._fail(GenerationFailed("Gone."))
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


@pytest.mark.parametrize("kind", [BudgetScreen, PromptScreen, FitScreen])
async def test_a_dialog_that_closes_takes_what_comes(make_app: Any, kind: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready and app.main.session is not None)
        session = app.main.session
        asked = TurnRequest("ask", "Why?") if kind is FitScreen else "Why?"
        screen = kind(session, asked)
        app.push_screen(screen)
        await without_widgets(pilot, screen)
        screen._fail(GenerationFailed("Gone."))
        if kind is FitScreen:
            screen._show_weighing(1, 2)
            screen._make_room(20)
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
