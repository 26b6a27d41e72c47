"""What is copied is what the model wrote: code with its tabs, and every turn of a selection."""

from __future__ import annotations

import pytest

from docstra_tui.tui.transcript.blocks.code_blocks import codes_in
from docstra_tui.tui.transcript.blocks.growing import Growing
from docstra_tui.tui.transcript.blocks.leaves import Block
from docstra_tui.tui.transcript.blocks.source_lines import SPLIT, SourceLines
from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.selection import Selected, Spot, selected_text
from tests.tui.fakes import until

LONG = "x = '" + "ab\t" * 1_200 + "'"
"""A line of 7,000 cells; one of more than 5,000 characters is no Markdown."""
TABBED = "def f():\n\tif x:\n\t\treturn  # a\tb\n"


def blocks(answer: str, *, ended: bool = True) -> list[Block]:
    growing = Growing()
    growing.feed(answer)
    growing.advance(ended=ended)
    return [*growing.blocks, *growing.tail]


def codes(block: Block) -> str:
    return "\n\n".join(code.text for code in codes_in(block, 60))


def within(code: str, first: str, rest: str, info: str = "py") -> str:
    """A fence around `code` inside something that stands before each line."""
    lines = f"```{info}\n{code}\n```".split("\n")
    return "\n".join((rest if number else first) + line for number, line in enumerate(lines))


@pytest.mark.parametrize(("first", "rest"), [("- ", "  "), ("1. ", "   "), ("> ", "> "), ("> - ", ">   ")])
@pytest.mark.parametrize(
    "code",
    [TABBED, LONG, f"a\n{LONG}\n\n\tb", "", "  indented\n\n"],
    ids=["tabs", "long", "both", "empty", "blank"],
)
def test_code_in_a_list_or_a_quote_is_copied_as_it_was_written(first, rest, code):
    answer = within(code, first, rest) + "\n"
    for block in (*blocks(answer), *blocks(answer, ended=False)):
        assert codes(block) == code


@pytest.mark.parametrize(
    "code", [TABBED, LONG, "y" * (3 * SPLIT), "", "```"], ids=["tabs", "long", "longer", "empty", "signs"]
)
@pytest.mark.parametrize("ended", [True, False])
def test_code_at_the_top_is_copied_as_it_was_written(code, ended):
    closed = f"````py\n{code}\n````\n"
    assert codes(blocks(closed, ended=ended)[0]) == code
    if code != "```":
        is_open = f"````py\n{code}"
        assert codes(blocks(is_open, ended=ended)[0]) == code.removesuffix("\n")


def test_code_behind_an_indented_fence_is_copied_as_it_is_drawn():
    answer = "  ```py\n  a\n  \tb\n c\n      d\n  ```\n"
    block = blocks(answer)[0]
    assert codes(block) == "a\n\tb\nc\n    d"


def test_two_fences_in_one_item_are_two_codes_each_with_its_rows():
    answer = "- Text.\n\n  ```sh\n  \tone\n  ```\n\n  More.\n\n  ```\n  two\n  three\n  ```\n"
    block = blocks(answer)[0]
    assert [code.text for code in codes_in(block, 40)] == ["\tone", "two\nthree"]
    turn = Turn("Q", answer=answer)
    [(found, first, _)] = turn.blocks(40)
    rows = [
        [turn.line(first + row).text for row in range(code.first, code.end)] for code in codes_in(found, 40)
    ]
    assert [[row.strip() for row in part] for part in rows] == [["sh", "one"], ["two", "three"]]


def test_only_lines_that_are_drawn_otherwise_are_kept_twice():
    lines = SourceLines()
    for line in ["plain", "\ttab", "z" * (2 * SPLIT), "größe"]:
        lines.add(line)
    assert list(lines._tabbed.values()) == ["\ttab"]
    assert lines.source == "plain\n\ttab\n" + "z" * (2 * SPLIT) + "\ngröße"


def test_the_beginning_of_a_very_long_line_is_not_lost_where_the_text_ends():
    lines = SourceLines()
    lines.grow("\t" + "w" * (2 * SPLIT))
    assert lines.source == "\t" + "w" * (2 * SPLIT)
    lines.end()
    assert lines.source == "\t" + "w" * (2 * SPLIT)
    assert "".join(lines.lines) == "    " + "w" * (2 * SPLIT)


# Selections


def document(*turns: Turn, width: int = 40) -> Document:
    found = Document()
    found.load(turns)
    found.set_width(width)
    return found


