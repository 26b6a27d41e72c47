"""What is seen where a terminal has sixteen colours, eight, or none: as its bytes draw it (pyte)."""

from __future__ import annotations

from collections.abc import Iterator

import pyte
import pytest
from pyte.screens import Char
from rich.console import Console
from textual.command import CommandPalette

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.turns import SavedTurn
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, NONE
from tests.contrast import PALETTES, READABLE, contrast
from tests.tui.fakes import Backends, screen_text, until
from tests.tui.story import is_ready

SIZE = (80, 24)
_NAMES = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
NAMES = (*_NAMES, *(f"bright{name}" for name in _NAMES))
"""The sixteen, as pyte calls them."""


def drawn(app: DocstraApp) -> list[list[Char]]:
    """The screen of a terminal that got the app's lines."""
    screen = pyte.Screen(*SIZE)
    stream = pyte.Stream(screen)
    system = "truecolor" if app.colours > FEW else "standard"
    console = Console(color_system=system, force_terminal=True, width=SIZE[0])
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


def unread(rows: list[list[Char]]) -> set[tuple[str, str, str]]:
    """Pairs of the sixteen that cannot be read in a palette that terminals come with."""
    seen = {look_of(char)[:2] for row in rows for char in row if char.data.isalnum()}
    return {
        (palette, ink, ground)
        for palette, colours in PALETTES.items()
        for ink, ground in seen
        if "default" not in (ink, ground)
        and contrast(colours[NAMES.index(ink)], colours[NAMES.index(ground)]) < READABLE
    }


@pytest.fixture(
    params=[(FEW, "lamp"), (FEW, "paper"), (NONE, "lamp"), (NONE, "paper"), (ALL, "sixteen")], ids=str
)
def app(request, root, backend, store):
    colours, theme = request.param
    backend.llm.enqueue("# An answer\n\nwith `code`\n\n```python\nx = 1  # one\n```\n")
    return DocstraApp(Settings(theme=theme), root, Backends(backend), store, colours=colours)


async def test_rows_rules_and_panels_are_seen(app):
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press(*"why?", "enter")
        await until(pilot, lambda: not app.main.turns.queue.busy and "An answer" in screen_text(app))
        rows = drawn(app)
        assert list(unseen(rows)) == []
        assert unread(rows) == set()  # and every colour has a number
        assert any("────" in text_of(row) for row in rows)  # the rule above the composer
        assert any("│" in text_of(row) for row in rows)  # the edge of the files
        assert all(char.reverse for row in (rows[0], rows[-1]) for char in row)

        await pilot.press("f2", "down", "space")  # the tree
        await until(pilot, lambda: "✓" in screen_text(app))
        chosen = next(row for row in drawn(app) if "☑" in text_of(row))
        assert all(char.reverse for char in chosen[: text_of(chosen).index("│")])
        await pilot.press("t")  # the ticked files above it
        await until(pilot, lambda: app.focused is app.main.parts.ticked_list)
        await pilot.pause()
        assert all(char.reverse for char in cells(drawn(app), "✓"))

        await pilot.press("escape", "@", "p", "k", "g")  # the files that a name may mean
        await until(pilot, lambda: "pkg/client.py" in screen_text(app))
        await pilot.pause()
        rows = drawn(app)
        assert sum(row[50].reverse for row in rows[1:-1]) == 1
        await pilot.press("escape", *["backspace"] * 4)

        await pilot.press("f4")  # the palette
        await until(pilot, lambda: isinstance(app.screen, CommandPalette) and "Explain" in screen_text(app))
        await pilot.press("down")
        await pilot.pause(0.1)
        rows = drawn(app)
        assert list(unseen(rows)) == []
        assert unread(rows) == set()
        assert [row for row in rows[1:-1] if sum(char.reverse for char in row) > 20]
        assert any("┌" in text_of(row) for row in rows) and any("└" in text_of(row) for row in rows)
        await pilot.press("escape")

        await pilot.press("f1")  # a dialog
        await until(pilot, lambda: "Everywhere" in screen_text(app))
        assert any("┌" in text_of(row) for row in drawn(app))
        await pilot.press("escape")

        if app.colours == NONE:
            colours = {colour for row in drawn(app) for char in row for colour in (char.fg, char.bg)}
            assert colours == {"default"}


