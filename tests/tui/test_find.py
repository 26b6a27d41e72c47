"""Search in files on the screen: what is found, seen beside it and ticked, by keyboard alone."""

from __future__ import annotations

import os

import pytest

from docstra_tui.context.picks import Pick
from docstra_tui.context.search.find.hits import FileHits, Hit, hit_of
from docstra_tui.tui.screens.find import FindScreen
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.widgets.hit_rows import HitRow, row_line
from tests.tui.fakes import screen_text, until
from tests.tui.story import is_ready

CODE = """\
import time

LIMIT = 3

class Retry:
    def sleep(self):
        # Needle here
        time.sleep(1)

    def stop(self):
        return needle
"""


@pytest.fixture
def root(root):
    (root / "pkg" / "retry.py").write_text(CODE)
    (root / os.fsdecode(b"od\xffd.txt")).write_text("x\n" * 50 + "\t\x1b[31mneedle\u202e\n" + "y\n" * 50)
    return root


def is_open(app):
    return isinstance(app.screen, FindScreen)


def row_of(app, words):
    return next((line for line in screen_text(app).splitlines() if words in line), "")


async def test_lines_are_found_seen_and_ticked(make_app, root):
    app = make_app()
    async with app.run_test(size=(130, 36)) as pilot:
        await is_ready(pilot)
        await pilot.press("ctrl+s", *"needl", "enter")  # all in one burst
        await until(pilot, lambda: is_open(app) and "3 lines in 2 files" in screen_text(app))
        await until(
            pilot, lambda: "class Retry" in screen_text(app) and "ticks lines 6-8" in screen_text(app)
        )
        assert "☐  7 # Needle here" in screen_text(app) and "\x1b" not in screen_text(app)

        await pilot.press("space")
        await until(pilot, lambda: app.main.tree_view.picks == (Pick("pkg/retry.py", 6, 8),))
        assert "☑  7 # Needle here" in row_of(app, "# Needle") and "◪ pkg/retry.py" in row_of(
            app, "pkg/retry.py"
        )
        await pilot.press("down", "space", "space", "space")  # and off, and on again
        await until(pilot, lambda: app.main.tree_view.picks[1:] == (Pick("pkg/retry.py", 10, 11),))
        await pilot.press("right_square_bracket", "minus")
        await until(pilot, lambda: "ticks lines 21-81" in screen_text(app))
        await pilot.press("minus", "space")
        await until(pilot, lambda: len(app.main.tree_view.picks) == 3)
        assert app.main.tree_view.picks[-1] == Pick(os.fsdecode(b"od\xffd.txt"), 41, 61)
        assert "od\\377d.txt" in screen_text(app) and "␛[31mneedle⟨U+202E⟩" in screen_text(app)

        await pilot.press("left_square_bracket", "up", "space")  # the file's own row: none of it any more
        await until(pilot, lambda: len(app.main.tree_view.picks) == 1)
        await pilot.press("space")
        await until(pilot, lambda: Pick("pkg/retry.py") in app.main.tree_view.picks)
        assert "☑ 11 return needle" in screen_text(app)

        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen) and "LIMIT" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: is_open(app))
        await pilot.press("escape", *"Why?")
        await until(pilot, lambda: app.screen is app.main and app.main.composer.text == "Why?")


async def test_patterns_and_letters_as_they_are(make_app, root):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"/find -e ^\\s+(def", "enter")
        await until(pilot, lambda: is_open(app) and "no regular expression: missing )" in screen_text(app))
        await pilot.press(*" s|return n)", "enter")
        await until(pilot, lambda: "3 lines in 1 file" in screen_text(app))
        await pilot.press("f8")
        await until(pilot, lambda: "Nothing was found" in screen_text(app))
        await pilot.press("slash", "ctrl+u", *"needle", "f6")
        await until(pilot, lambda: "2 lines in 2 files" in screen_text(app))
        assert "words F8 · this case F6" in screen_text(app)
        await pilot.press("f5")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("f5")
        await until(pilot, lambda: is_open(app) and "2 lines in 2 files" in screen_text(app))
        await pilot.press(*"Needle", "down", "down")  # in place of what stood there
        await until(pilot, lambda: "1 line in 1 file" in screen_text(app))
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: row_of(app, "7 # Needle") != "" and "words F8 · this" in screen_text(app))
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "Needle" not in screen_text(app))


@pytest.mark.parametrize("width", [30, 60, 200])
def test_a_row_is_as_wide_as_it_is_and_shows_what_was_found(width):
    line = "\t" * 3 + "x" * 500 + "\x1b]52;NEEDLE\x07" + "言葉" * 300
    hit = hit_of(line, 12, line.index("NEEDLE"), line.index("NEEDLE") + 6)
    file = FileHits("a/b.py", (hit, Hit(1_000, "z", 0, 1)), 1_000)
    for row in (HitRow(file, hit), HitRow(file, file.hits[1]), HitRow(file, None)):
        for ticked in (None, (), [(10, 12)]):
            drawn = row_line(row, ticked, width)
            assert drawn.cell_length == width and not set("\x1b\x07\t") & set(drawn.plain)
    shown = row_line(HitRow(file, hit), [(10, 12)], width)
    assert "NEEDLE" in shown.plain and "☑   12 " in shown.plain
    assert row_line(HitRow(file, file.hits[1]), [(10, 12)], width).plain.startswith("   ☐ 1000 z")
