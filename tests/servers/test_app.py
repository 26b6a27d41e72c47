"""Both faces before real servers: an answer, thinking, one that is stopped, one whose server dies."""

from __future__ import annotations

import pytest

from docstra_tui.settings import AnswerSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from tests.repl.story import Typist, chat
from tests.servers.conftest import THINKING, WINDOW, llama
from tests.servers.running import Server, running
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, last_line

SIZE = (120, 40)
SECONDS = 100.0


@pytest.fixture(scope="module", autouse=True)
def begun_transformers(pinned_server: Server) -> Server:
    """transformers' own, which starts while others answer."""
    return pinned_server


def settings(url: str, tokens: int) -> Settings:
    answer = AnswerSettings(max_tokens=tokens, temperature=0)
    return Settings(remote=RemoteSettings(base_url=url), answer=answer)


def last_turn(app):
    turns = app.main.turns._session.turns
    return turns[-1] if turns else None


async def writes(pilot, number: int) -> None:
    """Wait until some of this turn's answer is there."""
    app = pilot.app
    await until(pilot, lambda: len(app.main.turns._session.turns) == number, SECONDS)
    await until(pilot, lambda: last_turn(app).answer.strip(), SECONDS)


async def test_llama_server_answers_is_stopped_and_dies(make_app, gguf, tmp_path) -> None:
    with running(lambda port: llama(gguf, port), tmp_path / "home") as server:
        app = make_app(settings(server.url, 700), opener=open_backend)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: f"/ {WINDOW / 1000:.0f}k" in last_line(app), SECONDS)
            app.main.composer.load_text("one two three " * WINDOW)
            await pilot.press("enter")
            await until(pilot, lambda: f"{WINDOW:,}" in screen_text(app), SECONDS)
            assert last_turn(app) is None and "tokens" in screen_text(app)
            await pilot.press("escape")
            app.main.composer.load_text("")
            await ask(pilot, "Count from one to nine.")
            await writes(pilot, 1)
            await pilot.press("escape")
            await until(pilot, lambda: "stopped" in screen_text(app), SECONDS)
            assert last_turn(app).status == "cancelled"
            await ask(pilot, "Count from one to nine, in words.")
            await writes(pilot, 2)
            server.kill()
            await until(pilot, lambda: "closed the connection" in screen_text(app), SECONDS)
            assert last_turn(app).answer.strip() and last_turn(app).status in ("failed", "interrupted")


async def test_what_llama_server_thinks_is_no_part_of_the_answer(make_app, gguf, tmp_path) -> None:
    template = tmp_path / "template.jinja"
    template.write_text(THINKING)
    with running(lambda port: llama(gguf, port, str(template)), tmp_path / "home") as server:
        app = make_app(settings(server.url, 8), opener=open_backend)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: "ready" in last_line(app), SECONDS)
            await ask(pilot, "Count to three.")
            await until(pilot, lambda: "whole budget for thinking" in screen_text(app), SECONDS)
            assert last_turn(app).answer == "" and last_turn(app).thinking.strip()


async def test_transformers_serve_answers_with_its_pinned_model(make_app, begun_transformers) -> None:
    begun_transformers.wait_until_ready()
    app = make_app(settings(begun_transformers.url, 3), opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "ready" in last_line(app), SECONDS)
        await ask(pilot, "Count to three.")
        await until(pilot, lambda: "the limit of 3 tokens" in screen_text(app), SECONDS)
        assert last_turn(app).answer.strip()


def test_llama_server_answers_in_the_inline_chat(gguf, tmp_path) -> None:
    with running(lambda port: llama(gguf, port), tmp_path / "home") as server:

        def script(typist: Typist) -> None:
            typist.sees("ready", SECONDS)
            typist.types("Count to three.\r")
            typist.sees("cut at 6 tokens", SECONDS)
            server.kill()
            typist.types("Count to four.\r")
            typist.sees("cannot be reached", SECONDS)

        chat(tmp_path, open_backend, script, settings=settings(server.url, 6))
