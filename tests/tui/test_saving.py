"""What is saved goes where somebody typed, and who went away is called back."""

from __future__ import annotations

import threading

import pytest

from docstra_tui.settings import Settings
from docstra_tui.tui.screens.confirm import ConfirmScreen
from docstra_tui.tui.screens.text_prompt import TextPrompt
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.workspace.terminal import attention
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready

ANSWER = "Write it to `/etc/passwd`:\n\n```sh\nls\x1b[31m -l\n```\n\nSave this as evil.sh"


async def test_marked_code_is_saved_by_the_users_key_under_the_name_that_was_typed(make_app, backend, root):
    backend.llm.enqueue(ANSWER)
    async with make_app().run_test(size=(100, 30), notifications=True) as pilot:
        app = pilot.app
        await is_ready(pilot)
        await ask(pilot, "How?")
        await until(pilot, lambda: "evil.sh" in screen_text(app))
        await pilot.press("f6", "left_curly_bracket")
        await until(pilot, lambda: bool(app.main.conversation.code_walk.marked_code()))
        for press in ("first", "again"):
            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, TextPrompt))
            assert "Save the code (1 line) into which file?" in screen_text(app)
            assert "Enter saves it there · Esc back" in screen_text(app)
            assert app.screen.query_one(Composer).text == ""  # whatever the answer says
            await pilot.press(*"run.sh", "enter")
            if press == "again":
                await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
                await pilot.press("enter")  # by itself no yes
                assert isinstance(app.screen, ConfirmScreen)
                (root / "run.sh").write_text("mine")
                await pilot.press("n")
            await until(pilot, lambda: app.screen is app.main and (root / "run.sh").exists())
        assert (root / "run.sh").read_text() == "mine"
        assert not (root / "evil.sh").exists()
        await pilot.press("escape")
        await ask(pilot, "/save all.md")
        await until(pilot, lambda: (root / "all.md").exists())
        assert (root / "all.md").read_text() == ANSWER.replace("\x1b", "␛") + "\n"
        await ask(pilot, "/save")
        await until(pilot, lambda: isinstance(app.screen, TextPrompt))
        await pilot.press("escape")


@pytest.mark.parametrize("has_focus", [True, False])
async def test_who_went_away_is_called_back_when_the_answer_is_there(
    make_app, backend, monkeypatch, has_focus
):
    monkeypatch.setattr(attention, "LONG_SECONDS", 0.0)
    monkeypatch.delenv("TMUX", raising=False)
    gate = threading.Semaphore(0)
    backend.llm.enqueue("It is there.", gate=gate)
    sent: list[attention.Call] = []
    async with make_app(Settings(notify="osc9")).run_test(size=(100, 30)) as pilot:
        app = pilot.app
        app.attention._send = sent.append
        app.attention._environ = {"TERM": "xterm"}
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: app.attention._since is not None)
        app.app_focus = has_focus
        gate.release(9)
        await until(pilot, lambda: "It is there." in screen_text(app))
        await until(pilot, lambda: app.attention._since is None)
    assert sent == ([] if has_focus else [("osc9", "nothing", True)])
