"""The list of offered files, with words that the model says."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from docstra_tui.context.search.index.project import ProjectIndex
from docstra_tui.errors import EngineDied
from docstra_tui.tui.screens.suggestions import SuggestionsScreen
from tests.tui.fakes import FakeBackend, screen_text, until
from tests.tui.story import is_ready
from tests.tui.test_suggestions import indexed as indexed

QUESTION = "Where does a lighthouse stand?"


def paths(app: Any) -> tuple[str, ...]:
    return app.screen.paths if isinstance(app.screen, SuggestionsScreen) else ()


def told(app: Any) -> str:
    return " ".join([screen_text(app), *(f"{toast.message}" for toast in app._notifications)])


async def test_the_model_says_what_else_to_look_for(
    make_app: Any, backend: FakeBackend, indexed: ProjectIndex
) -> None:
    gate = threading.Semaphore(0)
    backend.llm.enqueue("retry\nDELAY\n", gate=gate)
    backend.llm.enqueue(EngineDied("The engine is gone."))
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"/words ", *QUESTION, "enter")
        await until(pilot, lambda: "asking the model for words" in screen_text(app))
        assert "pkg/delays.py" not in paths(app)
        await pilot.press("w")  # it is being asked
        gate.release(2)
        await until(pilot, lambda: "Looked for too: retry, DELAY." in told(app))
        await until(pilot, lambda: "pkg/delays.py" in paths(app) and "pkg/retry.py" in paths(app))
        assert "+ retry, DELAY" in screen_text(app)
        (call,) = backend.llm.calls
        assert call.batch and QUESTION in call.question
        assert "asking the model" not in screen_text(app)

        await pilot.press("w")
        await until(pilot, lambda: "The engine is gone." in told(app))
        assert "pkg/delays.py" in paths(app)  # what was found stays

        await pilot.press("escape")  # the question stands there
        await until(pilot, lambda: not isinstance(app.screen, SuggestionsScreen))
        assert app.main.composer.text == QUESTION


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


async def test_a_question_goes_to_another_machine_only_after_a_yes(
    make_app: Any, indexed: ProjectIndex
) -> None:
    backend = FakeBackend(host="gpu.example:8000")
    backend.llm.enqueue("retry")
    app = make_app(opener=lambda settings: backend)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "waiting for your yes" in screen_text(app))
        await pilot.press(*QUESTION, "ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, SuggestionsScreen))
        await pilot.press("w")
        await until(pilot, lambda: "This leaves the machine" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, SuggestionsScreen))
        assert backend.llm.calls == []
        await pilot.press("w")
        await until(pilot, lambda: "This leaves the machine" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "Looked for too: retry." in told(app))
        assert len(backend.llm.calls) == 1
