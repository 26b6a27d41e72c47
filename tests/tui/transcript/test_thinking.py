"""What a model thinks, in the conversation: folded, live, reframed, in pieces of any size."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.tui.transcript.feed import Feed
from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.workspace import thoughts
from tests.tui.transcript.blocks.test_growing import fragment, lines_of
from tests.tui.transcript.drawn import looks
from tests.tui.transcript.test_view import settled, until

WIDTH = 40
DONE = TurnEnding(thinking_s=12.4, thinking_tokens=340)


def turn_of(thinking: str, answer: str = "A", ending: TurnEnding = DONE) -> Turn:
    turn = Turn("Q", (), answer, ending, thinking)
    turn.lay(WIDTH, 0, 10_000, 60)
    return turn


def rows_of(turn: Turn, width: int = WIDTH) -> list[str]:
    return [turn.line(row).text.rstrip() for row in range(turn.height(width))]


class Clock:
    """Seconds that a test lets go by."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(thoughts, "time", clock)
    return clock


# One line, or all of it


def test_it_is_one_line_until_it_is_unfolded() -> None:
    turn = turn_of("\nFirst this.\n\n  Then that.\n\n", "Answer.")
    assert rows_of(turn) == ["", "▌ Q", "", "▸ Thought for 12 s · 340 tokens", "", "Answer."]
    turn.fold(is_folded=False)
    assert rows_of(turn)[3:] == [
        "▾ Thought for 12 s · 340 tokens",
        "│ First this.",
        "│",
        "│   Then that.",
        "",
        "Answer.",
    ]
    turn.fold(is_folded=True)
    assert rows_of(turn)[3:] == ["▸ Thought for 12 s · 340 tokens", "", "Answer."]


def test_without_figures_its_words_are_counted() -> None:
    assert rows_of(turn_of("one two", ending=TurnEnding()))[3] == "▸ Thought · 2 words"
    assert rows_of(turn_of("one", ending=TurnEnding(thinking_s=0.42)))[3] == "▸ Thought for 0.4 s · 1 word"


def test_where_there_is_little_room_how_much_it_was_goes_first() -> None:
    turn = turn_of("hm")
    assert turn.lay(24, 0, 100, 60)
    assert turn.line(3).text == "▸ Thought for 12 s"


@pytest.mark.parametrize("blank", ["", "\n", " \n\n\t"])
def test_nothing_thought_has_no_line(blank: str) -> None:
    assert rows_of(turn_of(blank)) == ["", "▌ Q", "", "A"]


def test_its_signs_are_no_markdown_and_what_looks_like_it_in_an_answer_is_text() -> None:
    turn = turn_of("**a** `b`\n```\nno code", "<think>no</think> **b**")
    turn.fold(is_folded=False)
    assert rows_of(turn)[4:7] == ["│ **a** `b`", "│ ```", "│ no code"]
    assert rows_of(turn)[-1] == "<think>no</think> b"


def test_no_control_character_of_it_is_ever_drawn() -> None:
    hostile = "a\x1b[2J\x07\x9b31m\u202e\u2066 [b]x[/b] \ud800\tb\r\nc"
    for cuts in (1, 3, 1000):
        turn = Turn("Q")
        for at in range(0, len(hostile), cuts):
            turn.think(hostile[at : at + cuts])
        turn.fold(is_folded=False)
        turn.grow(WIDTH)
        for row in range(turn.height(WIDTH)):
            text = turn.line(row).text.replace("\ud800", "")
            assert text.isprintable()
        assert "\x1b" not in turn.thinking and "\r" not in turn.thinking


# As it comes