async def test_no_state_is_told_by_its_colour_alone(root, backend, store):
    session = store.create(str(root), "Org/Fake-1B")
    turn = SavedTurn("why?", answer="It is so, and so.", status="done")
    store.begin_turn(session, turn)
    store.end_turn(turn.id, turn)
    app = DocstraApp(Settings(), root, Backends(backend), store, "last", colours=NONE)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: "It is so, and so." in screen_text(app) and "pkg/" in screen_text(app))
        for severity, corner in (("information", "┌"), ("warning", "┏"), ("error", "╔")):
            app.notify("Something", severity=severity)
            await until(pilot, lambda corner=corner: corner in screen_text(app))
            app.clear_notifications()
            await until(pilot, lambda corner=corner: corner not in screen_text(app))

        assert not any(char.bold for char in cells(drawn(app), " Files"))
        await pilot.press("f2", "down")  # the cursor is in another pane, and in it on another row
        await pilot.pause()
        assert all(char.bold for char in cells(drawn(app), "Files"))
        assert all(char.reverse for char in cells(drawn(app), "README.md"))
        await pilot.press("escape")
        await pilot.pause()
        assert not any(char.reverse for char in cells(drawn(app), "README.md"))

        await pilot.press("f7", *"so", "enter")  # the match that is walked to, and the others
        await until(pilot, lambda: any(char.underscore for char in cells(drawn(app), "It is so, and so.")))
        looks = {(char.reverse, char.underscore) for char in cells(drawn(app), "It is so, and so.")}
        assert len(looks) == 3


@pytest.mark.parametrize(("colours", "theme"), [(FEW, "lamp"), (NONE, "paper")])
async def test_what_became_of_a_reference_is_seen(root, backend, store, colours, theme):
    session = store.create(str(root), "Org/Fake-1B")
    (root / "a.py").write_text("STEP = 1\nNEXT = 2\n")
    said = ("It is `STEP = 1`.", "Not `STEP = 9 + 9`.", "Then `NEXT = 2` (`a.py:1`).", "So `a.py:2`.")
    turn = SavedTurn(
        "where?",
        context=(ContextItem("STEP = 1\nNEXT = 2\n", "a.py"),),
        answer="\n\n".join(said),
        status="done",
    )
    store.begin_turn(session, turn)
    store.end_turn(turn.id, turn)
    app = DocstraApp(Settings(theme=theme), root, Backends(backend), store, "last", colours=colours)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "4 references: 1 ✓, 1 moved" in screen_text(app))
        rows = drawn(app)
        assert list(unseen(rows)) == [] and unread(rows) == set()
        for text, sign, is_bad in (
            ("STEP = 1", "✓", False),
            ("STEP = 9 + 9", "✗", True),
            ("NEXT = 2", "→", True),
            ("a.py:2", "?", False),
        ):
            row = next(row for row in rows if text in text_of(row))
            assert f"│{sign} " in text_of(row)  # told without a colour
            assert all(char.underscore == is_bad for char in cells(rows, text))
        await pilot.press("f6", "left_parenthesis", "left_parenthesis")
        await until(pilot, lambda: "3/4 → NEXT = 2" in screen_text(app))
        await pilot.pause()
        rows = drawn(app)
        marked = {look_of(char) for char in cells(rows, "NEXT = 2")}
        assert not marked & {look_of(char) for char in cells(rows, "STEP = 9 + 9") + cells(rows, "Then")}
        assert list(unseen(rows)) == [] and unread(rows) == set()
        lines = [text_of(row) for row in rows]
        at = next(at for at, line in enumerate(lines) if "3/4 →" in line)
        assert "a.py:2" in lines[at] and "moved to 2 · Enter opens" in lines[at + 1]  # two lines in few cells
