"""The search field and the conversation above it."""

from __future__ import annotations

import time
from typing import Any

from textual.app import App, ComposeResult

from docstra_tui.tui.transcript.layout.ending import ShownTurn
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.view import TranscriptView
from tests.tui.transcript.test_view import until


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


async def searched(pilot: Any, words: str) -> None:
    """Wait until `words` were looked for."""
    deadline = time.monotonic() + 30
    while pilot.app.view.word_search.words != words:
        assert time.monotonic() < deadline
        await pilot.pause(0.02)


async def test_typing_searches_and_escape_goes_back():
    app = SearchApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.load([ShownTurn("A needle", "one needle"), ShownTurn("Q", "[/b] hay")])
        app.view.focus()
        await pilot.pause()
        await pilot.press("slash", *"needle")
        await searched(pilot, "needle")
        assert app.view.word_search.match == (2, 2)
        assert str(app.bar._count.render()) == "2 of 2"
        await pilot.press("enter")
        assert app.view.word_search.match == (1, 2)
        await pilot.press("down")
        assert app.view.word_search.match == (2, 2)
        await pilot.press(*"[/b]")
        await searched(pilot, "needle[/b]")
        assert str(app.bar._count.render()) == "nothing found"
        await pilot.press("escape")
        await pilot.pause()
        assert app.view.has_focus
        await pilot.press("escape")
        assert app.view.word_search.words == ""


async def test_enter_right_after_the_last_letter_searches_for_all_of_them():
    app = SearchApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.load([ShownTurn("A needle", "one needle"), ShownTurn("Q", "need")])
        app.view.focus()
        await pilot.press("slash", *"needle", "enter")
        assert app.view.word_search.match == (1, 2)


async def test_with_earlier_turns_in_the_store_it_does_not_say_that_there_is_nothing():
    app = SearchApp()
    async with app.run_test(size=(90, 12)) as pilot:
        app.view.load([ShownTurn("Q", "hay\n\n" * 40)])
        app.view.has_older = True
        app.view.focus()
        await pilot.press("slash", *"needle")
        await searched(pilot, "needle")
        told = "nothing found in what is loaded; scroll to the top for more"
        assert str(app.bar._count.render()) == told
        await pilot.resize_terminal(50, 12)
        app.view.prepend([ShownTurn("Q", "hay")])
        await until(pilot, lambda: str(app.bar._count.render()) == "not in what is loaded")
        app.view.has_older = False
        app.view.prepend([ShownTurn("Q", "a needle")])
        await until(pilot, lambda: str(app.bar._count.render()) == "1")
        await pilot.press("enter")
        assert str(app.bar._count.render()) == "1 of 1"
