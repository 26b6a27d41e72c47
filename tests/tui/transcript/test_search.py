"""Looking for words in a conversation that is long, that grows, and that is written in Markdown."""

from __future__ import annotations

import time
from typing import Any

import pytest

from docstra_tui.tui.transcript import code_walk, match_rows, searching, word_search
from docstra_tui.tui.transcript.layout.ending import ShownTurn
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.selection import Spot
from tests.tui.transcript.test_view import LONG, settled, until


async def searched(pilot: Any) -> None:
    """Wait until everything was looked at."""
    deadline = time.monotonic() + 30
    await settled(pilot)
    while pilot.app.view.word_search.is_searching:
        assert time.monotonic() < deadline
        await pilot.pause(0.02)
    await settled(pilot)


def current_line(app: Any) -> str:
    """The line in sight in which the current match stands."""
    view = app.view
    top = view.scroll_offset.y
    for y in range(top, top + view.size.height):
        line = view.document.line(y)
        if any(
            view.word_search.is_current(y, first)
            for first, _ in match_rows.cells_of(line, view.word_search.words)
        ):
            return line.text
    return ""


TURNS = [ShownTurn(f"Q{n}", f"{LONG}\n\nneedle {n} here") for n in range(6)]


@pytest.mark.parametrize("change", ["load", "nothing", "prepend", "drop", "drop all"])
async def test_turns_may_change_while_matches_are_walked(make_app, change):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load(TURNS)
        await settled(pilot)
        assert app.view.word_search.look_for("needle") == 6
        match change:
            case "load":
                app.view.load([ShownTurn("Q", "a needle")])
            case "nothing":
                app.view.load([])
            case "prepend":
                app.view.prepend([ShownTurn("older", "needle"), ShownTurn("older", "hay")])
            case "drop":
                app.view.drop_first(4)
            case "drop all":
                app.view.drop_first(6)
        for key in "nNnnNN":
            await pilot.press(key)
        await searched(pilot)
        count = {"load": 1, "nothing": 0, "prepend": 7, "drop": 2, "drop all": 0}[change]
        assert app.view.word_search.match[1] == count
        assert app.view.word_search.match[0] <= count


