"""What a terminal shows is what a full repaint would show, whatever happened before."""

from __future__ import annotations

import random
from typing import Any

import pytest

from docstra_tui.tui.transcript import scrolled
from docstra_tui.tui.transcript.layout import answer_chunks
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from tests.tui.fakes import until
from tests.tui.terminal_bytes import TerminalBytes
from tests.tui.transcript.test_places import KINDS
from tests.tui.transcript.test_view import settled

PIECES = (
    "Some words. ",
    "\n\n",
    "## A heading\n\n",
    "```python\nx = 1\n",
    "```\n",
    "- item\n",
    "| a | b |\n|---|---|\n| 1 | a longer cell |\n",
    "a long line of words that is broken at the width of the screen " * 3,
    "> quoted\n",
)
KEYS = (
    "pageup",
    "pagedown",
    "up",
    "down",
    "g",
    "G",
    "left_square_bracket",
    "right_square_bracket",
    "r",
    "v",
    "n",
)
SIZES = ((60, 14), (40, 20), (80, 12))


THEMES = ("lamp", "paper")


async def act(pilot: Any, chance: random.Random, terminal: TerminalBytes) -> str:
    """One thing that a model, a person or a terminal does."""
    view = pilot.app.view
    usual = ["begin", "append", "append", "append", "end", "key", "key", "resize", "older"]
    what = chance.choice([*usual, "search", "theme", "toast", "wait"])
    if what == "begin":
        view.begin_turn(f"Question {chance.randrange(100)}?")
        view.wait("reading…")
    elif what == "append":
        for _ in range(chance.randrange(1, 6)):
            view.append(chance.choice(PIECES))
    elif what == "end":
        view.end_turn(TurnEnding(chance.choice(["done", "cancelled"])))
    elif what == "key":
        await pilot.press(chance.choice(KEYS))
    elif what == "resize":
        size = chance.choice(SIZES)
        terminal.resize(*size)
        await pilot.resize_terminal(*size)
    elif what == "search":
        view.word_search.look_for(chance.choice(["word", "item", ""]))
    elif what == "theme":
        pilot.app.theme = chance.choice(THEMES)
    elif what == "toast":
        pilot.app.notify("Something was copied. " * chance.randrange(1, 5), timeout=0.05)
    elif what == "wait":
        view.wait("reading " * chance.randrange(1, 9))
    elif view.document.turns:
        view.prepend([ShownTurn("Earlier?", "Yes, **earlier**.\n\n- one\n- two")])
    return what


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame and every layout ends after its first step, as on a machine with other work."""
    monkeypatch.setattr(scrolled, "GROW_SECONDS", 0.0)
    monkeypatch.setattr(scrolled, "LAYOUT_SECONDS", 0.0)
    monkeypatch.setattr(answer_chunks, "READ_SECONDS", 0.0)


@pytest.mark.parametrize("seed", range(4))
async def test_no_line_on_the_screen_is_left_from_before(
    make_app: Any, seed: int, request: pytest.FixtureRequest
) -> None:
    if seed % 2:
        request.getfixturevalue("no_time")
    chance = random.Random(seed)
    app = make_app()
    terminal = TerminalBytes(app, 60, 14)
    done: list[str] = []
    async with app.run_test(size=(60, 14)) as pilot:
        app.view.frame_interval = 0.01
        for _ in range(20):
            done.append(await act(pilot, chance, terminal))
            await pilot.pause(0.02)
            while (app.view.feed and app.view._current is not None) or app.view._work_timer is not None:
                await pilot.pause(0.02)
            await settled(pilot)
            assert not terminal.wrong(), done


ANSWERS = KINDS | {
    "empty code in a list": "- a\n- ```\n  ```\n- b\n",
    "empty code": "```\n```\n",
    "words": "It is.\n",
    "two paragraphs": "One.\n\nTwo.\n",
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_an_answer_that_came_whole_is_drawn_also_when_its_height_was_guessed_right(
    make_app: Any, what: str, no_time: None
) -> None:
    """The last frame has no time to lay it out, and the layout after it changes no height."""
    app = make_app()
    terminal = TerminalBytes(app, 60, 20)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.begin_turn("Q")
        await settled(pilot)
        view.append(ANSWERS[what])
        view._frame()
        view.end_turn(TurnEnding())
        while view._work_timer is not None:
            await settled(pilot)
        await settled(pilot)
        assert not terminal.wrong()


async def test_a_line_that_becomes_shorter_leaves_nothing_of_the_longer_one(make_app: Any) -> None:
    """Only the cells that differ are sent, those of the line before among them."""
    app = make_app()
    terminal = TerminalBytes(app, 60, 14)
    async with app.run_test(size=(60, 14)) as pilot:
        app.view.begin_turn("Q")
        app.view.wait("reading or queued, 40 s")
        await settled(pilot)
        assert "reading or queued" in "".join(terminal.rows)
        app.view.append("It.")
        await until(pilot, lambda: any(row.strip() == "It." for row in terminal.rows))
        assert "queued" not in "".join(terminal.rows)
        assert not terminal.wrong()