def every_row(of: Document, turn: int = 0) -> Selected:
    of.lay(0, 1 << 30, 60)
    return Selected(Spot(turn, 1, 0), Spot(turn, of.turns[turn].height(of.width) - 1, 1 << 20))


@pytest.mark.parametrize(("first", "mark"), [("", ""), ("- ", "• "), ("> ", "")])
def test_a_selection_of_code_keeps_its_tabs(first, mark):
    rest = first.replace("-", " ")
    answer = f"{first}Text:\n{rest.rstrip(' ')}\n{within(TABBED.strip(), rest, rest)}"
    of = document(Turn("Q", answer=answer))
    text = selected_text(of, every_row(of))
    assert text.split("\n")[0] == "Q" and text.split("\n")[2] == f"{mark}Text:"
    assert text.endswith(f"\n{TABBED.strip()}")


@pytest.mark.parametrize("width", [12, 20, 40, 4_000])
def test_a_selection_of_a_long_line_of_code_is_that_line(width):
    of = document(Turn("Q", answer=f"```\n{LONG}\nnext  line\n```"), width=width)
    assert selected_text(of, every_row(of)) == f"Q\n\n{LONG}\nnext  line"


def test_a_selection_of_a_part_of_a_line_takes_the_tabs_in_it():
    of = document(Turn("Q", answer="```\n\tab\tcd\n```"))
    of.lay(0, 99, 60)
    [row] = [row for row in range(9) if "cd" in of.turns[0].line(row).text]
    cells = {(0, 4): "\t", (5, 6): "ab", (3, 5): "\ta", (6, 8): "b\t", (10, 30): "\tcd", (11, 11): "c"}
    for (first, last), text in cells.items():
        assert selected_text(of, Selected(Spot(0, row, first), Spot(0, row, last))) == text


def test_a_selection_of_a_question_and_of_the_raw_view_keeps_tabs_and_empty_lines():
    question = "Why?\n\n\tdef f(): return " + "1 + " * 20 + "1\n\tend"
    answer = "**So**\n\n\tit  " + "is " * 30 + "said\n\n\tx"
    turn = Turn(question, answer=answer)
    turn.is_raw = True
    of = document(turn, width=30)
    assert selected_text(of, every_row(of)) == f"{question}\n\n{answer}"


def test_every_turn_of_a_selection_is_in_it_whoever_looked_at_it():
    turns = [
        Turn(f"Question {n}?", answer=f"Answer {n}:\n\n```py\n\tx = {n}\n```", ending=TurnEnding())
        for n in range(200)
    ]
    of = document(*turns)
    text = selected_text(of, Selected(Spot(0, 1, 0), Spot(199, 1 << 10, 1 << 10)))
    assert of.laid == 0 and text.startswith("Question 0?\n\nAnswer 0:\n\n\tx = 0\n\nQuestion 1?")
    assert text.endswith("Question 199?\n\nAnswer 199:\n\n\tx = 199")
    for n in range(200):
        assert f"Question {n}?\n\nAnswer {n}:\n" in text and f"\tx = {n}\n" in text + "\n"


def test_a_selection_reaches_into_turns_that_were_forgotten():
    words = "\n\n".join(f"Paragraph {n}." for n in range(30))
    of = document(*(Turn(f"Q{n}", answer=words) for n in range(3)))
    of.lay(0, 1 << 30, 60)
    row = next(row for row in range(99) if "Paragraph 20." in of.turns[0].line(row).text)
    selected = Selected(Spot(0, row, 10), Spot(2, row, 8))
    before = selected_text(of, selected)
    assert before.startswith("20.\n\nParagraph 21.") and before.endswith("Paragraph 19.\n\nParagraph")
    for turn in of.turns:
        turn.forget()
    assert selected_text(of, selected) == before
    assert not of.turns[0].is_laid(of.width)


def test_a_selection_whose_turn_takes_too_long_to_lay_out_has_all_of_it(monkeypatch):
    monkeypatch.setattr("docstra_tui.tui.transcript.selection.LAY_SECONDS", -1.0)
    of = document(Turn("Q0", answer="\n\n".join(f"P{n}." for n in range(2_000))), Turn("Q1", answer="A1"))
    text = selected_text(of, Selected(Spot(0, 1, 0), Spot(1, 1, 9)))
    assert "P0." in text and "P1999." in text and "Q1" in text


async def test_the_key_copies_code_in_a_list_as_it_was_written(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", within(TABBED + LONG, "- ", "  "))])
        await pilot.pause(0.1)
        await pilot.press("g", "right_curly_bracket", "y")
        await until(pilot, lambda: app.copied != [])
        assert app.copied == [("code", TABBED + LONG)]