def test_its_time_goes_on_until_the_answer_begins(clock: Clock) -> None:
    turn = Turn("Q")
    turn.think("one ")
    turn.grow(WIDTH)
    assert turn.line(3).text == "▸ Thinking… · 1 word"
    clock.now += 3.2
    assert turn.tick()
    assert turn.grow(WIDTH) <= 3
    assert turn.line(3).text == "▸ Thinking… 3 s · 1 word"
    assert not turn.tick()
    turn.think("tw")
    turn.grow(WIDTH)
    assert turn.line(3).text == "▸ Thinking… 3 s · 2 words"
    clock.now += 5
    turn.think("o")
    turn.append("Answer.")
    clock.now += 60
    turn.grow(WIDTH)
    assert not turn.tick()
    assert rows_of(turn)[3:] == ["▸ Thought for 8.2 s · 2 words", "", "Answer."]
    turn.end(TurnEnding(thinking_s=8.1, thinking_tokens=4))
    turn.grow(WIDTH)
    assert turn.line(3).text == "▸ Thought for 8.1 s · 4 tokens"


def test_a_budget_that_went_to_thinking_alone_is_said_below_it() -> None:
    turn = Turn("Q")
    turn.think("hm")
    turn.end(TurnEnding("failed", error="The model used its whole budget for thinking; no answer came."))
    turn.grow(80)
    assert rows_of(turn, 80)[3:] == [
        "▸ Thought for 0.0 s · 1 word",
        "",
        "▌ The model used its whole budget for thinking; no answer came.",
    ]


@given(parts=st.lists(st.tuples(st.sampled_from("ta"), fragment), max_size=30), folded=st.booleans())
@settings(max_examples=150, deadline=None)
def test_in_any_pieces_it_ends_as_if_it_had_come_at_once(parts: list[tuple[str, str]], folded: bool) -> None:
    turn, thinking, answer = Turn("q"), "", ""
    turn.is_folded = folded
    for kind, text in parts:
        if kind == "t":
            turn.think(text)
            thinking += text
        else:
            turn.append(text)
            answer += text
        turn.grow(30)
        lines_of(turn, 30)
    ending = TurnEnding(thinking_s=1.0, thinking_tokens=2)
    turn.end(ending)
    turn.grow(30)
    whole = Turn("q", (), answer, ending, thinking)
    whole.is_folded = folded
    whole.lay(30, 0, 10_000, 60)
    if "\r" not in thinking + answer:  # a line feed may follow one behind another text
        assert rows_of(turn, 30) == rows_of(whole, 30)


@given(pieces=st.lists(st.text("ab \n", max_size=6), max_size=20))
@settings(max_examples=100, deadline=None)
def test_unfolded_while_it_comes_it_ends_in_the_lines_of_the_whole(pieces: list[str]) -> None:
    turn = Turn("q")
    turn.is_folded = False
    for piece in pieces:
        turn.think(piece)
        turn.grow(30)
    turn.end(DONE)
    turn.grow(30)
    whole = Turn("q", (), "", DONE, "".join(pieces))
    whole.is_folded = False
    whole.lay(30, 0, 10_000, 60)
    assert looks([turn.line(y) for y in range(turn.height(30))]) == looks(
        [whole.line(y) for y in range(whole.height(30))]
    )


def test_every_row_has_a_place_that_is_its_own() -> None:
    turns = [turn_of("hm\n" * 20, "text\n\n" * 9), turn_of("hm", "```\nx\n```"), turn_of("", "text")]
    turns[0].fold(is_folded=False)
    for turn in turns:
        for row in range(turn.height(WIDTH)):
            assert turn.row_of(turn.place(row)) == row
        for other in turns:
            for row in range(other.height(WIDTH)):
                assert turn.row_of(other.place(row)) >= 0


# Reframed


def test_what_came_as_the_answer_was_thought(clock: Clock) -> None:
    turn = Turn("Q")
    turn.think("Before. ")
    clock.now += 2
    turn.append("I reason.\r")
    turn.grow(WIDTH)
    turn.reframe()
    assert turn.grow(WIDTH) == 0
    assert (turn.thinking, turn.answer) == ("Before. I reason.\r".replace("\r", "␍"), "")
    assert rows_of(turn)[3:] == ["▸ Thinking… · 3 words", ""]
    turn.append("Visible.")
    turn.end(DONE)
    turn.grow(WIDTH)
    assert rows_of(turn)[3:] == ["▸ Thought for 12 s · 340 tokens", "", "Visible."]


