"""What answers, whichever face asks: opened, exchanged, started again, and told to the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docstra_tui import templates
from docstra_tui.errors import DocstraError, EngineError, ModelNotFound
from docstra_tui.session.chat import ChatSession
from docstra_tui.settings import ModelSettings, Settings
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.models.choice import choice_of, switched
from tests.engine.engines import until
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend


class Face:
    """Hears everything at once."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.errors: list[DocstraError] = []

    def model_awaited(self) -> None:
        self.told.append("awaited")

    def model_offered(self, words: str) -> None:
        self.told.append(f"offered {words}".strip())

    def model_admitted(self) -> None:
        self.told.append("admitted")

    def model_wished(self) -> None:
        self.told.append("wished")

    def model_opened(self) -> None:
        self.told.append("opened")

    def model_looked_at(self, before: Status | None) -> None:
        self.told.append("looked at")

    def model_lost(self, error: DocstraError) -> None:
        self.errors.append(error)


class Openers:
    """Opens, or raises, what is enqueued; the last of it for ever."""

    def __init__(self, *found: FakeBackend | Exception) -> None:
        self.found = list(found)
        self.asked: list[Settings] = []

    def __call__(self, settings: Settings) -> Any:
        self.asked.append(settings)
        found = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        if isinstance(found, Exception):
            raise found
        return found


FIRST = Settings(model=ModelSettings(name="org/first"))
Make = Callable[..., AnsweringModel]


@pytest.fixture
def face() -> Face:
    return Face()


@pytest.fixture
def make(face: Face) -> Iterator[Make]:
    made: list[AnsweringModel] = []

    def make_it(*found: FakeBackend | Exception) -> AnsweringModel:
        model = AnsweringModel(FIRST, Openers(*found), lambda call: call())
        model.listener = face
        made.append(model)
        return model

    yield make_it
    for model in made:
        model.close()


def test_the_session_is_told_who_answers(make: Make, tmp_path: Path) -> None:
    first, second = FakeBackend(), FakeBackend()
    second.label = "second"
    model = make(first, second)
    session = ChatSession(FakeLLM(), tmp_path)
    model.answer_in(session)
    assert session.model == "org/first"
    model.open_now()
    until(lambda: model.is_ready)
    assert (session.llm, session.model, session.choice) == (first.llm, "hub/fake", choice_of(FIRST))
    model.open_now(switched(FIRST, "org/second"))
    until(lambda: model.is_ready)
    assert session.llm is second.llm and session.choice == choice_of(model.settings)


def test_a_parked_model_comes_back_at_the_first_key(make: Make) -> None:
    backend = FakeBackend(None, READY, replace(READY, parked=True))
    model = make(backend)
    model.open_now()
    model.typed()
    until(lambda: model.is_ready)
    model.look_now()
    until(lambda: model.status is not None and model.status.parked)
    assert backend.llm.woken == 0
    model.typed()
    model.typed()
    until(lambda: backend.llm.woken == 1)


def test_what_cannot_be_opened_is_what_is_opened_when_one_tries_again(make: Make, face: Face) -> None:
    first, second = FakeBackend(), FakeBackend()
    first.is_running = True
    model = make(first, EngineError("There is no room."), second)
    model.open_now()
    until(lambda: model.is_ready)
    model.open(switched(FIRST, "org/second"))
    until(lambda: bool(face.errors))
    assert not model.is_ready and not model.is_running
    model.restart()
    until(lambda: model.backend is second)
    assert (first.restarts, first.closed) == (0, 1)


def test_one_that_waits_for_it_keeps_what_there_is_where_it_cannot_be_opened(make: Make) -> None:
    first = FakeBackend()
    model = make(first, ModelNotFound("There is none."))
    model.open_now()
    until(lambda: model.is_ready)
    with pytest.raises(ModelNotFound):
        model.open_now(switched(FIRST, "org/second"))
    assert model.settings is FIRST and model.backend is first and model.is_ready
    model.restart()
    until(lambda: first.restarts == 1)


def test_what_was_offered_is_forgotten_with_another_model_and_not_with_a_new_start(make: Make) -> None:
    model = make(FakeBackend())
    model.open_now()
    model.offer(switched(FIRST, "org/offered"), "It was with org/offered.")
    model.restart_now()
    assert model.offered is not None
    model.open_now(switched(FIRST, "org/second"))
    assert model.offered is None


def test_it_has_the_users_own_templates(make: Make) -> None:
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_text("Review this: {words}")
    backend = FakeBackend()
    model = make(backend)
    model.open_now()
    assert "review" in backend.llm.prompt_builder.templates
    assert model.template_error is None


def test_templates_that_cannot_be_read_keep_nothing_from_being_opened(make: Make, face: Face) -> None:
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_bytes(b"\xff\xfe\xff")
    model = make(FakeBackend())
    model.open_now()
    assert "review.txt cannot be read" in str(model.template_error)
    assert "opened" in face.told
