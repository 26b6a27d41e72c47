"""Which session goes on: a new one, a saved one with its model, or what was written and not asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui import templates
from docstra_tui.errors import StoreError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import ModelChoice
from docstra_tui.settings import ModelSettings, Settings
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.choice import choice_of
from docstra_tui.workspace.models.no_model import NoModel
from docstra_tui.workspace.sessions.opened import OpenSessions
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.workspace.models.test_answering import Face

CONFIGURED = Settings(model=ModelSettings(name="org/configured"))
OTHER = ModelChoice("", "org/other")
Make = Callable[..., OpenSessions]


@pytest.fixture
def store() -> Iterator[SessionStore]:
    opened = SessionStore()
    yield opened
    opened.close()


@pytest.fixture
def model() -> Iterator[AnsweringModel]:
    backend: Any = FakeBackend()
    made = AnsweringModel(CONFIGURED, backend, lambda call: call())
    made.listener = Face()
    yield made
    made.close()


@pytest.fixture
def make(store: SessionStore, model: AnsweringModel) -> Make:
    def make_it(**options: bool) -> OpenSessions:
        return OpenSessions(store, model, may_leave=lambda *found: False, **options)

    return make_it


def say(store: SessionStore, root: Path, question: str, choice: ModelChoice = OTHER) -> str:
    session = ChatSession(FakeLLM("said"), root, store)
    session.choice = choice
    list(session.ask(question))
    assert session.id is not None
    return session.id


def test_a_session_can_be_begun_before_there_is_a_model(
    make: Make, model: AnsweringModel, tmp_path: Path
) -> None:
    sessions = make()
    session = sessions.fresh(tmp_path)
    assert sessions.use(session) is None and sessions.current is session
    assert isinstance(session.llm, NoModel) and session.model == "org/configured"
    model.open_now()
    assert session.llm is model.llm and session.choice == choice_of(CONFIGURED)


def test_what_the_disk_has_is_let_go_of_and_what_it_lacks_is_not(
    make: Make, model: AnsweringModel, store: SessionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.open_now()
    sessions = make()
    saved, lost, left, now = (sessions.fresh(tmp_path) for _ in range(4))
    for session in (saved, lost):
        list(session.ask("How?"))
    assert store.flush(10)
    lacks = {lost.id}
    monkeypatch.setattr(ChatSession, "is_behind", property(lambda session: session.id in lacks))
    for session in (saved, lost, left, now):
        sessions.use(session)
    assert sessions.all == [lost, left, now]
    lacks.clear()
    sessions.use(saved)
    assert sessions.all == [now, saved]


def test_the_one_before_is_not_forgotten(make: Make, model: AnsweringModel, tmp_path: Path) -> None:
    model.open_now()
    sessions = make()
    first, second = sessions.fresh(tmp_path), sessions.fresh(tmp_path)
    sessions.use(first)
    assert sessions.use(second) is first
    assert sessions.all == [first, second]
    assert second.scale is first.scale, "what was weighed need not be weighed again"


def test_the_list_has_not_the_one_that_was_just_begun(
    make: Make, store: SessionStore, tmp_path: Path
) -> None:
    said = say(store, tmp_path, "Why?")
    sessions = make()
    sessions.use(sessions.fresh(tmp_path))
    assert [one.id for one in sessions.saved(tmp_path)] == [said]


def test_a_session_brings_its_folder_where_the_face_goes_along(
    make: Make, store: SessionStore, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    known = say(store, there, "about there")
    sessions = make()
    found = sessions.find("last", tmp_path, goes_along=True)
    assert (found.session.id, found.session.root) == (known, there) and "the last one, about" in found.note
    with pytest.raises(StoreError):
        sessions.find("last", tmp_path, goes_along=False)
    found = sessions.find(known[:6], tmp_path, goes_along=False)
    assert (found.session.id, found.session.root, found.note) == (known, there, "")


def test_its_model_is_offered_and_not_where_one_was_named_at_the_start(
    make: Make, store: SessionStore, tmp_path: Path
) -> None:
    say(store, tmp_path, "Why?")
    offered = make().find("last", tmp_path, goes_along=False).opening.offered
    assert offered is not None and choice_of(offered) == OTHER
    named = make(is_model_named=True)
    assert named.find("last", tmp_path, goes_along=False, at_start=True).opening.offered is None
    assert named.find("last", tmp_path, goes_along=False).opening.offered is not None


def test_what_was_written_before_anything_was_asked_goes_on(
    make: Make, store: SessionStore, tmp_path: Path
) -> None:
    sessions = make()
    assert sessions.unsent(tmp_path) is None
    before = SessionStore()
    asked = say(before, tmp_path, "Why?")
    ChatSession.resume(FakeLLM(), before, asked).accept("And?")
    before.close()
    assert sessions.unsent(tmp_path) == "Why?"
    before = SessionStore()
    ChatSession(FakeLLM(), tmp_path, before).draft = "half a thought"
    before.close()
    found = sessions.unsent(tmp_path)
    assert isinstance(found, ChatSession) and found.draft == "half a thought"


def test_a_turn_of_the_users_own_template_is_told_again_when_its_session_is_resumed(
    make: Make, store: SessionStore, model: AnsweringModel, tmp_path: Path
) -> None:
    model.open_now()
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_text("Review this: {words}")  # newer than what answers
    llm = FakeLLM("Fine.")
    llm.add_template("review", "Review this: {words}")
    session = ChatSession(llm, tmp_path, store)
    list(session.run(TurnRequest("review", "Review", {"words": "all of it"})))
    found = make().find("last", tmp_path, goes_along=False).session
    answering: Any = model.llm
    answering.enqueue("Because.")
    list(found.ask("Why?"))
    assert "Review this: all of it" in str(answering.calls[0].messages)
