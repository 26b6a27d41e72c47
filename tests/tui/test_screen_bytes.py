"""The whole screen, as the bytes a terminal gets: after questions in bursts, notices that come and go,
toasts, sizes, themes and panes, a terminal shows what a repaint of everything would show."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Resize
from textual.geometry import Size

from docstra_tui.llm.answer import Usage
from tests.tui.fakes import is_idle, screen_text, send_bytes, until
from tests.tui.terminal_bytes import TerminalBytes

PIECES = ("It ", "returns **one**. ", "\n\n", "```python\nx = 1\n```\n", "- a\n- b\n", "word " * 40)
SIZES = ((80, 24), (120, 40), (40, 10))
ACTS = ("ask", "burst", "f2", "escape", "pageup", "resize", "theme", "toast", "notice", "clear")


async def act(pilot: Any, what: str, chance: random.Random, terminal: TerminalBytes, backend: Any) -> None:
    app = pilot.app
    if what in ("ask", "burst"):
        await pilot.press("escape")
        for _ in range(1 if what == "ask" else 3):
            backend.llm.enqueue(*chance.choices(PIECES, k=chance.randrange(1, 9)), usage=Usage(10, 5, 0))
            send_bytes(app, b"and now?\r" if chance.random() < 0.5 else b"hello\r")
    elif what == "resize":
        size = chance.choice(SIZES)
        terminal.resize(*size)
        await pilot.resize_terminal(*size)
    elif what == "theme":
        app.theme = chance.choice(("lamp", "paper"))
    elif what == "toast":
        app.notify("Something was copied. " * chance.randrange(1, 4), timeout=0.05)
    elif what == "notice":
        app.main.notices.put(chance.choice("ab"), "Something", "is wrong here. " * chance.randrange(1, 9))
    elif what == "clear":
        app.main.notices.clear(chance.choice("ab"))
    else:
        await pilot.press(what)


async def until_painted(
    pilot: Any, terminal: TerminalBytes, is_still: Callable[[], bool] = lambda: True
) -> None:
    """The terminal gets no more, and nothing is left to be sent."""
    before: Any = None
    while before != terminal.cells or not (is_still() and is_idle(pilot.app)):
        before = terminal.cells
        await pilot.pause(0.05)


@pytest.mark.parametrize("seed", range(2))
async def test_a_terminal_shows_what_a_repaint_would_show(make_app: Any, backend: Any, seed: int) -> None:
    chance = random.Random(seed)
    size = SIZES[seed]
    app = make_app()
    terminal = TerminalBytes(app, *size)
    done: list[str] = []
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        runner, view = app.main.turns.queue, app.main.conversation

        def is_still() -> bool:
            works = runner.busy or runner.waiting or runner.is_saving or app._notifications
            return not (works or view._work_timer or view.feed)

        for _ in range(10):
            for what in chance.choices(ACTS, k=2):
                done.append(what)
                await act(pilot, what, chance, terminal, backend)
            await until(pilot, is_still)
            await until_painted(pilot, terminal, is_still)
            assert not terminal.wrong(), done


@pytest.mark.parametrize("sizes", [[(80, 24)], [(40, 10), (80, 24)]], ids=["seen as one", "one by one"])
async def test_a_window_that_is_smaller_for_a_moment_is_whole_again(
    make_app: Any, backend: Any, sizes: list[tuple[int, int]]
) -> None:
    """The size is the same as before when the app looks, but the terminal has dropped what was below."""
    app = make_app()
    terminal = TerminalBytes(app, 80, 24)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await until_painted(pilot, terminal)
        shown = terminal.rows
        terminal.resize(40, 10)
        terminal.resize(80, 24)
        assert terminal.rows != shown

        for size in sizes:
            app.post_message(Resize(Size(*size), Size(*size)))
        await until(pilot, lambda: terminal.rows == shown)


async def test_what_others_wrote_over_the_screen_is_gone_after_a_command(make_app: Any, backend: Any) -> None:
    app = make_app()
    terminal = TerminalBytes(app, 80, 24)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press(*"/redraw")
        await until(pilot, lambda: "❯ /redraw" in screen_text(app))
        await until_painted(pilot, terminal)
        terminal.print_over("\x1b[12;30HBroadcast message from root: down in 5 minutes\r\n\r\n")
        assert any("Broadcast" in row for row in terminal.rows)

        await pilot.press("enter")
        await until(pilot, lambda: not any("Broadcast" in row for row in terminal.rows))
        await until_painted(pilot, terminal)
        assert not terminal.wrong()
