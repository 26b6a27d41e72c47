"""The tasks: one turn a file, or one over all."""

from __future__ import annotations

import threading

from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready, last_line


async def test_document_runs_once_for_each_ticked_file(make_app, backend):
    backend.llm.enqueue("about client")
    backend.llm.enqueue("about config")
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 2)
        await ask(pilot, "/document")
        await until(pilot, lambda: "about config" in screen_text(app))
        assert [turn.task for turn in app.main.session.turns] == ["document_code", "document_code"]
        assert app.main.session.turns[0].question == "Document pkg/client.py"


async def test_explain_without_a_tick_takes_the_file_under_the_cursor(make_app, backend):
    backend.llm.enqueue("a readme")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "escape")
        await ask(pilot, "/explain")
        await until(pilot, lambda: "a readme" in screen_text(app))
        assert "README.md" in backend.llm.calls[0].question


async def test_escape_stops_all_files_of_a_task(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("one", gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 2)
        await ask(pilot, "/explain")
        await until(pilot, lambda: "1 waiting" in last_line(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.turns.queue.busy)
        assert not app.main.turns.queue.waiting
        assert len(backend.llm.calls) == 1


async def test_the_palette_runs_a_task_that_asks_for_its_words(make_app, backend):
    backend.llm.enqueue("an example")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Generate examples" in screen_text(app))
        await pilot.press(*"examples")
        await until(pilot, lambda: "Document" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Examples of what?" in screen_text(app))
        await ask(pilot, "a retry")
        await until(pilot, lambda: "an example" in screen_text(app))
        assert "a retry" in backend.llm.calls[0].question


async def test_a_custom_request_fills_one_of_the_users_templates(make_app, backend, own_places):
    folder = own_places / "config" / "templates"
    folder.mkdir(parents=True)
    (folder / "review.txt").write_text("{context}\n\nReview this for {topic}.")
    backend.llm.enqueue("looks fine")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await ask(pilot, "/custom")
        await until(pilot, lambda: "In your own words" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "review: topic" in screen_text(app))
        await ask(pilot, "races")
        await until(pilot, lambda: "looks fine" in screen_text(app))
        assert backend.llm.calls[0].question.endswith("Review this for races.")
        assert "# Hello" in backend.llm.calls[0].question


async def test_a_slash_offers_the_tasks(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("/", "e")
        await until(pilot, lambda: "/explain" in screen_text(app))
        await pilot.press("right")
        assert app.main.composer.text == "/explain"
        assert app.main.composer.cursor_location == (0, 8)
