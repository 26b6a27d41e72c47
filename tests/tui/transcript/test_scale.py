"""Long sessions and long answers: what is done is counted, not timed."""

from __future__ import annotations

import random

import pytest

from docstra_tui.tui.transcript.blocks import regions, verbatim
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.workspace.terminal.pace import Pace
from tests.tui.transcript.test_view import settled, until


async def test_ten_thousand_turns_open_without_reading_them(make_app):
    app = make_app()
    async with app.run_test(size=(80, 30)) as pilot:
        app.view.load([ShownTurn(f"Question {n}", f"Answer **{n}**\n\n- a\n- b") for n in range(10_000)])
        await settled(pilot)
        assert app.view.document.laid < 15
        await pilot.press("g")
        await settled(pilot)
        assert "▌ Question 0" in app.rows
        for _ in range(30):
            await pilot.press("pagedown")
        await settled(pilot)
        assert app.view.document.laid < 200
        await pilot.resize_terminal(50, 20)
        await settled(pilot)
        assert app.view.document.laid < 15


async def test_what_was_looked_at_long_ago_is_forgotten(make_app):
    app = make_app()
    answer = "\n\n".join(f"Line {n}" for n in range(400))
    async with app.run_test(size=(80, 30)) as pilot:
        app.view.load([ShownTurn(f"Q{n}", answer) for n in range(60)])
        for index in range(60):
            app.view.show_row(index, 100)
            await pilot.pause()
        weight = sum(turn.weight for turn in app.view.document.turns)
        assert weight <= 8_000 + 900
        app.view.show_row(0, 1)
        await settled(pilot)
        assert "▌ Q0" in app.rows


def test_finished_blocks_are_laid_out_once(monkeypatch):
    from docstra_tui.tui.transcript.layout import chunk

    drawn: list[str] = []
    original = chunk.DrawnBlock

    def counting(block, width):
        drawn.append(block.kind)
        return original(block, width)

    monkeypatch.setattr(chunk, "DrawnBlock", counting)
    turn = Turn("Q")
    for number in range(300):
        turn.append(f"Paragraph {number}.\n\n")
        turn.grow(80)
    assert len(drawn) <= 300 * 3


def test_a_growing_fence_is_one_block_and_draws_new_lines_only(monkeypatch):
    from docstra_tui.tui.transcript.layout import chunk

    drawn: list[str] = []
    original = chunk.DrawnBlock
    monkeypatch.setattr(
        chunk, "DrawnBlock", lambda block, width: drawn.append(block.kind) or original(block, width)
    )
    turn = Turn("Q")
    turn.append("```python\n")
    for number in range(1000):
        turn.append(f"x = {number}\n")
        turn.grow(80)
    assert len(drawn) <= 2
    assert turn.height(80) > 1000


PATHOLOGICAL = {
    "a line of a megabyte": "x" * 1_000_000,
    "deep quotes": "> " * 1000 + "end",
    "brackets": "[" * 20_000,
    "brackets over lines": ("[" * 100 + "\n") * 600,
    "backticks": "`" * 20_000,
    "stars": "*a **b " * 5_000,
    "deep lists": "".join(" " * (2 * n) + "- a\n" for n in range(300)),
    "a long fence": "```python\n" + "x = 1\n" * 5_000 + "```",
    "a long table": "| a | b |\n|---|---|\n" + "| cell | `code` |\n" * 500,
    "a long list": "- item\n" * 3_000,
    "a long paragraph": "line of words\n" * 3_000,
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_nothing_is_lost_and_no_parse_is_long(name, monkeypatch):
    from docstra_tui.tui.transcript.blocks import markdown

    longest = 0
    parse = markdown.parse_blocks

    def watched(text):
        nonlocal longest
        longest = max(longest, len(text))
        return parse(text)

    monkeypatch.setattr(markdown, "parse_blocks", watched)
    text = PATHOLOGICAL[name]
    turn = Turn("Q", (), text, TurnEnding())
    while not turn.lay(80, 0, 1 << 30, 5):
        pass
    shown = "".join(turn.line(row).text for row in range(turn.height(80)))
    for sign in set(text) - set(" \n`|-*>"):
        assert shown.count(sign) >= text.count(sign)
    assert longest <= regions.SLICE + 200


@pytest.mark.timeout(30)  # minutes, where each space is tried as the end of the one before
@pytest.mark.parametrize("before", ["", ">", "> > ", "- "])
def test_a_line_of_spaces_is_looked_at_once(before):
    assert regions.UNCLEAR.match(before + " " * 200_000)
    assert not regions.UNCLEAR.match(before + " " * 200_000 + "x?")


async def test_a_burst_after_a_stall_is_read_in_slices(make_app):
    app = make_app()
    chance = random.Random(1)
    words = "".join(chance.choice(["word ", "`code` ", "\n\n", "\n- ", "**b** "]) for _ in range(40_000))
    async with app.run_test(size=(80, 30)) as pilot:
        app.view.begin_turn("Q")
        app.view.append(words)
        app.view.append("\n\nTHE END")
        await until(pilot, lambda: "THE END" in app.rows, 100)  # a guard against a hang
        app.view.end_turn(TurnEnding())
        await settled(pilot)
        assert "THE END" in app.rows


async def test_resize_while_streaming(make_app):
    app = make_app()
    async with app.run_test(size=(80, 30)) as pilot:
        app.view.frame_interval = 0.01
        app.view.begin_turn("Q")
        for number in range(60):
            app.view.append(
                f"Paragraph {number} with **some** words that are wrapped.\n\n```py\nx = {number}\n```\n\n"
            )
            if number % 5 == 0:
                await pilot.resize_terminal(30 + number, 10 + number % 20)
        app.view.append("LAST")
        await until(pilot, lambda: "LAST" in app.rows)


def test_frames_wait_for_a_link_that_cannot_follow():
    pace = Pace(0.0)
    assert pace.is_due(0)
    assert not pace.is_due(5)
    assert not pace.is_due(2)
    pace.note(0.2, 0)
    assert not pace.is_due(0)


@pytest.mark.parametrize("text", ["漢字" * 2400, "word " * 960, "x" * 4800], ids=["cjk", "words", "letters"])
@pytest.mark.parametrize("is_whole", [False, True])
def test_a_line_of_many_rows_is_broken_once_however_many_of_them_are_drawn(
    text: str, is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: list[int] = []
    break_text = verbatim.break_text

    def counted(line: str, width: int) -> list[tuple[int, int, str]]:
        broken.append(len(line))
        return break_text(line, width)

    monkeypatch.setattr(verbatim, "break_text", counted)
    turn = Turn("q")
    turn.append("x" * 5_000 + text + ("\n" if is_whole else ""))  # so long that it is no Markdown
    turn.grow(60)
    broken.clear()
    for _ in range(2):
        for row in range(turn.height(60) - 40, turn.height(60)):
            turn.line(row)
    assert len(broken) <= 8, "each row broke the whole line again"


def test_a_frame_lays_out_no_more_than_its_time_allows() -> None:
    """After a stall a megabyte may be waiting: it is taken in over many frames, none of them long."""
    turn = Turn("q")
    turn.append("漢字" * 400_000)
    frames = 0
    while True:
        before = turn.height(80)
        turn.grow(80, seconds=0.0)
        frames += 1
        assert turn.height(80) - before < 400, "one frame took in too much"
        if not turn.is_behind:
            break
    assert frames > 50
