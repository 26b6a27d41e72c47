"""How another server ends an answer, in both faces: the part stays, and beside it stands what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.settings import RemoteSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from tests.llm.http.hostile import CHAT, DONE, SSE, HostileServer, chunk, hostile, response, sends
from tests.parity.test_thinking_servers import delta, event
from tests.repl.story import Typist, chat
from tests.tui.conftest import backend, make_app, root, store
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, last_line

__all__ = ["backend", "make_app", "root", "store"]

BUDGET = "whole budget for thinking"
OVERFLOW = {"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 6009, "n_ctx": 4096}}
ENDS: dict[str, tuple[tuple[bytes, ...], str, str]] = {
    "filter": ((chunk("The part."), chunk("", "content_filter"), DONE), "The part.", "content filter"),
    "finish error": (
        (chunk("The part."), chunk("", "error"), DONE),
        "The part.",
        "ended the answer with an error",
    ),
    "choice error": (
        (
            chunk("The part."),
            event({"choices": [{"error": {"message": "slot lost"}, "finish_reason": "error"}]}),
        ),
        *("The part.", "slot lost"),
    ),
    "refusal": ((delta(refusal="I will not."), chunk("", "stop"), DONE), "I will not.", "refused to answer"),
    "nothing": ((DONE,), "", "sent no text"),
    "reasoning only": ((delta(reasoning="Hm."), chunk("", "length"), DONE), "", BUDGET),
    "cut off": ((chunk("The part."),), "The part.", "closed the connection"),
    "overflow": ((json.dumps(OVERFLOW).encode(),), "", "6,009 tokens"),
}


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        server.on("/tokenize", sends(response(b'{"count": 42}')))
        yield server


def speaks(server: HostileServer, name: str) -> Settings:
    server.on(CHAT, sends(SSE, *ENDS[name][0]))
    return Settings(remote=RemoteSettings(base_url=server.url))


@pytest.mark.parametrize("name", ENDS)
async def test_on_the_screen(make_app, server: HostileServer, name: str) -> None:
    _, part, said = ENDS[name]
    app = make_app(speaks(server, name), opener=open_backend)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "ready" in last_line(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: said in " ".join(screen_text(app).split()))
        assert part in screen_text(app)


@pytest.mark.parametrize("name", ENDS)
def test_in_the_inline_chat(server: HostileServer, tmp_path: Path, name: str) -> None:
    _, part, said = ENDS[name]

    def script(typist: Typist) -> None:
        typist.sees("ready")
        typist.types("Why?\r")
        typist.waits(lambda: said in " ".join(typist.screen.text.split()), said)

    shown = chat(tmp_path, open_backend, script, settings=speaks(server, name))  # type: ignore[arg-type]
    assert part in shown
