"""Leaving: what is saved, what is let go, and what a crash may say."""

from __future__ import annotations

import asyncio
import inspect
import threading

import pytest
from textual.app import App

from docstra_tui.tui.widgets.composer import Composer
from tests.tui.fakes import screen_text, until


async def test_quitting_stops_the_answer_keeps_its_part_and_lets_the_engine_go(make_app, backend, store):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("A part", " and more", gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press(*"Why?", "enter")
        gate.release()
        await until(pilot, lambda: "A part" in screen_text(app))
        await pilot.press("ctrl+q")
    assert app.return_code == 0
    app.save()
    assert app.close_backend() == "Fake-1B stays loaded."
    assert backend.closed
    session = store.load("last")
    assert session.turns[-1].answer.startswith("A part")


@pytest.mark.parametrize("state", ["loading", "ready"])
async def test_quitting_never_asks_and_is_quick(make_app, backend, state):
    from dataclasses import replace

    backend.now = replace(backend.now, state=state)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press(*"half a thought")
        started = asyncio.get_running_loop().time()
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running or app._exit)
        assert asyncio.get_running_loop().time() - started < 2
    assert app.return_code == 0


async def test_the_draft_is_saved_from_another_thread(make_app, store):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press(*"half a thought")
        await until(pilot, lambda: app.main.typed[1] == "half a thought")
        thread = threading.Thread(target=app.save)
        thread.start()
        await until(pilot, lambda: not thread.is_alive())
        assert store.load("last").draft == "half a thought"


async def test_a_draft_that_is_still_on_its_way_to_the_screen_is_not_taken_for_deleted(
    make_app, store, root, monkeypatch
):
    before = store.create(str(root), "m")
    store.save_draft(before, "what was written yesterday")
    assert store.flush()
    write = Composer.write
    saved = []

    def slow(composer, text):
        thread = threading.Thread(target=app.save)  # the terminal goes just now
        thread.start()
        thread.join()
        saved.append(store.load(before).draft)
        write(composer, text)

    monkeypatch.setattr(Composer, "write", slow)
    app = make_app(resume=before)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.main.typed[1] == "what was written yesterday")
    assert saved == ["what was written yesterday"]


async def test_a_crash_ends_with_1_and_is_written_to_the_log(make_app, tmp_path):
    app = make_app()
    app.crash_log = str(tmp_path / "app.log")

    def boom() -> None:
        raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        async with app.run_test(size=(100, 30)) as pilot:
            app.call_later(boom)
            await until(pilot, lambda: bool(app.crash_words))
    assert app.return_code == 1
    assert "ValueError: here" in (tmp_path / "app.log").read_text()


def test_the_parts_of_textual_we_lean_on_are_there():
    for name in ("_fatal_error", "panic", "_close_messages_no_wait", "_process_messages"):
        assert hasattr(App, name), name
    source = inspect.getsource(App)
    for attribute in ("self._return_code", "app._loop", "self._exception", "self._exit "):
        assert attribute in source, attribute
