"""The app in terminals of every size."""

from __future__ import annotations

import pytest

from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (120, 40), (300, 100)])
async def test_it_works_at_every_size(make_app, backend, size):
    backend.llm.enqueue("An answer.")
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await ask(pilot, "Why?")
        await until(pilot, lambda: not app.main.turns.queue.busy and len(backend.llm.calls) == 1)
        if size >= (40, 10):
            await until(pilot, lambda: "An answer." in screen_text(app))


async def test_under_80_columns_the_tree_is_an_overlay(make_app):
    app = make_app()
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        assert "README.md" not in screen_text(app)
        await pilot.press("f2")
        await until(pilot, lambda: "README.md" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "README.md" not in screen_text(app))


@pytest.mark.parametrize("size", [(19, 10), (19, 4), (40, 4), (1, 1)])
async def test_a_tiny_terminal_says_so_and_still_quits(make_app, size):
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await is_ready(pilot)
        app.main.dialogs.warn("Something else to know.")
        await until(pilot, lambda: "Something else" in screen_text(app))
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: app.main.has_class("-tiny"))
        if size[0] > 10:
            assert "The terminal is too small. Ctrl+Q quits." in " ".join(screen_text(app).split())
        await pilot.press("ctrl+q")
    assert app.return_code == 0
