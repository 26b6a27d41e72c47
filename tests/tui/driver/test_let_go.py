"""What was drawn of a widget goes with it."""

from __future__ import annotations

import gc
import weakref

from textual._styles_cache import StylesCache
from textual.app import App
from textual.color import Color
from textual.widgets import Static

from docstra_tui.tui.driver import let_go


async def test_the_drawn_lines_of_a_removed_widget_are_let_go_of() -> None:
    let_go.install()
    app: App[None] = App()
    async with app.run_test() as pilot:
        shown = Static("drawn")
        await app.mount(shown)
        await pilot.pause()
        lines = weakref.ref(shown._styles_cache)
        assert shown._styles_cache._cache, "nothing of it was drawn"

        await shown.remove()
        await app.mount(Static("another"))
        del shown
        await pilot.pause()
        gc.collect()

        assert lines() is None


def test_the_backgrounds_are_textuals() -> None:
    let_go.install()
    base, half = Color(10, 20, 30), Color(200, 100, 0, 0.5)

    inner, outer = StylesCache().get_inner_outer(base, half)

    assert (inner.background, outer.background) == (base + half, base)
