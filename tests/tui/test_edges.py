"""What stands at the right edge is there whole, whether or not a scroll bar is beside it."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget

from docstra_tui import themes
from docstra_tui.tui.theming.colours import textual_theme
from docstra_tui.tui.widgets.fit_table import FitLine, FitTable
from docstra_tui.tui.widgets.prompt_text import PromptText
from tests.tui.fakes import screen_text


class Alone(App[None]):
    """One widget on a screen of its own."""

    CSS = "FitTable { height: 8; scrollbar-size-vertical: 1; }"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget

    def on_mount(self) -> None:
        for spec in themes.load_all()[0].values():
            self.register_theme(textual_theme(spec))
        self.theme = "lamp"


@pytest.mark.parametrize("size", [(80, 24), (41, 10), (120, 40)])
async def test_the_prompt_loses_no_letter_where_it_is_wrapped(size: tuple[int, int]) -> None:
    text = "".join(f"{number:05d}" for number in range(1_200))
    view = PromptText()
    async with Alone(view).run_test(size=size) as pilot:
        view.show("", "", text)
        await pilot.pause()
        shown, page = "", view.size.height
        for top in range(0, view.virtual_size.height, page):
            view.scroll_to(y=top, animate=False)
            await pilot.pause()
            rows = screen_text(pilot.app).splitlines()[top - view.scroll_offset.y :]
            shown += "".join(row[2:].rstrip(" ▁▂▃▄▅▆▇█") for row in rows)
        assert view.virtual_size.height > page
        assert shown == text


async def test_the_fit_table_shows_its_last_column_beside_the_bar() -> None:
    table = FitTable()
    async with Alone(table).run_test(size=(80, 24)) as pilot:
        table.show([FitLine(f"f{row}.py", "whole", "1,234", "suggested") for row in range(30)])
        await pilot.pause()
        rows = [row for row in screen_text(pilot.app).splitlines() if ".py" in row]
        assert len(rows) == 8 and all("suggested" in row for row in rows)
