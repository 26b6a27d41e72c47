"""A question, its answer, and what may become of it."""

from __future__ import annotations

import threading

from docstra_tui.errors import ContextOverflow, GenerationFailed
from docstra_tui.llm.answer import Usage
from docstra_tui.workspace.models.backend import Status
from tests.tui.fakes import READY, screen_text, until
from tests.tui.story import ask, is_ready, last_line


async def test_ask_shows_question_and_answer_and_figures(make_app, backend):
    backend.llm.enqueue("It ", "returns ", "**one**.", usage=Usage(3412, 181, 0))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "What?")
        await until(pilot, lambda: "3,412 + 181 tokens" in screen_text(app))
        await until(pilot, lambda: "It returns one." in screen_text(app))
        assert "What?" in screen_text(app)
        assert "first token" in screen_text(app)
        assert app.main.composer.text == ""


async def test_escape_stops_and_keeps_the_part(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("The beginning ", "the end", gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        gate.release()
        await until(pilot, lambda: "The beginning" in screen_text(app))
        assert last_line(app).strip().startswith("answering")
        await pilot.press("escape")
        await until(pilot, lambda: last_line(app).strip().startswith("stopped"))
        assert "The beginning" in screen_text(app)
        assert "the end" not in screen_text(app)
        assert app.main.session.turns[-1].status == "cancelled"


async def test_a_failure_is_a_card_and_the_question_comes_back(make_app, backend):
    backend.llm.enqueue("part ", GenerationFailed("The device has no memory left.", "Take fewer files."))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "no memory left" in screen_text(app))
        assert "Take fewer files." in screen_text(app)
        assert "part" in screen_text(app)
        assert app.main.composer.text == "Why?"


async def test_a_prompt_that_does_not_fit_is_refused_with_the_numbers(make_app, backend):
    backend.llm.enqueue(ContextOverflow(9000, 8192, 512))
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "9,000 tokens" in screen_text(app))
        assert "8,192" in screen_text(app)
        assert app.main.composer.text == "Why?"


async def test_an_answer_at_its_limit_says_so(make_app, backend):
    backend.llm.enqueue("long ", reason="length", usage=Usage(10, 2000, 0))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "reached the limit of 2,000 tokens" in screen_text(app))


async def test_questions_wait_visibly_and_are_asked_one_after_the_other(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("one", gate=gate)
    backend.llm.enqueue("two")
    backend.llm.enqueue("three")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "first")
        await until(pilot, lambda: app.main.turns.queue.busy)
        await ask(pilot, "second")
        await until(pilot, lambda: "waits: second" in screen_text(app))
        await ask(pilot, "third")
        await until(pilot, lambda: "waits: second and 1 more" in screen_text(app))
        assert app.main.composer.text == ""
        gate.release(5)
        await until(pilot, lambda: "three" in screen_text(app))
        assert [call.question for call in backend.llm.calls] == ["first", "second", "third"]


async def test_loading_shows_progress_while_files_and_composer_work(make_app, backend):
    backend.now = Status("loading", phase="download", done=34_000_000, total=100_000_000, model="starter")
    backend.llm.enqueue("done")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "downloading the model 34% of 100 MB" in last_line(app))
        assert last_line(app).strip().startswith("loading")
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "waits until the model is ready: Why?" in screen_text(app))
        backend.now = READY
        await until(pilot, lambda: "done" in screen_text(app))


async def test_ctrl_c_stops_an_answer_and_leaves_only_the_second_time(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("x", gate=gate)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: app.main.turns.queue.busy)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not app.main.turns.queue.busy)
        app.main.composer.load_text("")
        await pilot.press("ctrl+c")
        assert app.is_running
        await pilot.press("ctrl+c")
    assert app.return_code == 0
