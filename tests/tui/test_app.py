"""The app's stories, with a fake backend."""

from __future__ import annotations

from tests.tui.fakes import screen_text, until


async def test_first_frame_shows_the_tree_the_model_and_the_composer(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "pkg/" in screen_text(app) and "ready" in screen_text(app))
        shown = screen_text(app)
        assert "docstra-tui ─ " in shown.splitlines()[0]
        assert "Fake-1B · cpu · bf16" in shown.splitlines()[0]
        assert "README.md" in shown
        assert "F1 help" in shown.splitlines()[-1]
        assert app.main.composer.has_focus


async def test_ask_shows_question_and_answer(make_app, backend):
    backend.llm.enqueue("It ", "returns ", "**one**.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "ready" in screen_text(app))
        await pilot.press(*"What?")
        await pilot.press("enter")
        await until(pilot, lambda: "It returns one." in screen_text(app))
        await until(pilot, lambda: not app.main.desk.runner.busy)
        assert "What?" in screen_text(app)
        assert backend.llm.calls[0].question.endswith("What?")
