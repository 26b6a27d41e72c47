"""What a request went out with is told as it went out: after what a server refused, and never a secret."""

from __future__ import annotations

import json

import pytest

from docstra_tui.errors import DocstraError
from docstra_tui.llm.http.manners import thinking
from docstra_tui.llm.http.sent import settings_of
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import done, running
from tests.llm.http.hostile import CHAT, DONE, SSE, Act, HostileServer, chunk, response, sends
from tests.llm.http.test_server_answers import event

KEY = "sk-SECRETSECRET"


def test_our_engine_tells_who_answers_before_the_first_piece() -> None:
    with running() as engine:
        engine.model.model_path = f"/cache/models--a--b/snapshots/{'0123456789' * 4}/"
        llm = RemoteLLM(socket=engine.socket, temperature=0.0, max_tokens=300, think="off")
        llm.kv_cache = "int8"
        with llm.stream("How are you?") as stream:
            engine.model.answer("fi")
            assert next(stream) == "fi"
            settings = dict(stream.settings or {})
        assert settings.pop("engine", "").startswith("docstra-tui ")  # type: ignore[union-attr]
        assert settings == {
            "max_tokens": 300,
            "temperature": 0.0,
            "think": "off",
            "kv_cache": "int8",
            "advised.repetition_penalty": 1.1,
            "model": "fake",
            "revision": "0123456789" * 4,
            "dtype": "float32",
            "device": "cpu",
        }
        stream = llm.stream("And now?", temperature=0.5, think="auto")
        engine.model.answer("fine", done())
        assert str(stream) == "fine" and stream.settings is not None
        assert (stream.settings["temperature"], stream.settings["think"]) == (0.5, "auto")
        assert stream.settings["advised.top_p"] == 0.8  # counts where a token is drawn


def refuses(words: str, status: str = "400 Bad Request") -> Act:
    return sends(response(json.dumps({"error": {"message": words}}).encode(), status))


def test_what_a_server_refuses_was_not_sent(server: HostileServer) -> None:
    said = {"model": "real", "system_fingerprint": f"b1-{KEY}\x1b[31m", "choices": []}
    answer = sends(SSE, event(said), chunk("Hi", "stop"), DONE)
    server.on(CHAT, refuses("Unknown field temperature"), refuses("Unknown field max_tokens"), answer)
    llm = RemoteLLM(server.url, "org/m", api_key=KEY, think="off", max_tokens=50)
    stream = llm.stream("Hello")
    assert str(stream) == "Hi"
    settings = dict(stream.settings or {})
    assert KEY not in json.dumps(settings) and "\x1b" not in json.dumps(settings)
    assert settings.pop("fingerprint")
    assert settings == {
        "server": llm.server,
        "max_tokens": 50,
        "model": "org/m",
        "chat_template_kwargs.enable_thinking": False,
        "chat_template_kwargs.thinking": False,
        "reasoning_effort": "none",
        "think": "off",
        "answered_by": "real",
    }


def test_a_wish_that_no_field_could_carry_was_not_sent(server: HostileServer) -> None:
    words = "chat_template_kwargs and reasoning_effort are unknown"
    server.on(CHAT, refuses(words), sends(SSE, chunk("Hi", "stop"), DONE))
    stream = RemoteLLM(server.url, "org/m", think="off").stream("Hello")
    assert str(stream) == "Hi" and stream.settings is not None and stream.settings["think"] == "auto"


def test_what_was_sent_is_known_of_an_answer_that_never_came(server: HostileServer) -> None:
    server.on(CHAT, refuses("no", "500 No"))
    stream = RemoteLLM(server.url, "org/m", temperature=0.1).stream("Hello")
    assert stream.settings is None
    with pytest.raises(DocstraError):
        str(stream)
    assert stream.settings is not None and stream.settings["temperature"] == 0.1


def test_a_model_is_asked_for_as_it_is_listed_and_told_without_the_key(server: HostileServer) -> None:
    listed = f"m {KEY}\x1b[31m"
    body = json.dumps({"data": [{"id": listed}]}).encode()
    server.on("/v1/models", sends(response(body)))
    server.on(CHAT, sends(SSE, event({"model": listed, "choices": []}), chunk("Hi", "stop"), DONE))
    llm = RemoteLLM(server.url, api_key=KEY)
    stream = llm.stream("Hello")
    assert str(stream) == "Hi" and json.dumps(listed).encode() in server.requests[-1]
    assert stream.settings is not None and "answered_by" not in stream.settings
    assert (stream.settings["model"], llm.model_name) == ("m … [31m", "m … [31m")


def test_any_field_that_says_how_much_to_think_is_one() -> None:
    for name in thinking(2000, is_llama_server=True):
        assert settings_of({name: 2000}, 2000, "host:1", str)["think"] == 2000
    assert settings_of({"max_tokens": 1}, 2000, "host:1", str)["think"] == "auto"
