"""The conversation on a screen: frames, scrolling, keys, mouse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.content import Content
from textual.geometry import Offset

from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.scrolled import BELOW
from docstra_tui.tui.widgets.key_line import keys_at
from tests.tui.fakes import screen_text

LONG = "\n\n".join(f"Paragraph {number} of the answer." for number in range(60))
CODE = "Before\n\n```python\n\tx = 1\ny = 2\n```\n\nAfter"


async def until(pilot: Any, condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let the app work until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "\n".join(pilot.app.rows)
        await pilot.pause(0.02)


async def settled(pilot: Any) -> None:
    """Let everything that was asked for be done."""
    for _ in range(3):
        await pilot.pause(0.02)


async def test_question_answer_and_figures_stand_under_each_other(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.begin_turn("What is it?", ["src/a.py"])
        app.view.append("It is **one**")
        app.view.append(" thing.")
        await until(pilot, lambda: "It is one thing." in app.rows)
        app.view.end_turn(TurnEnding(prompt_tokens=1200, completion_tokens=5, ttft_s=0.21, tokens_per_s=41.0))
        await settled(pilot)
        assert [row for row in app.rows if row] == [
            "▌ What is it?",
            "It is one thing.",
            "a.py · 1,200 + 5 tokens · first token 0.2 s · 41 tok/s",
        ]


async def test_a_failed_answer_has_a_card(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.begin_turn("Q")
        app.view.wait("waiting for the model")
        await settled(pilot)
        assert "waiting for the model" in app.rows
        app.view.end_turn(TurnEnding("failed", error="The engine stopped.\x1b", hint="F9 starts it."))
        await settled(pilot)
        assert [row for row in app.rows if row] == ["▌ Q", "▌ The engine stopped.␛", "▌ F9 starts it."]


async def test_pieces_may_come_from_any_thread_and_no_timer_is_left(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.begin_turn("Q")
        threads = [
            threading.Thread(target=lambda: [app.view.append("x") for _ in range(500)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        await until(pilot, lambda: app.view.document.turns[0].answer == "x" * 2000)
        app.view.append("the end")
        app.view.end_turn(TurnEnding())
        assert app.view.document.turns[0].answer.endswith("the end")
        assert app.view._frame_timer is None
        await settled(pilot)
        assert app.view._work_timer is None


async def test_frames_repaint_only_lines_that_differ(make_app):
    app = make_app()
    async with app.run_test(size=(60, 30)) as pilot:
        app.view.begin_turn("Q")
        app.view.append("First paragraph.\n\nSecond")
        await until(pilot, lambda: "Second" in app.rows)
        await settled(pilot)
        app.rendered.clear()
        app.view.append(" grows")
        await until(pilot, lambda: bool(app.rendered))
        assert app.rendered == [5]
        app.rendered.clear()
        frames = app.view.frames
        await pilot.pause(0.4)
        assert app.rendered == [] and app.view.frames == frames


async def test_the_view_scrolls_in_steps(make_app):
    app = make_app()
    async with app.run_test(size=(60, 36)) as pilot:
        app.view.frame_interval = 0.01
        app.view.begin_turn("Q")
        tops = set()
        for number in range(100):
            app.view.append(f"Line {number}\n\n")
            await until(pilot, lambda: not app.view.feed)
            tops.add(app.view.scroll_offset.y)
        await settled(pilot)
        assert "Line 99" in app.rows
        assert len(tops) < 25


async def test_it_follows_only_at_the_end(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.begin_turn("Q")
        app.view.append(LONG)
        await until(pilot, lambda: "Paragraph 59 of the answer." in app.rows)
        await pilot.press("pageup")
        await settled(pilot)
        seen = app.rows
        app.view.append("\n\nMore." * 40)
        await until(pilot, lambda: not app.view.feed)
        await settled(pilot)
        assert app.rows == seen
        await pilot.press("end")
        await settled(pilot)
        assert "More." in app.rows
        app.view.append("\n\nThe very last.")
        await until(pilot, lambda: "The very last." in app.rows)


async def test_there_are_no_empty_lines_below_but_those_an_answer_left(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view

        def spare() -> int:
            return view.virtual_size.height - view.document.height - BELOW

        view.load([ShownTurn("Q", LONG[:400])])
        await settled(pilot)
        height = view.document.height + BELOW
        for rows in (height + 1, height - 2):  # not one by one: it was too high, and is too low
            await pilot.resize_terminal(60, rows)
            await until(pilot, lambda rows=rows: view.size.height == rows)
            await settled(pilot)
        assert (spare(), view.top) == (0, 2)

        view.begin_turn("Q")
        view.append(LONG)
        turn = view.document.turns[-1]
        await until(pilot, lambda: not (view.feed or turn.is_behind))
        while spare() < 4:
            view.append("\n\nMore.")
            await until(pilot, lambda: not view.feed)
        room = view.virtual_size.height
        view.end_turn(TurnEnding())
        await settled(pilot)
        left = spare()
        assert left > 1 and view.virtual_size.height == room  # nothing jumps
        await pilot.resize_terminal(60, height - 3)
        await until(pilot, lambda: view.size.height == height - 3)
        await settled(pilot)
        assert spare() == left - 1

        view.load([ShownTurn("Q", LONG)])
        await settled(pilot)
        assert spare() == 0 and view.is_following


async def test_loaded_turns_open_at_the_end_and_scroll_to_the_first(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn(f"Question {n}", LONG) for n in range(50)])
        await settled(pilot)
        assert "Paragraph 59 of the answer." in app.rows
        await pilot.press("g")
        await settled(pilot)
        assert app.rows[1] == "▌ Question 0"
        for _ in range(10):
            before = [row for row in app.rows if row]
            await pilot.press("pagedown")
            await settled(pilot)
            assert before[-1] in app.rows or before[-2] in app.rows  # nothing was skipped
        await pilot.press("G")
        await settled(pilot)
        for _ in range(10):
            before = [row for row in app.rows if row]
            await pilot.press("pageup")
            await settled(pilot)
            assert before[0] in app.rows or before[1] in app.rows


async def test_another_width_keeps_the_end_in_sight(make_app):
    app = make_app()
    async with app.run_test(size=(100, 20)) as pilot:
        app.view.load([ShownTurn("Q", "word " * 2000 + "LAST")])
        await settled(pilot)
        for width in (60, 40, 25, 90, 20):
            await pilot.resize_terminal(width, 15)
        await settled(pilot)
        assert any("LAST" in row for row in app.rows)
        await pilot.resize_terminal(1, 1)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert any("LAST" in row for row in app.rows)


async def test_turns_and_code_blocks_are_walked_and_copied(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn(f"Q{n}", f"{LONG}\n\n{CODE}" if n else CODE) for n in range(3)])
        await pilot.press("g")
        await settled(pilot)
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert app.rows[0] == "▌ Q1"
        await pilot.press("left_square_bracket")
        await settled(pilot)
        assert "▌ Q0" in app.rows[:2]
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        await settled(pilot)
        assert " python" in [row[:7] for row in app.rows]
        await pilot.press("y")
        await settled(pilot)
        assert app.copied[-1] == ("code", "\tx = 1\ny = 2")
        await pilot.press("Y")
        await settled(pilot)
        assert app.copied[-1] == ("turn", f"Q1\n\n{LONG}\n\n{CODE}")


async def test_keyboard_selection_joins_broken_lines(make_app):
    app = make_app()
    async with app.run_test(size=(34, 20)) as pilot:
        app.view.load([ShownTurn("Q", "one two three four five six seven eight nine ten\n\nend")])
        await settled(pilot)
        await pilot.press("g", "v")
        await settled(pilot)
        while app.view.marks.cursor.row > 3:
            await pilot.press("up")
        while app.view.marks.cursor.row < 3:
            await pilot.press("down")
        await pilot.press("v", "down", "right", "right", "right", "right", "y")
        await settled(pilot)
        assert app.copied == [("selection", "one two three four five six seven")]
        await pilot.press("escape")
        assert app.view.marks.selected is None


async def test_mouse_selection(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", "Hello there.\n\n```py\nx = 1\n```")])
        await settled(pilot)
        y = app.rows.index("Hello there.")
        await pilot.mouse_down(offset=Offset(2 + 6, y))
        await pilot.hover(offset=Offset(2 + 5, y + 3))
        await pilot.mouse_up(offset=Offset(2 + 5, y + 3))
        await settled(pilot)
        assert app.view.selected_text == "there.\n\nx = 1"


async def test_search_goes_round_and_unfolds(make_app):
    app = make_app()
    turns = [
        ShownTurn("Where is Needle?", LONG),
        ShownTurn("Q", f"{LONG}\n\nneedle", thinking="a needle\n"),
    ]
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load(turns)
        await settled(pilot)
        assert app.view.word_search.look_for("needle") == 3
        await settled(pilot)
        assert "needle" in app.rows and app.view.word_search.match == (3, 3)
        await pilot.press("N")
        await settled(pilot)
        assert "│ a needle" in app.rows
        await pilot.press("N")
        await settled(pilot)
        assert "▌ Where is Needle?" in app.rows
        await pilot.press("n")
        assert app.view.word_search.match == (2, 3)
        await pilot.press("slash")
        await settled(pilot)
        assert app.searches == 1
        assert app.view.word_search.look_for("nowhere") == 0


async def test_thinking_folds_by_key_and_click(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", "A")])
        await settled(pilot)
        assert "fold thinking" not in [words for _, words in keys_at(app.view)]
        app.view.load([ShownTurn("Q", "A", thinking="\nhm hm\n")])
        await settled(pilot)
        assert "fold thinking" in [words for _, words in keys_at(app.view)]
        y = app.rows.index("▸ Thought · 2 words")
        await pilot.press("enter")
        await settled(pilot)
        assert "│ hm hm" in app.rows
        await pilot.click(offset=Offset(5, y))
        await settled(pilot)
        assert "▸ Thought · 2 words" in app.rows


async def test_raw_view_shows_exactly_what_was_written(make_app):
    app = make_app()
    text = "# Title\n<think>\n**a**\n\n```py\nx\n```"
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", text)])
        await pilot.press("r")
        await settled(pilot)
        assert "\n".join(app.rows[3:10]) == text
        await pilot.press("r")
        await settled(pilot)
        assert app.rows[3] == "Title"
        app.view.begin_turn("R")
        await pilot.press("r")
        app.view.append("**bo")
        await until(pilot, lambda: "**bo" in app.rows)
        app.view.append("ld**\n\nx")
        app.view.end_turn(TurnEnding())
        await settled(pilot)
        assert "**bold**" in app.rows
        await pilot.press("r")
        await settled(pilot)
        assert "bold" in app.rows


async def test_each_of_two_fences_in_a_list_item_is_walked_to_and_copied_by_itself(make_app):
    app = make_app()
    async with app.run_test(size=(50, 20)) as pilot:
        answer = (
            "1. First:\n\n   ```make\n   all:\n   \tcc x.c\n   ```\n\n   then\n\n   ```sh\n   make\n   ```\n"
        )
        app.view.load([ShownTurn("Q", answer)])
        await settled(pilot)
        for _ in range(2):
            await pilot.press("left_curly_bracket", "y")
            await settled(pilot)
        assert [text for _, text in app.copied] == ["make", "all:\n\tcc x.c"]


async def test_every_question_is_drawn_also_where_nothing_has_to_scroll(make_app):
    app = make_app()
    async with app.run_test(size=(40, 20)) as pilot:
        for number in range(3):
            app.view.begin_turn(f"Why {number}?")
            app.view.append("So.")
            app.view.end_turn(TurnEnding())
            await until(pilot, lambda: f"▌ Why {number}?" in screen_text(app))  # noqa: B023
        assert screen_text(app).count("So.") == 3


async def test_older_turns_are_asked_for_at_the_top(make_app):
    app = make_app()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.load([ShownTurn("Newer", LONG)])
        app.view.has_older = True
        await settled(pilot)
        assert app.older_wanted == 0
        await pilot.press("g")
        await settled(pilot)
        assert app.older_wanted == 1

        app.view.prepend([ShownTurn("Oldest", "A")])
        await settled(pilot)
        assert "▌ Newer" in app.rows
        await pilot.press("g")
        await settled(pilot)
        assert "▌ Oldest" in app.rows

        app.view.drop_first(1)
        await settled(pilot)
        assert [turn.question for turn in app.view.document.turns] == ["Newer"]
        assert app.view.is_following


async def test_welcome_and_themes(make_app):
    app = make_app()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.welcome(Content("Hello [/b] you"))
        await settled(pilot)
        assert "Hello [/b] you" in app.rows
        app.view.load([ShownTurn("Q", "A")])
        await settled(pilot)
        dark = app.view.render_line(1)
        app.theme = "paper"
        await settled(pilot)
        assert app.view.render_line(1) != dark


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (5, 30), (300, 100)])
async def test_any_size_will_do(make_app, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        app.view.load([ShownTurn("Q", f"{LONG}\n\n| a | b |\n|---|---|\n| 漢字漢字 | d |\n\n- x\n\n{CODE}")])
        await settled(pilot)
        await pilot.press("g", "pagedown", "down", "v", "down", "end")
        await settled(pilot)
        assert len(app.rows) >= 1


async def test_who_reads_further_up_sees_the_same_lines_while_a_table_grows(make_app):
    app = make_app()
    async with app.run_test(size=(50, 14)) as pilot:
        app.view.begin_turn("Q")
        rows = "".join(f"| row {n} | some words that are there {n} |\n" for n in range(60))
        app.view.append(f"| a | b |\n|---|---|\n{rows}")
        await until(pilot, lambda: "row 59" in "\n".join(app.rows))
        await pilot.press("pageup", "pageup", "pageup")
        await settled(pilot)
        before = app.rows[0].split("│")[0]
        app.view.append(f"| {'a much longer cell ' * 3} | {'words ' * 20} |\n\nText.\n")
        await until(pilot, lambda: "Text." in app.view.document.turns[-1].answer)
        await settled(pilot)
        await pilot.pause(0.3)
        assert app.rows[0].split("│")[0].split() == before.split()


async def test_unfolding_what_a_model_thought_moves_nothing_that_is_read(make_app):
    app = make_app()
    async with app.run_test(size=(50, 12)) as pilot:
        answer = "\n\n".join(f"Paragraph {n}." for n in range(40))
        app.view.load([ShownTurn("Q", answer, thinking="a thought\n" * 30)])
        await settled(pilot)
        await pilot.press("pageup", "pageup")
        await settled(pilot)
        before = app.rows
        app.view.action_fold()
        await settled(pilot)
        assert app.rows[:6] == before[:6]
        app.view.action_fold()
        await settled(pilot)
        assert app.rows[:6] == before[:6]


async def test_what_fits_is_shown_whole_also_where_more_was_there_before(make_app):
    app = make_app()
    async with app.run_test(size=(60, 12)) as pilot:
        view = app.view
        lines = [f"line {number}\n\n" for number in range(6)]
        view.load([ShownTurn("Why?", "".join(lines), (), TurnEnding())])
        await until(pilot, lambda: view.max_scroll_y > 0)
        view.load([ShownTurn("Why?", "".join(lines[:3]), (), TurnEnding())])
        await until(pilot, lambda: view.document.height + 1 <= view.size.height)
        await until(pilot, lambda: view.max_scroll_y == 0 and view.scroll_y == 0)
