"""Colours on the screen: asked for once, never waited for, never lost again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.theming.code_theme import STYLES
from docstra_tui.tui.transcript import drawn
from docstra_tui.tui.transcript.blocks.look import TOKEN
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.strips import draw_line
from docstra_tui.workspace.colouring import code_colours
from docstra_tui.workspace.colouring.code_colours import CodeColours
from docstra_tui.workspace.colouring.code_kinds import KINDS
from docstra_tui.workspace.colouring.colouring import Take
from docstra_tui.workspace.colouring.process import find_lexer, lines_of
from tests.tui.fakes import until
from tests.tui.transcript.conftest import ViewApp
from tests.tui.transcript.test_view import settled

FENCE = "```python\nx = 1\ny = 2\n```\n\n"


class FakeColouring:
    """Finds the colours in this process, when it may; notes what it was asked."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.asked: list[tuple[str, str]] = []
        self.starts = 0
        self.is_all = True
        self.has_lines = True
        self.is_closed = False

    def start(self) -> None:
        self.starts += 1

    def colour(self, language: str, text: str, take: Take) -> bool:
        self.asked.append((language, text))
        while not self.may.wait(0.05):
            if self.is_closed:
                return False
        if self.has_lines:
            for line in lines_of(find_lexer(language), text):
                take([line])
        return self.is_all

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def colouring() -> Iterator[FakeColouring]:
    fake = FakeColouring()
    yield fake
    fake.close()


@pytest.fixture
def app(colouring: FakeColouring) -> ViewApp:
    app = ViewApp()
    app.view.colours = CodeColours(app.view.call_later, colouring)  # type: ignore[arg-type]
    return app


def kinds(app: ViewApp) -> set[str]:
    """The kinds of words in sight that have a colour."""
    view = app.view
    return {
        KINDS[(look >> TOKEN) - 1]
        for y in range(view.size.height)
        for _, look in view.document.line(view.scroll_offset.y + y).bits
        if look >> TOKEN
    }


def test_every_kind_has_a_style() -> None:
    assert list(STYLES) == list(KINDS)


async def test_growing_code_is_plain_and_a_closed_block_is_one_request(
    app: ViewApp, colouring: FakeColouring
) -> None:
    async with app.run_test(size=(60, 30)) as pilot:
        app.view.frame_interval = 0.01
        app.view.begin_turn("Q")
        await settled(pilot)
        assert not colouring.starts, "nothing is started before there is code"
        for number in range(3):
            for piece in ("``", "`pyth", "on\n", "x = ", "1\ny", " = 2\n", "``"):
                app.view.append(piece)
                await until(pilot, lambda: not app.view.feed)
            assert len(colouring.asked) == min(number, 1)
            app.view.append(f"`\n\nText {number}.\n\n")
            await until(pilot, lambda: "Literal.Number" in kinds(app))
        assert colouring.starts == 1
        assert colouring.asked == [("python", "x = 1\ny = 2")], "what is known is not asked for"


async def test_code_inside_a_list_is_asked_for_once_though_its_item_is_read_again_and_again(
    app: ViewApp, colouring: FakeColouring
) -> None:
    async with app.run_test(size=(60, 30)) as pilot:
        app.view.frame_interval = 0.01
        app.view.begin_turn("Q")
        app.view.append("1. First:\n\n   ```python\n   x = 1\n")
        await until(pilot, lambda: not app.view.feed)
        assert not colouring.asked
        app.view.append("   ```\n")
        await until(pilot, lambda: "Literal.Number" in kinds(app))
        for word in ["and", "then", "a", "few", "more", "words", "of", "the", "same", "item"]:
            app.view.append(f"   {word}\n")
            await until(pilot, lambda: not app.view.feed)
            assert "Literal.Number" in kinds(app)
        assert len(colouring.asked) == 1


