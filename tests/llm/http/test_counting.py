"""Tokens as a server counts them, and the window that it tells."""

from __future__ import annotations

import json

import pytest

from docstra_tui.errors import (
    ContextOverflow,
    RemoteError,
)
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import (
    CHAT,
    SSE,
    HostileServer,
    chunk,
    response,
    sends,
)


def test_a_server_that_counts_is_exact_and_one_that_cannot_is_estimated(server: HostileServer) -> None:
    blind = RemoteLLM(server.url)
    assert blind.count_tokens("x" * 350) > 50 and not blind.counts_exactly
    assert blind.window == 4096
    server.on("/tokenize", sends(response(b'{"count": 17, "max_model_len": 4096}')))
    seeing = RemoteLLM(server.url)
    assert seeing.count_tokens("x" * 350) == 17 and seeing.counts_exactly


def test_the_window_falls_back_to_the_setting_and_then_to_unknown(server: HostileServer) -> None:
    server.on("/v1/models", sends(response(b'{"data": [{"id": "m"}]}')))
    assert RemoteLLM(server.url, context=2048).window == 2048
    assert RemoteLLM(server.url).window is None


def test_a_server_that_lists_no_models_is_fine_where_one_was_named(server: HostileServer) -> None:
    server.on("/v1/models", sends(response(b"Internal Server Error", "500 Oops", "text/plain")))
    named = RemoteLLM(server.url, "m", context=2048)
    named.check()
    assert named.window == 2048
    with pytest.raises(RemoteError, match="failed"):
        RemoteLLM(server.url).check()
    server.on("/v1/models", sends(response(b"{}", "401 Unauthorized")))
    with pytest.raises(RemoteError, match="does not let us in"):
        named.check()


def test_where_the_server_counts_the_answer_is_cut_to_the_room_there_is(server: HostileServer) -> None:
    server.on("/tokenize", sends(response(b'{"count": 3000, "max_model_len": 4096}')))
    server.on(CHAT, sends(SSE, chunk("ok", "stop")))
    llm = RemoteLLM(server.url)
    assert llm.window == 4096
    assert str(llm.stream("x" * 6000)) == "ok"
    assert json.loads(server.requests[-1].partition(b"\r\n\r\n")[2])["max_tokens"] == 1096
    server.on("/tokenize", sends(response(b'{"count": 4000, "max_model_len": 4096}')))
    with pytest.raises(ContextOverflow):
        str(llm.stream("x" * 6000))
