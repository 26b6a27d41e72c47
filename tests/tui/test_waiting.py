"""Questions that wait, and words that were begun: kept on the disk, given back, never sent unseen."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from docstra_tui import paths
from docstra_tui.errors import EngineDied, EngineError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.workspace import ending
from docstra_tui.workspace.turns import requests
from tests.fakes import FakeLLM
from tests.tui.fakes import READY, Backends, FakeBackend, screen_text, until

LOADING = replace(READY, state="loading", phase="read")


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(LOADING)


@pytest.fixture
def begin(root, backend) -> Iterator[Callable[..., DocstraApp]]:
    """Apps, each with a store of its own, as programs have them: `end` lets the last one's go."""
    stores: list[SessionStore] = []

    def begin(**options: Any) -> DocstraApp:
        stores.append(SessionStore())
        return DocstraApp(Settings(), root, Backends(backend), stores[-1], **options)

    yield begin
    for store in stores:
        store.close()


def on_disk(query: str) -> list[tuple[Any, ...]]:
    path = paths.state_dir() / "sessions.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # it is just being made
            return []


def waits() -> list[str]:
    return [row[0] for row in on_disk("SELECT question FROM waiting ORDER BY accepted")]


def drafts() -> list[str]:
    return [row[0] for row in on_disk("SELECT draft FROM sessions ORDER BY created")]


async def ask(pilot: Any, text: str) -> None:
    await pilot.press(*text, "enter")


async def test_a_question_is_on_the_disk_while_the_model_loads_and_asked_once(begin, backend):
    backend.llm.enqueue("Because.")
    app = begin()
    async with app.run_test(size=(100, 30)) as pilot:
        await ask(pilot, "Why?")
        await until(pilot, lambda: waits() == ["Why?"])
        await until(pilot, lambda: drafts() == [""])
        assert "waits until the model is ready: Why? (Esc gives it back)" in screen_text(app)
        assert app.main.composer.text == ""
        backend.now = READY
        app.main.model.look_now()
        await until(pilot, lambda: "Because." in screen_text(app))
        await until(pilot, lambda: not app.main.turns.queue.busy)
        assert waits() == []
        assert len(backend.llm.calls) == 1
    assert on_disk("SELECT question FROM turns") == [("Why?",)]


@pytest.mark.parametrize("resume", [None, "last"])
async def test_what_waited_comes_back_into_the_composer_and_is_not_sent_by_itself(begin, backend, resume):
    first = begin()
    async with first.run_test(size=(100, 30)) as pilot:
        await ask(pilot, "Why?")
        await until(pilot, lambda: waits() == ["Why?"])
        await pilot.press(*"and")
        await pilot.press("ctrl+q")
    first.store.close()

    backend.now = READY
    second = begin(resume=resume)
    async with second.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: second.main.composer.text == "Why?\n\nand")
        await until(pilot, lambda: second.main.turns.queue.ready and "not sent yet" in screen_text(second))
        assert second.store.flush()
        assert (waits(), drafts()) == ([], ["Why?\n\nand"])
        assert backend.llm.calls == []
        assert second.main.turns.queue.stop() is False, "nothing waits any more"


async def test_escape_gives_the_waiting_one_back_first_and_then_stops_the_answer(begin, backend):
    backend.now = READY
    gate = threading.Semaphore(0)
    backend.llm.enqueue("A part", " of it", gate=gate)
    app = begin()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await ask(pilot, "Why?")
        gate.release()
        await until(pilot, lambda: "A part" in screen_text(app))
        await ask(pilot, "And then?")
        await until(pilot, lambda: waits() == ["And then?"])
        await pilot.press(*"begun", "escape")
        assert app.main.composer.text == "And then?\n\nbegun"
        assert app.main.turns.queue.busy and not app.main.turns.queue.stopping
        assert app.store.flush()
        assert (waits(), drafts()) == ([], ["And then?\n\nbegun"])
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.turns.queue.busy)
        assert app.main.composer.text == "And then?\n\nbegun"
        assert len(backend.llm.calls) == 1


async def test_the_draft_is_on_the_disk_while_it_is_typed(begin):
    app = begin()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press(*"half a thought")
        await until(pilot, lambda: drafts() == ["half a thought"])
        await pilot.press(*["backspace"] * len("half a thought"))
        await until(pilot, lambda: drafts() == [])


async def test_an_error_gives_back_every_question_that_stands_nowhere_else(begin, backend):
    backend.now = READY
    gate = threading.Semaphore(0)
    backend.llm.enqueue("part", EngineDied("It is gone.", "Restart it."), gate=gate)
    app = begin()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await ask(pilot, "Why?")
        await until(pilot, lambda: app.main.turns.queue.busy)
        await ask(pilot, "And then?")
        await pilot.press(*"begun")
        backend.now = replace(READY, state="failed", error=EngineDied("It is gone."))
        gate.release(2)
        await until(pilot, lambda: app.main.composer.text == "And then?\n\nbegun")
        assert "Why?" in screen_text(app)
        assert app.store.flush() and waits() == []


async def test_a_task_that_never_ran_comes_back_as_one_would_type_it(begin, backend):
    first = begin()
    async with first.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "pkg" in screen_text(first))
        await pilot.press("f2", "space", "escape")
        await until(pilot, lambda: len(first.main.selection.labels) == 2)
        await ask(pilot, "/explain")
        await until(pilot, lambda: len(waits()) == 2)
    first.store.close()

    second = begin()
    async with second.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: bool(second.main.composer.text))
        assert second.main.composer.text == "/explain @pkg/client.py @pkg/config.py"


