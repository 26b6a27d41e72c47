"""A model that thinks, on each kind of server: both faces fold what it thought and show its answer."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.session.turns import SavedTurn
from docstra_tui.settings import RemoteSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from tests.llm.http.hostile import CHAT, DONE, SSE, Act, HostileServer, chunk, hostile, response, sends
from tests.repl.story import Typist, chat, saved
from tests.tui.conftest import backend, make_app, root, store
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, last_line

__all__ = ["backend", "make_app", "root", "store"]

MODELS = "/v1/models"


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(**fields: object) -> bytes:
    return event({"choices": [{"delta": fields}]})


def reading(done: int) -> bytes:
    told = {"total": 900, "cache": 0, "processed": done, "time_ms": 100}
    return event({"choices": [{"delta": {"content": None}}], "prompt_progress": told})


USAGE = event(
    {"choices": [], "usage": {"prompt_tokens": 42, "completion_tokens": 9, "prompt_tokens_details": None}}
)
ANSWER = (chunk("The answer."), chunk("", "stop"), USAGE, DONE)
SHAPES: dict[str, tuple[dict[str, object], tuple[bytes, ...]]] = {
    "vLLM": (
        {"id": "m", "max_model_len": 4096},
        (delta(role="assistant", content=""), delta(reasoning="A hidden "), delta(reasoning="thought.")),
    ),
    "SGLang": (
        {"id": "m", "max_model_len": 4096},
        (
            delta(reasoning_content="A hidden ", content=None),
            delta(reasoning_content="thought.", content=None),
        ),
    ),
    "llama-server": (
        {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 4096, "n_ctx_train": 8192}},
        (reading(0), reading(900), delta(reasoning_content="A hidden thought.")),
    ),
    "transformers serve": (
        {"id": "m"},
        (delta(role="assistant"), delta(reasoning_content="A hidden thought.")),
    ),
    "tags in the text": (
        {"id": "m"},
        (delta(content="<think>\nA hidden "), delta(content="thought.\n</think>\n\n")),
    ),
    "only the closing tag": (
        {"id": "m"},
        (delta(content="A hidden "), delta(content="thought.\n</think>\n\n")),
    ),
}


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        server.on("/tokenize", sends(response(b'{"count": 42}')))
        yield server


def speaks(server: HostileServer, name: str) -> Settings:
    card, thoughts = SHAPES[name]
    server.on(MODELS, sends(response(json.dumps({"data": [card]}).encode())))
    server.on(CHAT, sends(SSE, *thoughts, *ANSWER))
    return Settings(remote=RemoteSettings(base_url=server.url))


def is_told_apart(turn: SavedTurn) -> bool:
    return (turn.answer, turn.thinking.strip(), turn.status) == ("The answer.", "A hidden thought.", "done")


def asked(server: HostileServer) -> list[dict[str, Any]]:
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.questions]


@pytest.mark.parametrize("name", SHAPES)
async def test_the_screen_folds_it(make_app, server: HostileServer, name: str) -> None:
    app = make_app(speaks(server, name), opener=open_backend)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "ready" in last_line(app))
        for number in (1, 2):
            await ask(pilot, "Why?")
            await until(pilot, lambda n=number: screen_text(app).count("The answer.") == n)
        shown = screen_text(app)
        assert shown.count("Thought for") == 2 and "A hidden thought." not in shown
        assert "think>" not in shown
        assert all(is_told_apart(turn) for turn in app.main.turns._session.turns)
    assert "hidden" not in json.dumps(asked(server)[-1])  # it is never sent back


@pytest.mark.parametrize("name", SHAPES)
def test_the_inline_chat_folds_it(server: HostileServer, tmp_path: Path, name: str) -> None:
    def script(typist: Typist) -> None:
        typist.sees("ready")
        for number in (1, 2):
            typist.types("Why?\r")
            typist.waits(lambda n=number: typist.screen.text.count("The answer.") == n)

    shown = chat(tmp_path, open_backend, script, settings=speaks(server, name))  # type: ignore[arg-type]
    # What came as an answer and was thinking cannot be unprinted; the next time it is known.
    seen = 1 if name == "only the closing tag" else 0
    assert shown.count("A hidden thought.") == seen and "think>" not in shown
    assert shown.count("Thought for") == 2 - seen
    with saved() as store:
        turns = store.load("last", str(tmp_path)).turns
        assert len(turns) == 2 and all(map(is_told_apart, turns))
    assert "hidden" not in json.dumps(asked(server)[-1])


async def test_how_far_a_server_has_read_is_shown(make_app, server: HostileServer) -> None:
    settings = speaks(server, "llama-server")
    was_seen = threading.Event()

    def reads_slowly(connection: socket.socket) -> None:
        connection.sendall(SSE)
        for done in (0, 300, 600):
            connection.sendall(reading(done))
            time.sleep(0.2)
        was_seen.wait(60)
        connection.sendall(b"".join(ANSWER))

    act: Act = reads_slowly
    server.on(CHAT, act)
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "ready" in last_line(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: "/900" in screen_text(app).replace(" ", ""))
        was_seen.set()
        await until(pilot, lambda: "The answer." in screen_text(app))
    assert asked(server)[-1]["return_progress"] is True
