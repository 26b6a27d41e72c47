"""One question to a server that a test drives."""

from __future__ import annotations

from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import (
    CHAT,
    HostileServer,
)


def ask(server: HostileServer, *acts: object, **options: object) -> str:
    server.on(CHAT, *acts)  # type: ignore[arg-type]
    return str(RemoteLLM(server.url, **options).stream("Hello"))  # type: ignore[arg-type]