async def test_a_begun_text_stays_with_its_session_and_goes_along_into_a_new_one(begin, backend, root):
    store = SessionStore()
    for question in ("first", "second"):
        list(ChatSession(FakeLLM("said"), root, store).ask(question))
    store.close()
    app = begin(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.session.title == "second")
        await pilot.press(*"about two")
        other = next(one.id for one in app.store.sessions() if one.title == "first")
        app.main.sessions.open(other)
        await until(pilot, lambda: app.main.session.title == "first")
        assert app.main.composer.text == ""
        app.main.sessions.open(next(one.id for one in app.store.sessions() if one.title == "second"))
        await until(pilot, lambda: app.main.session.title == "second")
        assert app.main.composer.text == "about two"
        app.main.sessions.begin()
        assert app.main.composer.text == "about two"
        assert app.store.flush()
        assert drafts() == ["", "", "about two"]


async def test_sessions_without_a_turn_do_not_pile_up(begin):
    for words in ("one", "two", "three"):
        app = begin()
        async with app.run_test(size=(100, 30)) as pilot:
            before = "".join(dict.fromkeys(["one", "two", "three"]))
            await until(pilot, lambda: app.main.composer.text in before)  # noqa: B023
            if words != "one":
                await until(pilot, lambda: bool(app.main.composer.text))  # noqa: B023
            await pilot.press(*words)
            await pilot.press("ctrl+q")
        app.save()
        app.store.close()
    assert drafts() == ["onetwothree"]


async def test_no_session_is_exchanged_under_a_question_that_waits(begin):
    app = begin()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await ask(pilot, "Why?")
        await until(pilot, lambda: waits() == ["Why?"])
        session = app.main.session
        await pilot.press("f3")
        await until(pilot, lambda: "A question waits here" in screen_text(app))
        assert app.main.session is session


async def test_no_session_that_was_chosen_from_is_opened_under_an_answer(begin, backend, root):
    store = SessionStore()
    list(ChatSession(FakeLLM("said"), root, store).ask("Before?"))
    store.close()
    backend.now, gate = READY, threading.Semaphore(0)
    backend.llm.enqueue("Because.", gate=gate)
    app = begin()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press("f3")
        await until(pilot, lambda: "Open session" in screen_text(app))
        app.main.turns.queue.ask(requests.question("Why?"))  # it was on its way
        await until(pilot, lambda: app.main.turns.queue.busy)
        session = app.main.session
        await pilot.press("enter")
        await until(pilot, lambda: "An answer is being written" in screen_text(app))
        assert app.main.session is session
        gate.release()
        await until(pilot, lambda: "Because." in screen_text(app))


async def test_a_disk_that_hangs_holds_up_neither_the_screen_nor_for_ever_the_question(
    begin, backend, monkeypatch
):
    backend.now = READY
    backend.llm.enqueue("Because.")
    mended = threading.Event()
    monkeypatch.setattr("docstra_tui.session.store.waiting_rows.write_waiting", lambda *_: mended.wait(20))
    monkeypatch.setattr("docstra_tui.session.store.writer.WAIT_SECONDS", 0.5)
    app = begin()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "is being saved: Why?" in screen_text(app))
        await pilot.press(*"next")
        assert app.main.composer.text == "next"
        await until(pilot, lambda: "Because." in screen_text(app))
        await until(pilot, lambda: "NOT SAVED" in screen_text(app))
        mended.set()
        await until(pilot, lambda: "NOT SAVED" not in screen_text(app))


async def test_what_waits_for_a_model_that_fails_is_asked_of_the_next_one(make_app, backend):
    backend.now = replace(READY, state="failed", error=EngineError("It does not load."))
    other = FakeBackend()
    other.llm.enqueue("Because.")
    app = make_app(opener=Backends(backend, other))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "It does not load." in screen_text(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: waits() == ["Why?"])
        app.main.models.take("org/other")
        await until(pilot, lambda: "Because." in screen_text(app))
        assert [call.question for call in other.llm.calls] == ["Why?"]


async def test_what_waits_is_asked_once_the_engine_is_started_again(make_app, backend):
    backend.now = replace(READY, state="failed", error=EngineDied("It is gone."))
    backend.llm.enqueue("Because.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "The engine stopped." in screen_text(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: waits() == ["Why?"])
        await pilot.press("f9")
        await until(pilot, lambda: "Because." in screen_text(app))
        assert (backend.restarts, len(backend.llm.calls), app.main.composer.text) == (1, 1, "")


async def test_a_plain_start_says_where_a_question_waits_and_the_list_brings_it_back(begin, root):
    store = SessionStore()
    session = ChatSession(FakeLLM("said"), root, store)
    list(session.ask("Why?"))
    session.accept("And?")
    store.close()
    app = begin()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "in “Why?” was not sent" in screen_text(app))
        assert app.main.composer.text == ""
        await pilot.press("f3")
        await until(pilot, lambda: "1 turn, words not sent" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.main.composer.text == "And?")


async def test_a_session_that_was_left_for_another_one_is_not_forgotten_at_the_end(
    begin, backend, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(tmp_path / "file" / "state"))
    backend.now = READY
    backend.llm.enqueue("One.")
    app = begin()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await ask(pilot, "First?")
        await until(pilot, lambda: app.main.session.turns and not app.main.turns.queue.busy)
        assert app.main.sessions.begin()
        app.save()
    said = ending.what_is_lost(app.main.opened.all)
    [copy] = (tmp_path / "copies").glob("docstra-tui-*.md")
    assert "First?" in copy.read_text() and said[0].startswith("NOT SAVED") and str(copy) in said[1]
