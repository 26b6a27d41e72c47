"""A session's model on the screen: opened at once, or offered on one key while what is loaded goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice
from docstra_tui.workspace.models.choice import choice_of
from docstra_tui.workspace.sessions import resuming
from tests.fakes import FakeLLM
from tests.tui.fakes import Backends, FakeBackend, screen_text, until

OTHER = ModelChoice("", "org/other")


@pytest.fixture
def saved(root) -> None:
    """A session with another model, saved by a program that has ended."""
    store = SessionStore()
    session = ChatSession(FakeLLM("said"), root, store)
    session.choice = OTHER
    list(session.ask("Why?"))
    store.close()


async def test_a_model_that_is_not_loaded_is_offered_and_one_key_opens_it(make_app, backend, saved):
    other = FakeBackend()
    other.label = "other"
    opener = Backends(backend, other)
    app = make_app(opener=opener, resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "This session was with org/other on this machine." in screen_text(app))
        assert "Alt+Home opens" in screen_text(app)
        await until(pilot, lambda: app.main.turns.queue.ready)
        backend.now = replace(backend.now, queue=1)  # whatever else is told about what answers
        app.main.model.look_now()
        await until(pilot, lambda: app.main.model.status == backend.now)
        await pilot.pause()
        assert "Alt+Home opens" in screen_text(app)
        assert len(opener.asked) == 1, "nothing is loaded without that key"
        await pilot.press("alt+home")
        await until(pilot, lambda: len(opener.asked) == 2)
        assert opener.asked[1].model.name == "org/other"
        await until(pilot, lambda: "This session was with" not in screen_text(app))


async def test_one_may_go_on_with_what_is_loaded(make_app, backend, saved, store):
    backend.llm.enqueue("Because.")
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "This session was with" in screen_text(app) and app.main.turns.queue.ready)
        await pilot.press(*"And?", "enter")
        await until(pilot, lambda: "Because." in screen_text(app))
        assert "This session was with" not in screen_text(app)
        assert app.main.model.offered is not None, "the key still opens it"
    assert store.load("last").choice == choice_of(app.main.model.settings), "it goes on with this one"


async def test_a_model_at_hand_is_opened_at_once(make_app, backend, saved, monkeypatch):
    monkeypatch.setattr(resuming, "_is_at_hand", lambda settings, consent: True)
    opener = Backends(backend, FakeBackend())
    app = make_app(opener=opener, resume="last")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "org/other on this machine goes on" in screen_text(app))
        await until(pilot, lambda: len(opener.asked) == 2)
        assert opener.asked[1].model.name == "org/other"


async def test_a_model_named_by_a_flag_stays_and_nothing_is_offered(make_app, backend, saved, monkeypatch):
    monkeypatch.setattr(resuming, "_is_at_hand", lambda settings, consent: True)
    opener = Backends(backend)
    app = make_app(opener=opener, resume="last", is_model_named=True)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "said" in screen_text(app) and app.main.turns.queue.ready)
        await pilot.press("alt+home")
        await until(pilot, lambda: "with no other model" in screen_text(app))
        assert len(opener.asked) == 1


async def test_the_model_that_answered_is_saved_with_the_session(make_app, backend, store):
    backend.llm.enqueue("Because.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press(*"Why?", "enter")
        await until(pilot, lambda: "Because." in screen_text(app))
        assert store.load("last").choice == choice_of(app.main.model.settings)
