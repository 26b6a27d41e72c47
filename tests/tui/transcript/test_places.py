"""Whoever reads further up stays where they are, whatever becomes of the block they read.

A place is made by one kind of thing and may be handed to another: a paragraph that turns out to be a table,
a line that is too long to be Markdown, a list that becomes code.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.tui.transcript.blocks.drawing import Drawn, DrawnBlock, DrawnLines
from docstra_tui.tui.transcript.blocks.growing import Growing
from docstra_tui.tui.transcript.blocks.leaves import Block
from docstra_tui.tui.transcript.blocks.lines import Line, Place
from docstra_tui.tui.transcript.blocks.regions import LONG_LINE
from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.layout.ending import TurnEnding
from docstra_tui.tui.transcript.layout.turn import Turn
from tests.tui.transcript.blocks.test_growing import SAMPLE, fragment
from tests.tui.transcript.test_view import settled, until

WIDTH = 40
KINDS = {
    "paragraph": "words and more words " * 20,
    "lines": "one\ntwo\nthree\n" * 10,
    "long line": "x" * (2 * LONG_LINE),
    "table": "| a | b |\n|---|---|\n" + "| one | two words |\n" * 20,
    "wide table": "|" + " a |" * 20 + "\n|" + "---|" * 20 + "\n" + ("|" + " b |" * 20 + "\n") * 3,
    "code": "```python\n" + "x = 1\n" * 20 + "```\n",
    "open code": "```\n" + "x = 1\n" * 20,
    "indented": "    x = 1\n" * 20,
    "list": "- item\n" * 20,
    "code in a list": "1. item\n\n   ```sh\n   make\n   ```\n\n   and\n\n   ```sh\n   make\n   ```\n",
    "quote": "> quoted words\n" * 20,
    "deep quote": "> " * 30 + "end\n",
    "rule": "---\n",
    "headings": "# One\n## Two\n### Three\n",
}
odd = st.lists(st.integers(-3, 60), max_size=6).map(tuple)


def blocks_of(text: str, *, ended: bool = True) -> list[Block]:
    growing = Growing()
    growing.feed(text)
    growing.advance(ended=ended)
    return [*growing.blocks, *growing.tail]


def drawn_of(text: str) -> list[Drawn]:
    return [DrawnBlock(block, WIDTH) for block in blocks_of(text)]


DRAWN: list[Drawn] = [drawn for text in KINDS.values() for drawn in drawn_of(text)[:3]]
DRAWN.append(DrawnLines([Line((("a", 0),))]))


def turn_of(text: str) -> Turn:
    turn = Turn("q", (), text, TurnEnding())
    turn.lay(WIDTH, 0, 1 << 30, 60)
    return turn


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_the_places_of_every_other(kind: str) -> None:
    for drawn in DRAWN:
        for row in range(drawn.height):
            assert drawn.row_of(drawn.place(row)) == row
        for other in drawn_of(KINDS[kind])[:3]:
            for row in range(min(60, other.height)):
                assert drawn.row_of(other.place(row)) >= 0


@given(place=odd, index=st.integers(0, len(DRAWN) - 1))
@settings(max_examples=500)
def test_every_kind_takes_any_place(place: Place, index: int) -> None:
    assert DRAWN[index].row_of(place) >= 0


TURNS = [turn_of(text) for text in KINDS.values()]


@given(place=odd, index=st.integers(0, len(TURNS) - 1))
@settings(max_examples=300)
def test_every_turn_takes_any_place(place: Place, index: int) -> None:
    assert TURNS[index].row_of(place) >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_turn_takes_the_places_of_every_other_turn(kind: str) -> None:
    turn = turn_of(KINDS[kind])
    for other in TURNS:
        for row in range(min(80, other.height(WIDTH))):
            assert turn.row_of(other.place(row)) >= 0


def grown_past_every_row(pieces: list[str]) -> None:
    """What is finished stays under the eye of whoever reads it; the rest has some place after each piece."""
    document = Document()
    document.set_width(WIDTH)
    turn = Turn("q")
    document.add(turn)
    document.grow()
    for piece in pieces:
        turn.append(piece)
        rows = document.height
        anchors = [document.anchor(row, 1) for row in range(rows)]
        before = [document.line(row).bits for row in range(rows)]
        finished = turn.finished_row
        document.grow()
        for row, anchor in enumerate(anchors):
            if anchor is None:
                continue
            now = document.top_of(anchor)
            assert now >= 0
            if row < finished:
                assert document.line(now).bits == before[row]


@given(parts=st.lists(st.one_of(fragment, st.sampled_from(list(KINDS.values()))), max_size=25))
@settings(max_examples=120, deadline=None)
def test_whatever_comes_every_row_has_a_place(parts: list[str]) -> None:
    grown_past_every_row(parts)


@pytest.mark.parametrize("size", [1, 3, 17])
def test_a_rich_answer_in_pieces_moves_nothing_that_is_finished(size: int) -> None:
    grown_past_every_row([SAMPLE[at : at + size] for at in range(0, len(SAMPLE), size)])


TURNS_INTO = {
    "a line too long to be Markdown": "Some lines\nabove it.\n" + " ".join(f"w{n}" for n in range(2_000)),
    "a line too long from its beginning": " ".join(f"w{n}" for n in range(2_000)),
    "a table after a paragraph": " ".join(f"w{n}" for n in range(200))
    + "\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "a heading of a table": "| aa bb cc | dd |\n|---|---|\n| 1 | 2 |\n",
}


@pytest.mark.parametrize("what", TURNS_INTO)
def test_the_line_that_is_read_stays_when_its_block_becomes_another(what: str) -> None:
    document = Document()
    document.set_width(WIDTH)
    turn = Turn("q")
    document.add(turn)
    document.grow()
    words = TURNS_INTO[what].split(" ")
    for first in range(0, len(words), 10):
        anchors = [(row, document.anchor(row, 1)) for row in range(document.height)]
        before = {row: document.line(row).text for row in range(document.height)}
        turn.append(" ".join(words[first : first + 10]) + " ")
        document.grow()
        for row, anchor in anchors[:-3]:
            assert anchor is not None
            now = document.line(document.top_of(anchor)).text
            assert now == before[row] or not before[row].strip(), (first, row)


BECOMES = {
    "a long line": ("word " * 999, "word " * 400),
    "a long line below others": ("Some lines.\n" * 3 + "word " * 990, "word " * 400),
    "a table": ("| a | b |\n", "|---|---|\n| 1 | 2 |\n"),
    "a table with a long heading": ("| " + "word " * 300 + "| b |\n", "|---|---|\n| 1 | 2 |\n"),
    "a table below a paragraph": ("word " * 300 + "\n| a | b |", "\n|---|---|\n| 1 | 2 |\n"),
    "code in a list": ("- item\n" * 40, "    code\n" * 20),
}


@pytest.mark.parametrize("what", BECOMES)
async def test_a_block_that_becomes_another_does_not_end_the_app(make_app: Any, what: str) -> None:
    before, then = BECOMES[what]
    app = make_app()
    async with app.run_test(size=(50, 12)) as pilot:
        view = app.view
        view.frame_interval = 0.01
        view.begin_turn("Q")
        view.append(before)
        await until(pilot, lambda: not view.feed)
        for keys in (("up",), ("pageup",), ("g",)):
            await pilot.press(*keys)
            await settled(pilot)
            rows = app.rows
            view.append(then)
            await until(pilot, lambda: not view.feed)
            await settled(pilot)
            if keys == ("g",):
                assert app.rows[:3] == rows[:3]
        view.append("THE END")
        view.end_turn(TurnEnding())
        view.follow()
        await until(pilot, lambda: "THE END" in "".join(app.rows))
