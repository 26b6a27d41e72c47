"""The search field and the conversation above it."""

from __future__ import annotations

from textual.app import App, ComposeResult

from docstra_tui.tui.transcript.ending import ShownTurn
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.view import TranscriptView


class SearchApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = TranscriptView()
        self.bar = SearchBar(self.view)

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.bar

    def on_search_requested(self) -> None:
        self.bar.open()


async def test_typing_searches_and_escape_goes_back():
    app = SearchApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.load([ShownTurn("A needle", "one needle"), ShownTurn("Q", "[/b] hay")])
        app.view.focus()
        await pilot.pause()
        await pilot.press("slash", *"needle")
        await pilot.pause()
        assert app.view.match == (2, 2)
        assert str(app.bar._count.render()) == "2 of 2"
        await pilot.press("enter")
        assert app.view.match == (1, 2)
        await pilot.press("down")
        assert app.view.match == (2, 2)
        await pilot.press(*"[/b]")
        await pilot.pause()
        assert str(app.bar._count.render()) == "nothing found"
        await pilot.press("escape")
        await pilot.pause()
        assert app.view.has_focus
        await pilot.press("escape")
        assert app.view.words == ""