async def test_it_is_folded_at_once_and_the_raw_view_has_it(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.frame_interval = 0.01
        view.begin_turn("Q")
        view.append("I reason\nand reason.")
        await until(pilot, lambda: "and reason." in app.rows or "I reason" in app.rows)
        view.reframe()
        await until(pilot, lambda: "▸ Thinking… · 4 words" in app.rows)
        assert "and reason." not in "".join(app.rows)
        view.append("Visible.")
        view.end_turn(TurnEnding())
        await settled(pilot)
        assert [row for row in app.rows if row] == ["▌ Q", "▸ Thought · 4 words", "Visible."]
        await pilot.press("r")
        await settled(pilot)
        assert [row for row in app.rows if row] == [
            "▌ Q",
            "▾ Thought · 4 words",
            "│ I reason",
            "│ and reason.",
            "Visible.",
        ]


async def test_what_somebody_reads_further_up_is_not_folded_away(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(60, 12)) as pilot:
        view = app.view
        view.frame_interval = 0.01
        view.begin_turn("Q")
        view.append("".join(f"line {number}\n\n" for number in range(60)))
        await until(pilot, lambda: "line 59" in "".join(app.rows))
        await pilot.press("pageup", "pageup")
        await settled(pilot)
        read = [row for row in app.rows if row]
        view.reframe()
        await until(pilot, lambda: not view.feed)
        await settled(pilot)
        assert "▾ Thinking…" in "".join(turn.line(3).text for turn in view.document.turns)
        now = [row.removeprefix("│ ") for row in app.rows]
        assert set(read[:3]) & set(now)


# On the screen


async def test_it_grows_on_the_screen_and_unfolds_while_it_does(make_app: Any, clock: Clock) -> None:
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.frame_interval = 0.01
        view.begin_turn("Q")
        view.wait("reading…")
        await until(pilot, lambda: "reading…" in app.rows)
        view.think("one ")
        await until(pilot, lambda: "▸ Thinking… · 1 word" in app.rows)
        assert "reading…" not in app.rows
        view.wait("reading…")
        clock.now += 4
        await until(pilot, lambda: "▸ Thinking… 4 s · 1 word" in app.rows)
        assert "reading…" not in app.rows
        await pilot.press("enter")
        view.think("two\nthree")
        await until(pilot, lambda: "│ three" in app.rows)
        assert app.rows[3:6] == ["▾ Thinking… 4 s · 3 words", "│ one two", "│ three"]
        view.append("The answer.")
        view.end_turn(TurnEnding())
        await until(pilot, lambda: "The answer." in app.rows)
        assert view.document.turns[0].thinking == "one two\nthree"


async def test_it_can_be_copied_and_is_no_part_of_the_answer(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load(
            [ShownTurn("Q", "A", thinking="a thought that is longer than one row of the screen is " * 3)]
        )
        await settled(pilot)
        await pilot.press("y", "Y")
        await settled(pilot)
        assert [text for _, text in app.copied] == ["A", "Q\n\nA"]
        await pilot.press("enter", "v", "home", "down", "down", "down", "down", "shift+down", "shift+down")
        await pilot.press("y")
        await settled(pilot)
        assert app.copied[-1][1].startswith(
            "a thought that is longer than one row of the screen is a thought"
        )


def test_the_feed_keeps_the_order_and_joins_what_belongs_together() -> None:
    feed = Feed()
    for piece in (Thought("a"), Thought("b"), "c", "d", Reframed(), Reframed(), "e", Thought("f")):
        feed.put(piece)
    assert feed.take() == [Thought("ab"), "cd", Reframed(), Reframed(), "e", Thought("f")]
    assert feed.take() == [] and not feed


def test_ten_thousand_turns_that_thought_are_loaded_without_a_look_at_their_thoughts() -> None:
    turns = [Turn("Q", (), "A", DONE, "hm " * 1000) for _ in range(10_000)]
    document = Document()
    document.load(turns)
    document.lay(document.height - 20, document.height, 5)
    assert sum(bool(turn._thinking and turn._thinking._is_safe) for turn in turns) < 20
