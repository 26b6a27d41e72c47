"""The model: it fails, dies, is started again, is another one, is on another host."""

from __future__ import annotations

from dataclasses import replace

from docstra_tui.errors import EngineDied, EngineError, ModelNotFound
from docstra_tui.settings import ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.backend import Status
from tests.tui.fakes import READY, Backends, FakeBackend, screen_text, until
from tests.tui.story import ask, is_ready, last_line


async def test_nobody_says_that_a_model_answers_which_failed(make_app):
    failed = Status("failed", error=ModelNotFound("It is not here.", "Try another."))
    backend = FakeBackend(failed)
    app = make_app(Settings(model=ModelSettings(name="org/model")), opener=Backends(backend))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "It is not here." in screen_text(app))
        await until(pilot, lambda: "answers." not in screen_text(app))
        backend.now = READY
        app.main.model.look_now()
        await until(pilot, lambda: "org/model answers." in screen_text(app))


async def test_why_a_model_reads_everything_anew_stays_on_the_screen(make_app, backend):
    backend.now = replace(READY, notes=("Each question is read \x1b[2J from its [b]beginning.",))
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "▌ Each question is read ␛[2J from its [b]beginning." in screen_text(app))
        backend.now = READY
        await until(pilot, lambda: "Each question" not in screen_text(app))


async def test_a_backend_that_cannot_be_opened_is_said_and_f9_tries_again(make_app, backend):
    opener = Backends(EngineError("No socket can be made.", "Free the disk."), backend)
    app = make_app(opener=opener)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "No socket can be made." in screen_text(app))
        await pilot.press("f9")
        await is_ready(pilot)
        assert "No socket" not in screen_text(app)


async def test_when_the_engine_dies_the_part_is_kept_and_f9_restarts(make_app, backend):
    backend.llm.enqueue("half of ", EngineDied("The engine was killed by signal 9."))
    backend.llm.enqueue("whole")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"Why?")
        backend.now = replace(READY, state="failed", error=EngineDied("The engine was killed by signal 9."))
        await pilot.press("enter")
        await until(pilot, lambda: "The engine stopped." in screen_text(app))
        assert "half of" in screen_text(app)
        await until(pilot, lambda: last_line(app).startswith(" failed · F9 starts the engine again"))
        assert screen_text(app).count("killed by signal 9") == 1
        assert " GB" not in last_line(app)
        assert app.main.composer.text == "Why?"
        await pilot.press("f9")
        await is_ready(pilot)
        assert backend.restarts == 1
        assert "The engine stopped." not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "whole" in screen_text(app))


async def test_f9_asks_before_it_ends_an_engine_that_runs(make_app, backend):
    backend.is_running = True
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: "Restart the engine" in screen_text(app))
        await pilot.press("n")
        await is_ready(pilot)
        assert backend.restarts == 0
        await pilot.press("f9")
        await until(pilot, lambda: "Restart the engine" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: backend.restarts == 1)
        await is_ready(pilot)


async def test_switching_the_model_keeps_the_conversation(make_app, backend, monkeypatch):
    other = FakeBackend()
    other.label = "Other-7B"
    opener = Backends(backend, other)
    backend.llm.enqueue("from the first")
    other.llm.enqueue("from the second")
    app = make_app(opener=opener)
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "from the first" in screen_text(app))
        app.main.models.choose()
        await until(pilot, lambda: "Switch model" in screen_text(app))
        await until(pilot, lambda: "● starter" in screen_text(app) and "small and often" in screen_text(app))
        await pilot.press(*"org/other")
        await pilot.press("enter")
        await until(pilot, lambda: "Other-7B" in screen_text(app))
        await until(pilot, lambda: backend.closed)
        assert opener.asked[-1].model.name == "org/other"
        await ask(pilot, "And?")
        await until(pilot, lambda: "from the second" in screen_text(app))
        assert "from the first" in str([message["content"] for message in other.llm.calls[0].messages])


async def test_another_host_is_shown_and_asked_for_once(make_app):
    backend = FakeBackend(host="gpu7:8000")
    backend.llm.enqueue("one")
    backend.llm.enqueue("two")
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "waiting for your yes" in screen_text(app).splitlines()[-1])
        assert "→ gpu7:8000" in screen_text(app).splitlines()[0]
        await ask(pilot, "Why?")
        await until(pilot, lambda: "This leaves the machine" in screen_text(app))
        assert backend.llm.calls == []
        await pilot.press("y")
        await until(pilot, lambda: "one" in screen_text(app))
        await ask(pilot, "And?")
        await until(pilot, lambda: len(backend.llm.calls) == 2)


async def test_another_host_is_asked_for_before_it_even_answered(make_app):
    backend = FakeBackend(Status("loading", phase="connect"), host="gpu7:8000")
    backend.llm.enqueue("one")
    settings = Settings(remote=RemoteSettings(base_url="http://gpu7:8000/v1"))
    app = make_app(settings, opener=Backends(backend))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "pkg/" in screen_text(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: "This leaves the machine" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "This leaves the machine" not in screen_text(app))
        assert app.main.composer.text == "Why?"
        assert not app.main.turns.queue.waiting
