"""While a question is written, files for it are offered; they are ticked by keyboard, and Enter sends it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.context.search.index.building import Progress
from docstra_tui.context.search.index.project import IndexStatus, ProjectIndex
from docstra_tui.context.search.offered import Suggestion
from docstra_tui.settings import Settings
from docstra_tui.tui.main import controllers
from docstra_tui.tui.screens.help import HelpScreen
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.screens.suggestions import SuggestionsScreen
from docstra_tui.tui.widgets.offer_line import OfferLine, compose_offer, short_names
from docstra_tui.workspace.suggesting.offers import Offer
from tests.context.search.indexed import own_index
from tests.tui.fakes import screen_text, send_bytes, until
from tests.tui.story import is_ready

QUESTION = "how is a retry delayed"


@pytest.fixture
def indexed(root: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectIndex:
    """The project's own index, whole from the beginning."""
    (root / "pkg" / "retry.py").write_text("def retry(delay):\n    '''Retry, delayed.'''\n    return delay\n")
    (root / "pkg" / "delays.py").write_text("# How long a retry is delayed\nDELAY = 3\n")
    index = own_index(root)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: lambda: index)
    return index


def list_of(app: Any) -> SuggestionsScreen | None:
    return app.screen if isinstance(app.screen, SuggestionsScreen) else None


def rule(app: Any) -> str:
    """The line above the composer."""
    return screen_text(app).splitlines()[app.main.parts.offer_line.region.y]


async def test_files_are_offered_without_anything_moving_and_ticked_in_a_list(
    make_app: Any, backend: Any, indexed: ProjectIndex
) -> None:
    backend.llm.enqueue("Because.")
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        main = app.main
        places = [main.composer.region, main.conversation.region, main.parts.offer_line.region]
        assert "Ctrl+N" not in rule(app)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "Ctrl+N" in rule(app))
        assert "retry.py" in rule(app) and "delays.py" in rule(app)
        assert places == [main.composer.region, main.conversation.region, main.parts.offer_line.region]
        assert main.tree_view.picks == ()

        await pilot.press("ctrl+n")
        await until(pilot, lambda: list_of(app) is not None and "0 ticked" in screen_text(app))
        screen = list_of(app)
        assert screen is not None and set(screen.paths[:2]) == {"pkg/retry.py", "pkg/delays.py"}
        listed, second = screen.paths, screen.paths[1]
        await until(pilot, lambda: screen._picking.weight(second).count is not None)
        used = main.suggestions.sum.used.tokens
        await until(pilot, lambda: " 1 " in screen_text(app) and "delay" in screen._view._texts[0])
        await pilot.press("space", "down", "space")
        assert screen.paths == listed and main.tree_view.model.ticked == tuple(sorted(listed[:2]))
        weights = [screen._picking.weight(path).count.tokens for path in listed[:2]]
        assert main.suggestions.sum.used.tokens == used + sum(weights) and "2 ticked" in screen_text(app)
        await until(pilot, lambda: main.suggestions.sum.used.is_exact)  # the whole prompt was counted
        await pilot.press("up", "space", "space", "right")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        await pilot.press("q")
        await until(pilot, lambda: list_of(app) is screen)

        await pilot.press("enter")
        await until(pilot, lambda: "Because." in screen_text(app))
        (call,) = backend.llm.calls
        assert "def retry" in call.question and "DELAY = 3" in call.question
        assert main.composer.text == "" and "Ctrl+N" not in rule(app)


async def test_all_of_it_may_come_in_one_burst(make_app: Any, backend: Any, indexed: ProjectIndex) -> None:
    backend.llm.enqueue("Because.")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        send_bytes(app, QUESTION.encode() + b"\x0e \x1b[B \r")
        await until(pilot, lambda: "Because." in screen_text(app))
        assert {item.path for item in app.main.session.context} == {"pkg/retry.py", "pkg/delays.py"}
        assert backend.llm.calls[0].question.endswith(QUESTION)