async def test_earlier_turns_leave_the_match_what_it_was(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load(TURNS)
        await settled(pilot)
        app.view.word_search.look_for("needle")
        await pilot.press("N", "N")
        await settled(pilot)
        assert app.view.word_search.match == (4, 6)
        assert current_line(app) == "needle 3 here"
        app.view.prepend([ShownTurn("older needle", "needle")])
        await searched(pilot)
        assert app.view.word_search.match == (6, 8)
        assert current_line(app) == "needle 3 here"
        await pilot.press("N")
        await settled(pilot)
        assert current_line(app) == "needle 2 here"
        app.view.drop_first(2)
        await searched(pilot)
        await pilot.press("N")
        await settled(pilot)
        assert current_line(app) == "needle 1 here"


async def test_what_came_since_is_found_with_the_next_key(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", "needle 0")])
        await settled(pilot)
        app.view.word_search.look_for("needle")
        app.view.begin_turn("and now?")
        app.view.append("needle 1\n\n")
        await until(pilot, lambda: not app.view.feed)
        await pilot.press("n")
        await settled(pilot)
        assert app.view.word_search.match == (2, 2)
        assert current_line(app) == "needle 1"
        app.view.append("another needle 2\n\n")
        await until(pilot, lambda: not app.view.feed)
        await pilot.press("n")
        await settled(pilot)
        assert app.view.word_search.match == (3, 3)
        app.view.end_turn()
        await pilot.press("n")
        assert app.view.word_search.match == (1, 3)


MARKED = [
    ("a **bold needle** text", "bold needle text"),
    ("a *leaning*, **strong** word", "a leaning, strong word"),
    ("***both*** of them", "both of them"),
    ("the `**options` argument", "the **options argument"),
    ("say ``a ` b`` twice", "say a ` b twice"),
    ("~~gone~~ by now", "gone by now"),
    (r"a snake\_case name", "snake_case name"),
    ("see [the **docs**](http://x) first", "see the docs (http://x) first"),
    ("- one **two** three", "one two three"),
    ("# A **big** title", "A big title"),
    ("> quoted **word** here", "quoted word here"),
    ("| a | b |\n|---|---|\n| `x` y | z |", "x y"),
    ("```py\nf(**a, *b)\n```\n\nthen **bold** it", "then bold it"),
    ("```py\nf(**a, *b)\n```", "f(**a, *b)"),
    ("an open `code and **bold** text", "and bold text"),
]


@pytest.mark.parametrize(("answer", "words"), MARKED)
async def test_words_on_the_screen_are_found_through_markdown(make_app, answer, words):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", f"{LONG}\n\n{answer}\n\n{LONG}"), ShownTurn("Q", LONG)])
        await settled(pilot)
        assert app.view.word_search.look_for(words) == 1
        await settled(pilot)
        assert words in current_line(app)
        assert app.view.word_search.look_for(words.upper() + "!") == 0


async def test_signs_between_the_words_that_are_drawn_are_no_markdown(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)):
        app.view.load([ShownTurn("Q", "```py\na**b\n```\n\n3*4, 2 * x, `c**d`, [not] a link")])
        for words in ("ab", "34", "2  x", "cd", "not a link"):
            assert app.view.word_search.look_for(words) == 0, words
        for words in ("a**b", "3*4", "2 * x", "c**d", "[not] a"):
            assert app.view.word_search.look_for(words) == 1, words


async def test_match_in_a_line_that_was_broken(make_app):
    app = make_app()
    async with app.run_test(size=(34, 20)) as pilot:
        app.view.load(
            [ShownTurn("Q", f"{LONG}\n\none two three four five six seven needle\n\nneedle {LONG}")]
        )
        await settled(pilot)
        assert app.view.word_search.look_for("six seven needle") == 1
        await settled(pilot)
        assert any("four five six" in row for row in app.rows)
        assert app.view.word_search.look_for("needle") == 2
        await pilot.press("N")
        await settled(pilot)
        assert current_line(app) == "seven needle"


def test_capitals_that_become_two_letters_move_nothing():
    search = searching.Search("needle", [Turn("İİİ needle", (), "İ **a** İ Needle", None)])
    assert search.go_on(60)
    assert [match.offset for match in search.matches] == [4, 10]


# Long sessions


def test_one_turn_at_a_time_from_the_newest_on():
    turns = [Turn("Q", (), f"**needle** {n}", None) for n in range(50)]
    search = searching.Search("needle", turns)
    steps = 0
    while not search.go_on(0):
        steps += 1
        found = search.matches
        assert [match.turn for match in found] == turns[50 - len(found) :]
    assert steps >= 49 and search.count == 50


def test_one_very_long_answer_is_searched_in_steps():
    turn = Turn("Q", (), "**a** `b` " * 50_000 + "end", None)
    search = searching.Search("b end", [turn])
    steps = 1
    while not search.go_on(0):
        steps += 1
    assert steps > 50 and search.count == 1


async def test_search_goes_on_by_itself_and_says_so(make_app, monkeypatch):
    monkeypatch.setattr(word_search, "FIRST_SECONDS", 0)
    monkeypatch.setattr(word_search, "SLICE_SECONDS", 0)
    monkeypatch.setattr(word_search, "PAUSE_SECONDS", 0.001)
    app = make_app()
    async with app.run_test(size=(100, 20)) as pilot:
        app.view.load([ShownTurn(f"Q{n}", "a needle" * (n == 40)) for n in range(60)])
        bar = SearchBar(app.view)
        await app.mount(bar)
        bar.open()
        await pilot.pause()
        bar._field.value = "needle"
        bar._search()
        assert app.view.word_search.is_searching and str(bar._count.render()) == "searching…"
        told = set()
        while app.view.word_search.is_searching:
            await pilot.pause(0.001)
            told.add(str(bar._count.render()))
        assert "1 of 1 so far" in told
        await settled(pilot)
        assert str(bar._count.render()) == "1 of 1"
        assert current_line(app) == "a needle"
        bar._field.value = "absent"
        bar._search()
        assert str(bar._count.render()) == "searching…"
        await searched(pilot)
        assert str(bar._count.render()) == "nothing found"


async def test_keys_before_the_search_is_done(make_app, monkeypatch):
    monkeypatch.setattr(word_search, "FIRST_SECONDS", 0)
    monkeypatch.setattr(word_search, "SLICE_SECONDS", 0)
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn(f"Q{n}", "needle" * (n in (3, 7))) for n in range(20)])
        app.view.word_search.look_for("needle")
        for key in ("n", "N", "n"):
            await pilot.press(key)
        await searched(pilot)
        at, count = app.view.word_search.match
        assert count == 2
        await pilot.press("N")
        assert app.view.word_search.match == (3 - at, 2)
        app.view.word_search.look_for("needle")
        await pilot.press("escape")
        await settled(pilot)
        assert (
            app.view.word_search.words == ""
            and app.view.word_search.match == (0, 0)
            and not app.view.word_search.is_searching
        )


