"""Before the yes nothing goes to another machine: not a byte, not a connection."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from docstra_tui.address import parse
from docstra_tui.errors import NotAllowed, RemoteError, SettingsError
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.remote import RemoteLLM
from tests.elsewhere import Elsewhere, elsewhere
from tests.llm.http.hostile import SSE, chunk, hostile, response, sends

KEY = "sk-SECRETSECRET"


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as server:
        yield server


def closed(server: Elsewhere, **options: Any) -> tuple[Gate, RemoteLLM]:
    gate = Gate(parse(server.url), is_open=False)
    return gate, RemoteLLM(gate=gate, api_key=KEY, key_over_http=True, **options)


VERBS: dict[str, Callable[[RemoteLLM], Any]] = {
    "stream": lambda llm: str(llm.stream("Hello")),
    "generate": lambda llm: llm.generate("Hello"),
    "count": lambda llm: llm.count_tokens("Hello"),
    "measure": lambda llm: llm.measure("Hello"),
    "window": lambda llm: llm.window,
    "check": lambda llm: llm.check(),
    "admitted": lambda llm: llm.admitted("Hello"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("model", [None, "named"])
def test_a_closed_gate_lets_no_connection_out(server: Elsewhere, verb: str, model: str | None) -> None:
    gate, llm = closed(server, model=model)
    with pytest.raises(NotAllowed, match=r"Nobody has said yes to 127\.1:"):
        VERBS[verb](llm)
    for quiet in (lambda: llm.warm("Hello", 0), lambda: llm.show_prompt("Hello"), lambda: llm.known_window):
        quiet()
    assert server.connections == 0
    gate.open()
    VERBS[verb](llm)
    assert verb == "admitted" or server.connections > 0


def test_what_keeps_a_prompt_here_keeps_its_count_here_too(server: Elsewhere) -> None:
    class TooSecret(Exception):
        pass

    def look(prompt: Any) -> None:
        if "secret" in str(prompt):
            raise TooSecret

    llm = RemoteLLM(model="named", gate=Gate(parse(server.url), look=look))
    for verb in (llm.stream, llm.count_tokens, llm.measure, llm.admitted):
        with pytest.raises(TooSecret):
            verb("a secret")
    assert server.connections == 0
    assert llm.count_tokens("nothing special") == 42


def test_naming_a_url_in_python_is_the_yes(server: Elsewhere) -> None:
    assert str(RemoteLLM(server.url).stream("Hi")) == "An answer."


def test_this_machine_needs_no_yes() -> None:
    with hostile() as server:
        server.on("/v1/chat/completions", sends(SSE, chunk("ok", "stop")))
        for host in ("127.0.0.1", "localhost", "LOCALHOST."):
            gate = Gate(parse(f"http://{host}:{server.port}/v1"), is_open=False)
            assert gate.is_open
            assert str(RemoteLLM(gate=gate).stream("Hi")) == "ok"
        assert b"host: localhost:" in server.requests[-1].lower()


def test_a_localhost_name_is_connected_to_where_it_was_found_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that changes its mind after nobody was asked leads nowhere else."""
    real = socket.getaddrinfo
    answers = ["127.0.0.1", "192.0.2.1", "192.0.2.1"]

    def resolve(name: Any, *rest: Any, **more: Any) -> Any:
        return real(answers.pop(0) if name == "box.localhost" else name, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with hostile() as server:
        server.on("/v1/chat/completions", sends(SSE, chunk("ok", "stop")))
        gate = Gate(parse(f"http://box.localhost:{server.port}/v1"), is_open=False)
        assert str(RemoteLLM(gate=gate).stream("Hi")) == "ok"
        assert b"host: box.localhost:" in server.requests[-1].lower()
    assert len(answers) == 2


def test_every_address_of_this_machine_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(name: Any, *rest: Any, **more: Any) -> Any:
        if name != "box.localhost":
            return real(name, *rest, **more)
        return [row for host in ("127.0.0.9", "127.0.0.1") for row in real(host, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with hostile() as server:
        server.on("/v1/chat/completions", sends(SSE, chunk("ok", "stop")))
        assert str(RemoteLLM(f"http://box.localhost:{server.port}/v1").stream("Hi")) == "ok"
    with pytest.raises(RemoteError, match=r"box\.localhost:\d+ cannot be reached"):
        RemoteLLM(f"http://box.localhost:{server.port}/v1").check()


def test_a_key_goes_over_plain_http_only_where_that_was_allowed(server: Elsewhere) -> None:
    with pytest.raises(SettingsError) as caught:
        RemoteLLM(server.url, api_key=KEY)
    assert "remote.key_over_http = true" in caught.value.hint and KEY not in str(caught.value)
    RemoteLLM(server.url.replace("http:", "https:"), api_key=KEY)
    RemoteLLM(f"http://127.0.0.1:{server.port}/v1", api_key=KEY)
    RemoteLLM(server.url, api_key="")
    assert server.connections == 0
    assert str(RemoteLLM(server.url, api_key=KEY, key_over_http=True).stream("Hi")) == "An answer."
    assert KEY.encode() in server.requests[-1]


def test_a_redirect_is_another_host(server: Elsewhere) -> None:
    with elsewhere() as other:
        there = f"location: {other.url}/chat/completions\r\n"
        for status in ("302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
            server.on("/v1/chat/completions", sends(response(b"", status, more=there)))
            with pytest.raises(RemoteError, match="redirects to"):
                str(RemoteLLM(server.url, "named").stream("Hi"))
        server.on("/tokenize", sends(response(b"", "307 Temporary Redirect", more=there)))
        RemoteLLM(server.url, "named").count_tokens("Hi")
        assert other.connections == 0