async def test_an_answer_without_files_names_the_key_which_then_offers_some(
    make_app: Any, backend: Any, indexed: ProjectIndex
) -> None:
    backend.llm.enqueue("No idea.")
    app = make_app()
    async with app.run_test(size=(40, 10), notifications=True) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Write a question first" in " ".join(screen_text(app).split()))
        app.clear_notifications()
        await pilot.press(*QUESTION, "enter")
        await until(pilot, lambda: "Ctrl+N offers files" in " ".join(screen_text(app).split()))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "retry.py" in screen_text(app) and "0 ticked" in screen_text(app))
        assert "Space ticks · Enter back · Esc back" in screen_text(app)
        await pilot.press("space", "enter")
        await until(pilot, lambda: app.screen is app.main)
        assert len(backend.llm.calls) == 1 and len(app.main.tree_view.picks) == 1

        await pilot.press(*"/suggest timeout", "enter")
        await until(pilot, lambda: "config.py" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and app.main.composer.text == "timeout")


class Growing:
    """An index that is being built: it says so, and what it has is as the test says."""

    def __init__(self, index: ProjectIndex) -> None:
        self._index = index
        self.is_complete = False
        self.started = self.stopped = 0

    def start(self) -> None:
        self.started += 1

    def stop(self) -> None:
        self.stopped += 1

    def nudge(self) -> None:
        pass

    def status(self) -> IndexStatus:
        return IndexStatus(4, self.is_complete, not self.is_complete, Progress(40, 100))

    def ask(self, work: Any) -> Any:
        return replace(self._index.ask(work), is_complete=self.is_complete)


async def test_it_says_when_only_a_part_is_known_and_looks_again(
    make_app: Any, indexed: ProjectIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = Growing(indexed)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: lambda: growing)
    app = make_app()
    async with app.run_test(size=(100, 24)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"/help", "enter")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert growing.started == 0  # opening a folder indexes nothing, and a command neither
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "index 40%" in rule(app))
        assert growing.started == 1
        await pilot.click(OfferLine)
        await until(pilot, lambda: "index 40%: there may be more" in screen_text(app))
        growing.is_complete = True
        await until(pilot, lambda: "index 40%" not in screen_text(app))
        await pilot.press("escape", "ctrl+u")
        await until(pilot, lambda: "Ctrl+N" not in rule(app))
        app.main.close_parts()
        assert growing.stopped == 1


def offer(*paths: str, is_complete: bool = True) -> Offer:
    files = tuple(Suggestion(path, "", 1.0, None) for path in paths)
    return Offer("why", files, is_complete, "7%")


def test_the_line_names_as_many_as_there_is_room_for() -> None:
    three = offer("a/client.py", "b/client.py", "c/__init__.py")
    assert compose_offer(three, 80).plain == "Ctrl+N a/client.py · b/client.py · c/__init__.py"
    assert compose_offer(three, 30).plain == "Ctrl+N a/client.py +2"
    assert compose_offer(offer("client.py", is_complete=False), 80).plain == "Ctrl+N client.py · index 7%"
    assert compose_offer(offer("client.py", is_complete=False), 9).plain == "index 7%"
    assert compose_offer(offer(is_complete=False), 80).plain == "index 7%"
    assert compose_offer(offer(), 80).plain == "" == compose_offer(three, 8).plain
    assert short_names(["x\x1b[2J.py", "[red]y.py"]) == [r"$'x\033[2J.py'", "[red]y.py"]
    assert compose_offer(offer("[red]y.py"), 80).plain == "Ctrl+N [red]y.py"


async def test_where_no_index_is_wanted_none_is_made(
    make_app: Any, indexed: ProjectIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = Growing(indexed)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: lambda: growing)
    app = make_app(Settings(index="off"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press(*QUESTION, "ctrl+n")
        await until(pilot, lambda: "the setting index is off" in screen_text(app))
        assert growing.started == 0 and "retry.py" not in rule(app)