async def test_code_that_has_its_colours_is_never_drawn_plain_again(
    app: ViewApp, colouring: FakeColouring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when the next words come, when it is scrolled away and forgotten, nor at another width."""
    plain: list[str] = []
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.frame_interval = 0.01
        app.view.begin_turn("Q")
        app.view.append("- item\n\n  ```python\n  x = 1\n  ```\n")
        await until(pilot, lambda: "Literal.Number" in kinds(app))

        def watched(line: Any, *rest: Any, **options: Any) -> Any:
            if "x = 1" in line.text and not any(look >> TOKEN for _, look in line.bits):
                plain.append(line.text)
            return draw_line(line, *rest, **options)

        monkeypatch.setattr(drawn, "draw_line", watched)
        for number in range(30):
            app.view.append(f"  more {number}\n\n")
            await until(pilot, lambda: not app.view.feed)
        app.view.end_turn(TurnEnding())
        await pilot.resize_terminal(40, 20)
        await settled(pilot)
        app.view.document.turns[0].forget()
        await pilot.press("g")
        await until(pilot, lambda: "Literal.Number" in kinds(app))
        app.view.action_raw()
        app.view.action_raw()
        await settled(pilot)
        assert "Literal.Number" in kinds(app)
        assert plain == [line for line in plain if line.startswith("  ")], "only the raw view is plain"
        assert len(colouring.asked) == 1


async def test_nothing_waits_for_colours(app: ViewApp, colouring: FakeColouring) -> None:
    colouring.may.clear()
    async with app.run_test(size=(60, 30)) as pilot:
        app.view.frame_interval = 0.01
        app.view.begin_turn("Q")
        app.view.append(FENCE)
        await until(pilot, lambda: bool(colouring.asked))
        app.view.append("The answer goes on.")
        await until(pilot, lambda: "The answer goes on." in app.rows)
        assert not kinds(app)
        await settled(pilot)
        app.rendered.clear()
        colouring.may.set()
        await until(pilot, lambda: "Literal.Number" in kinds(app))
        await settled(pilot)
        rows = [y for y, row in enumerate(app.rows) if row.strip() in ("x = 1", "y = 2")]
        assert sorted(set(app.rendered)) == rows, "only the lines of that block are drawn again"


async def test_code_whose_colours_never_come_is_asked_once(app: ViewApp, colouring: FakeColouring) -> None:
    colouring.has_lines = False
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", FENCE)])
        await until(pilot, lambda: bool(colouring.asked))
        for key in ("g", "G", "r", "r"):
            await pilot.press(key)
            await settled(pilot)
        assert len(colouring.asked) == 1
        assert not kinds(app)


async def test_what_could_not_be_asked_is_asked_later(app: ViewApp, colouring: FakeColouring) -> None:
    colouring.has_lines = colouring.is_all = False
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.load([ShownTurn("Q", FENCE)])
        await until(pilot, lambda: bool(colouring.asked))
        for _ in range(3):
            await pilot.press("g")
            await settled(pilot)
        assert len(colouring.asked) == 1, "not at once"
        colouring.has_lines = colouring.is_all = True
        for known in app.view.colours._known.values():
            known.again_at = 0.0
        app.view._recolour()
        await until(pilot, lambda: "Literal.Number" in kinds(app))


async def test_only_code_in_sight_is_asked_for(app: ViewApp, colouring: FakeColouring) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        code = "\n\n".join(f"```python\nx = {n}\n```" for n in range(100))
        app.view.load([ShownTurn(f"Q{n}", code) for n in range(20)])
        await settled(pilot)
        await until(pilot, lambda: "Literal.Number" in kinds(app))
        assert 0 < len(colouring.asked) < 10


def test_only_so_much_is_remembered(colouring: FakeColouring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_colours, "KEPT", 100)
    colours = CodeColours(lambda call: call(), colouring)  # type: ignore[arg-type]
    for number in range(50):
        colours.find("python", f"{number:20}", lambda: None)
    assert len(colours._known) == 5
    assert colours._size == 100
    colours.close()


async def test_a_preview_is_there_at_once_and_gets_its_colours(
    make_app: Callable[..., Any], colouring: FakeColouring, root: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        colours = CodeColours(app.call_later, colouring)  # type: ignore[arg-type]
        colouring.may.clear()
        (root / "a.py").write_text("def f():\n\treturn 'é'\n")
        app.push_screen(PreviewScreen(root, "a.py", 10_000, app.main._file_jobs, colours, tick=lambda *_: ()))
        await until(pilot, lambda: bool(app.screen.query("SourceView")))
        view = app.screen.query_one("SourceView")
        await until(pilot, lambda: bool(view._lines and colouring.asked))
        assert [line.plain for line in view._lines] == ["def f():", "    return 'é'"]
        assert not any(line.spans for line in view._lines)
        colouring.may.set()
        await until(pilot, lambda: all(line.spans for line in view._lines))
        assert [line.plain for line in view._lines] == ["def f():", "    return 'é'"]
        assert {str(span.style) for line in view._lines for span in line.spans} == {
            STYLES["Keyword"],
            STYLES["Name.Function"],
            STYLES["Literal.String"],
        }
        colours.close()
