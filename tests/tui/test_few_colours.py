"""What is seen where a terminal has sixteen colours, eight, or none: as its bytes draw it (pyte)."""

from __future__ import annotations

from collections.abc import Iterator

import pyte
import pytest
from pyte.screens import Char
from rich.console import Console
from textual.command import CommandPalette

from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.workspace.terminal.colour_depth import FEW, NONE
from tests.tui.fakes import Backends, until
from tests.tui.story import is_ready

SIZE = (80, 24)


def drawn(app: DocstraApp) -> list[list[Char]]:
    """The screen of a terminal that got the app's lines."""
    screen = pyte.Screen(*SIZE)
    stream = pyte.Stream(screen)
    console = Console(color_system="standard", force_terminal=True, width=SIZE[0])
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        stream.feed(f"\x1b[{y + 1};1H{strip.render(console)}")
    return [[screen.buffer[y][x] for x in range(SIZE[0])] for y in range(SIZE[1])]


def text_of(row: list[Char]) -> str:
    return "".join(char.data for char in row)


def look_of(char: Char) -> tuple[object, ...]:
    """What is seen: the ink, its ground, and what makes it stand out."""
    ink, ground = (char.bg, char.fg) if char.reverse else (char.fg, char.bg)
    return ink, ground, char.reverse, char.bold, char.underscore


def cells(rows: list[list[Char]], text: str) -> list[Char]:
    """The cells of the first row that has `text`, those of the text only."""
    row = next(row for row in rows if text in text_of(row))
    start = text_of(row).index(text)
    return row[start : start + len(text)]


def unseen(rows: list[list[Char]]) -> Iterator[str]:
    """Signs drawn in the colour of their ground."""
    for row in rows:
        for char in row:
            ink, ground = look_of(char)[:2]
            if char.data.strip() and ink == ground and ink != "default":
                yield char.data


@pytest.fixture(params=[(FEW, "lamp"), (FEW, "paper"), (NONE, "lamp"), (NONE, "paper")], ids=str)
def app(request, root, backend, store):
    colours, theme = request.param
    backend.llm.enqueue("# An answer\n\nwith `code`\n\n```python\nx = 1  # one\n```\n")
    return DocstraApp(Settings(theme=theme), root, Backends(backend), store, colours=colours)


async def test_rows_rules_and_panels_are_seen(app):
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press(*"why?", "enter")
        await until(pilot, lambda: not app.main.turns.queue.busy and "An answer" in shown(app))
        rows = drawn(app)
        assert list(unseen(rows)) == []
        assert any("────" in text_of(row) for row in rows)  # the rule above the composer
        assert any("│" in text_of(row) for row in rows)  # the edge of the files
        assert all(char.reverse for row in (rows[0], rows[-1]) for char in row)

        await pilot.press("f2", "down", "space")  # the tree
        await until(pilot, lambda: "✓" in shown(app))
        chosen = next(row for row in drawn(app) if "☑" in text_of(row))
        assert all(char.reverse for char in chosen[: text_of(chosen).index("│")])
        await pilot.press("t")  # the ticked files above it
        await until(pilot, lambda: app.focused is app.main.parts.ticked_list)
        await pilot.pause()
        assert all(char.reverse for char in cells(drawn(app), "✓"))

        await pilot.press("escape", "@", "p", "k", "g")  # the files that a name may mean
        await until(pilot, lambda: "pkg/client.py" in shown(app))
        await pilot.pause()
        rows = drawn(app)
        assert sum(row[50].reverse for row in rows[1:-1]) == 1
        await pilot.press("escape", *["backspace"] * 4)

        await pilot.press("f4")  # the palette
        await until(pilot, lambda: isinstance(app.screen, CommandPalette) and "Explain" in shown(app))
        await pilot.press("down")
        await pilot.pause(0.1)
        rows = drawn(app)
        assert list(unseen(rows)) == []
        assert [row for row in rows[1:-1] if sum(char.reverse for char in row) > 20]
        assert any("┌" in text_of(row) for row in rows) and any("└" in text_of(row) for row in rows)
        await pilot.press("escape")

        await pilot.press("f1")  # a dialog
        await until(pilot, lambda: "Everywhere" in shown(app))
        assert any("┌" in text_of(row) for row in drawn(app))
        await pilot.press("escape")

        if app.colours == NONE:
            colours = {colour for row in drawn(app) for char in row for colour in (char.fg, char.bg)}
            assert colours == {"default"}


def shown(app: DocstraApp) -> str:
    return "\n".join(text_of(row) for row in drawn(app))
