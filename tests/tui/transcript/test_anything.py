"""Keys, pieces and sizes in any order."""

from __future__ import annotations

import random

import pytest

from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding

KEYS = (
    "up", "down", "pageup", "pagedown", "g", "G", "left_square_bracket", "right_square_bracket",
    "left_curly_bracket", "right_curly_bracket", "v", "shift+down", "shift+up", "y", "Y", "enter", "r", "n",
    "N", "escape",
)  # fmt: skip
VERBS = ("begin", "append", "append", "think", "think", "reframe", "end", "resize", "search", "follow")
TEXT = "text **b**\n\n```py\nx=1\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n- one\n"
PIECES = ("a", "\n\n", "```\n", "- x\n", "word " * 250, "| a | b |\n|---|---|\n", TEXT)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_done_the_end_is_right(make_app, seed):
    chance = random.Random(seed)
    app = make_app()
    async with app.run_test(size=(70, 20)) as pilot:
        view = app.view
        view.frame_interval = 0.01
        view.load(
            [ShownTurn(f"Q{n}", TEXT * chance.randint(0, 8), thinking="x" * (n % 3 == 0)) for n in range(30)]
        )
        for step in range(70):
            match chance.choice((*KEYS, *VERBS)):
                case "begin":
                    view.begin_turn("new?")
                case "append":
                    view.append(chance.choice(PIECES) * chance.randint(1, 30))
                case "think":
                    view.think(chance.choice(PIECES) * chance.randint(1, 30))
                case "reframe":
                    view.reframe()
                case "end":
                    view.end_turn(TurnEnding(chance.choice(["done", "failed", "cancelled"])))
                case "resize":
                    await pilot.resize_terminal(chance.randint(3, 120), chance.randint(2, 40))
                case "search":
                    view.word_search.look_for(chance.choice(["text", "x", "zz"]))
                case "follow":
                    view.follow()
                case key:
                    await pilot.press(key)
            if step % 10 == 0:
                await pilot.pause(0.02)
        view.end_turn()
        await pilot.resize_terminal(80, 24)
        view.begin_turn("The last question")
        view.end_turn(TurnEnding("cancelled"))
        for _ in range(5):
            await pilot.pause(0.02)
        assert "▌ The last question" in app.rows
        assert "stopped" in app.rows