async def test_the_newest_of_very_many_are_kept(make_app, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 10)
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        bar = SearchBar(app.view)
        await app.mount(bar)
        app.view.load([ShownTurn("Q", f"needle {n}") for n in range(20)])
        await settled(pilot)
        app.view.word_search.look_for("needle")
        await searched(pilot)
        assert app.view.word_search.match == (10, 10)
        assert str(bar._count.render()) == "10 of 10+"
        assert current_line(app) == "needle 19"
        await pilot.press("n")
        await settled(pilot)
        assert current_line(app) == "needle 10"
        app.view.begin_turn("needle 20")
        await pilot.press("N")
        await settled(pilot)
        assert current_line(app) == "▌ needle 20"
        app.view.load([ShownTurn("Q", "needle\n" * 30 + "\nneedle last")])
        await searched(pilot)
        await pilot.press("N")
        await settled(pilot)
        assert app.view.word_search.match == (10, 10)
        assert current_line(app) == "needle last"


# Thinking


async def test_only_a_match_in_the_thinking_unfolds_it(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", "the needle and <think> as a word, needle", thinking="\na needle\n")])
        await settled(pilot)
        app.view.word_search.look_for("needle")
        await pilot.press("N")
        await settled(pilot)
        assert app.view.word_search.match == (2, 3)
        assert "▸ Thought · 2 words" in app.rows
        assert current_line(app).startswith("the needle")
        await pilot.press("N")
        await settled(pilot)
        assert "▾ Thought · 2 words" in app.rows
        assert current_line(app) == "│ a needle"


# Code


async def test_code_is_not_looked_for_where_no_fence_can_be(make_app, monkeypatch):
    looked = []
    blocks = Turn.blocks
    monkeypatch.setattr(Turn, "blocks", lambda turn, width: looked.append(turn) or blocks(turn, width))
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        turns = [ShownTurn("Q", f"write ```code``` so, or\n```like this```\n\n{LONG}") for n in range(200)]
        app.view.load([ShownTurn("Q", f"> - ```py\n>   x = 1\n>   ```\n\n{LONG}"), *turns])
        await settled(pilot)
        await pilot.press("left_curly_bracket")
        for _ in range(50):
            await pilot.pause(0.02)
            if app.view.marks.block is not None:
                break
        assert app.view.marks.block[0] == 0
        assert app.view.code_walk.marked_code() == "x = 1"
        assert len({id(turn) for turn in looked}) == 1


async def test_code_far_away_is_looked_for_in_slices(make_app, monkeypatch):
    monkeypatch.setattr(code_walk, "SLICE_SECONDS", 0)
    monkeypatch.setattr(code_walk, "PAUSE_SECONDS", 0.001)
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        turns = [ShownTurn("Q", "hm", thinking="```\nno code\n```\n") for n in range(60)]
        app.view.load([ShownTurn("Q", "```py\nx = 1\n```"), *turns])
        await settled(pilot)
        app.view.action_code(-1)
        assert app.view.marks.block is None  # other keys have their turn
        app.view.action_code(-1)
        for _ in range(200):
            await pilot.pause(0.01)
            if app.view.marks.block is not None:
                break
        assert app.view.code_walk.marked_code() == "x = 1"
        assert sum(turn.is_laid(app.view.document.width) for turn in app.view.document.turns) < 30
        app.view.load([ShownTurn("Q", "```py\nx = 1\n```"), *turns])
        await settled(pilot)
        app.view.action_code(-1)
        app.view.action_top()
        app.view.action_line(3)
        await pilot.pause(0.3)
        assert app.view.marks.block is None  # somebody went elsewhere


# The cursor


@pytest.mark.parametrize(("end", "top"), [("G", "g"), ("end", "home")])
async def test_the_cursor_goes_to_the_end_and_the_beginning(make_app, end, top):
    app = make_app()
    async with app.run_test(size=(34, 20)) as pilot:
        app.view.load([ShownTurn(f"Q{n}", f"{n} **is** it.\n\n{LONG}\n\nlast {n}") for n in range(40)])
        await settled(pilot)
        await pilot.press(top, "v", "v", end)
        await settled(pilot)
        view = app.view
        assert view.document.top(view.marks.cursor.turn) + view.marks.cursor.row == view.document.height - 1
        assert "last 39" in app.rows
        assert view.selected_text.endswith("last 39")
        await pilot.press("escape", "v", "v", top)
        await settled(pilot)
        assert view.marks.cursor == Spot(0, 1, 0)
        assert view.scroll_offset.y == 0
        assert view.selected_text.startswith("Q0\n\n0 is it.")
