"""RemoteLLM against servers that do what servers do: hang, lie, break off, redirect, and drip."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.errors import (
    AnswerCutOff,
    ContextOverflow,
    EngineDied,
    GenerationFailed,
    RemoteError,
    SettingsError,
    UnsafePath,
)
from docstra_tui.llm.answer import Finished, Usage
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import done, running
from tests.llm.hostile import (
    SSE,
    HostileServer,
    chunk,
    hostile,
    response,
    sends,
    sends_and_stalls,
)

CHAT = "/v1/chat/completions"
DONE = b"data: [DONE]\n\n"
KEY = "sk-SECRETSECRET"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def ask(server: HostileServer, *acts: object, **options: object) -> str:
    server.on(CHAT, *acts)  # type: ignore[arg-type]
    return str(RemoteLLM(server.url, **options).stream("Hello"))  # type: ignore[arg-type]


# What is accepted


def test_an_answer_comes_in_pieces_with_its_figures(server: HostileServer) -> None:
    usage = (
        b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2,'
        b' "prompt_tokens_details": {"cached_tokens": 5}}}\n\n'
    )
    server.on(CHAT, sends(SSE, chunk("Hel"), chunk("lo"), chunk("", "length"), usage, DONE))
    with RemoteLLM(server.url, temperature=0.5, max_tokens=11).stream("Hi") as stream:
        assert list(stream) == ["Hel", "lo"]
    assert (stream.finish_reason, stream.usage) == ("length", Usage(9, 2, 5))
    sent = json.loads(server.requests[-1].partition(b"\r\n\r\n")[2])
    assert sent["model"] == "their-model"
    assert (sent["max_tokens"], sent["temperature"], sent["stream"]) == (11, 0.5, True)


@pytest.mark.parametrize(
    "parts",
    [
        (chunk("ok"), chunk("", "stop")),  # no usage, no [DONE], closed without chunking
        (chunk("ok"), DONE),  # no finish reason
        (chunk("ok", "stop").replace(b"\n", b"\r\n"), DONE),
        (chunk("ok", "stop").replace(b"data: ", b"data:"), DONE),
        (b": keep-alive\n\n", b'data: {"choices": []}\n\n', chunk("ok", "stop")),
        (b'data: {"choices": [{"delta": {"content": null}}]}\n\n', chunk("ok", "stop")),
        (b"data: {nonsense\n\n" * 4, b"data: \xff\xfe\n\n", chunk("ok", "stop")),
    ],
)
def test_what_servers_do_differently_is_understood(server: HostileServer, parts: tuple[bytes, ...]) -> None:
    assert ask(server, sends(SSE, *parts)) == "ok"


def test_a_server_that_cannot_stream_is_understood(server: HostileServer) -> None:
    body = b'{"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}'
    assert ask(server, sends(response(body))) == "whole"


def test_a_server_that_refuses_stream_options_is_asked_without(server: HostileServer) -> None:
    refusal = response(b'{"detail": "unsupported: stream_options"}', "422 Unprocessable")
    answer = ask(server, sends(refusal), sends(SSE, chunk("ok", "stop")))
    assert answer == "ok"
    assert b"stream_options" in server.requests[-2] and b"stream_options" not in server.requests[-1]


# What is refused, and how


def test_an_answer_that_breaks_off_is_never_taken_for_complete(server: HostileServer) -> None:
    server.on(CHAT, sends(SSE, chunk("half an ans")))
    stream = RemoteLLM(server.url).stream("Hi")
    with pytest.raises(AnswerCutOff):
        list(stream)
    assert stream.text == "half an ans"


def test_a_reset_in_the_middle_is_a_cut_off_too(server: HostileServer) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    body = chunk("half")
    with pytest.raises(AnswerCutOff):
        ask(server, sends(head, b"%x\r\n%s\r\n" % (len(body), body)))


def test_silence_before_the_first_token_has_its_own_limit(
    server: HostileServer, gate: threading.Event
) -> None:
    with pytest.raises(RemoteError, match="has not begun to answer"):
        ask(server, sends_and_stalls(gate, SSE), wait_seconds=0.3)


def test_keep_alive_comments_are_still_silence(server: HostileServer) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(SSE + chunk("half"))
        while True:
            connection.sendall(b": keep-alive\n\n")
            time.sleep(0.02)

    began = time.monotonic()
    with pytest.raises(RemoteError, match="stopped in the middle"):
        ask(server, drip, wait_seconds=0.4)
    assert time.monotonic() - began < 3
    assert server.gone.wait(5)


def test_too_many_unreadable_events_are_an_error(server: HostileServer) -> None:
    with pytest.raises(RemoteError, match="cannot be read"):
        ask(server, sends(SSE, b"data: {nonsense\n\n" * 6))


def test_an_event_without_end_is_given_up_early(server: HostileServer) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(SSE + b"data: ")
        for _ in range(60):
            connection.sendall(b"x" * 1_000_000)
            sent += 1

    with pytest.raises(RemoteError):
        ask(server, flood)
    assert server.gone.wait(5) and sent < 30


def test_an_answer_without_end_is_given_up(server: HostileServer) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(SSE)
        while True:
            connection.sendall(chunk("x" * 500_000))

    with pytest.raises(RemoteError, match="characters"):
        ask(server, talk)
    assert server.gone.wait(5)


def test_an_error_event_is_said_in_our_words_and_made_harmless(server: HostileServer) -> None:
    body = b'data: {"error": {"message": "out of \\u001b[31mmemory", "kind": "context_overflow"}}\n\n'
    with pytest.raises(RemoteError, match=r"out of \[31mmemory"):
        ask(server, sends(SSE, chunk("half"), body))


def test_a_redirect_is_not_followed_and_its_target_shown(server: HostileServer) -> None:
    there = "location: http://127.0.0.1:9/v1\r\n"
    with pytest.raises(RemoteError, match=r"redirects to http://127\.0\.0\.1:9/v1"):
        ask(server, sends(response(b"", "307 Temporary Redirect", more=there)), api_key=KEY)


@pytest.mark.parametrize(
    ("status", "more", "message", "hint"),
    [
        ("401 Unauthorized", "", "does not let us in", "DOCSTRA_API_KEY"),
        ("404 Not Found", "", "does not know", "/v1"),
        ("429 Too Many", "retry-after: 7\r\n", "too many requests", "in 7 s"),
        ("503 Unavailable", "", "failed", "log"),
        ("418 Teapot", "", "refused", ""),
    ],
)
def test_refusals_say_what_to_do_and_quote_little(
    server: HostileServer, status: str, more: str, message: str, hint: str
) -> None:
    body = json.dumps({"error": {"message": f"\x1b]0;title\x07 {KEY} " + "long " * 500}}).encode()
    with pytest.raises(RemoteError) as caught:
        ask(server, sends(response(body, status, more=more)), api_key=KEY)
    assert message in caught.value.message and hint in caught.value.hint
    assert KEY not in str(caught.value) and "\x1b" not in str(caught.value)
    assert len(caught.value.message) < 420


def test_a_page_instead_of_an_answer_names_the_url_and_its_first_line(server: HostileServer) -> None:
    page = response(b"<html>\n<h1>Welcome to nginx</h1>", kind="text/html")
    with pytest.raises(RemoteError, match=r"127\.0\.0\.1:\d+/v1 answers with text/html.*<html>"):
        ask(server, sends(page))


def test_nobody_there_is_said_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RemoteError, match=f"127.0.0.1:{port} cannot be reached: Connection refused"):
        str(RemoteLLM(f"http://127.0.0.1:{port}/v1", "m").stream("Hi"))


# Cancelling


def test_cancelling_wakes_the_reader_at_once_and_the_server_notices(
    server: HostileServer, gate: threading.Event
) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(SSE + chunk("a piece"))
        connection.recv(1)  # returns when the client is gone
        server.gone.set()

    server.on(CHAT, talk)
    stream = RemoteLLM(server.url).stream("Hi")
    assert next(stream) == "a piece"
    threading.Timer(0.1, stream.cancel).start()
    began = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - began < 0.35
    assert stream.finish_reason == "cancelled" and stream.text == "a piece"
    assert server.gone.wait(5)


def test_cancelling_works_before_the_server_has_said_anything(
    server: HostileServer, gate: threading.Event
) -> None:
    server.on(CHAT, sends_and_stalls(gate))
    stream = RemoteLLM(server.url, "m").stream("Hi")
    threading.Timer(0.1, stream.cancel).start()
    began = time.monotonic()
    assert list(stream) == [] and stream.finish_reason == "cancelled"
    assert time.monotonic() - began < 0.35


def test_dropping_a_stream_hangs_up(server: HostileServer) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(SSE + chunk("a"))
        connection.recv(1)
        server.gone.set()

    server.on(CHAT, talk)
    stream = RemoteLLM(server.url).stream("Hi")
    next(stream)
    del stream
    assert server.gone.wait(5)


# Keys, proxies, addresses


def test_the_key_comes_from_the_variable_or_a_private_file_and_is_sent_stripped(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = paths.private_folder(paths.config_dir()) / "api_key"
    file.write_text("sk-from-file\n")
    file.chmod(0o644)
    with pytest.raises(UnsafePath, match="chmod 600"):
        RemoteLLM(server.url)
    file.chmod(0o600)
    ask(server, sends(SSE, chunk("ok", "stop")))
    assert b"Bearer sk-from-file\r\n" in server.requests[-1]
    monkeypatch.setenv("DOCSTRA_API_KEY", " sk-from-variable\n")
    ask(server, sends(SSE, chunk("ok", "stop")))
    assert b"Bearer sk-from-variable\r\n" in server.requests[-1]


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket", "device"])
def test_a_key_file_that_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = paths.private_folder(paths.config_dir()) / "api_key"
    with contextlib.ExitStack() as stack:
        if kind == "pipe":
            os.mkfifo(path, 0o600)
        elif kind == "folder":
            path.mkdir(0o700)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
        found: list[BaseException] = []

        def look() -> None:
            try:
                RemoteLLM("http://127.0.0.1:9/v1")
            except BaseException as error:
                found.append(error)

        thread = threading.Thread(target=look, daemon=True)  # a pipe would hold it for ever
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        assert isinstance(found[0], SettingsError) and "api_key" in found[0].message


def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(server: HostileServer) -> None:
    with pytest.raises(SettingsError) as caught:
        RemoteLLM(server.url, api_key="sk-SECRET\nX: y")
    assert "SECRET" not in str(caught.value)


def test_a_proxy_in_the_environment_sees_nothing(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hostile() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert ask(server, sends(SSE, chunk("ok", "stop")), api_key=KEY) == "ok"
        assert proxy.requests == []


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "ftp://x/v1", "http://u:pw@x/v1", "http://x:no/v1", ""])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        RemoteLLM(url)
    assert "pw" not in str(caught.value)


# Counting and the window


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


# Our own engine


def test_our_engine_needs_no_name_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_API_KEY", KEY)
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        stream = llm.stream("How are you?")
        engine.model.answer("fi", "ne", done(3, 2, 1))
        assert str(stream) == "fine"
        assert stream.usage == Usage(3, 2, 1)
        assert llm.window == 100 and llm.model_name == "fake"
        assert llm.count_tokens("How are you?") == 3 and llm.counts_exactly


def test_our_engines_errors_come_back_as_what_they_were() -> None:
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        with pytest.raises(ContextOverflow) as caught:
            str(llm.stream("x " * 95))
        assert caught.value.prompt_tokens == 95
        stream = llm.stream("Hi")
        engine.model.answer("half", GenerationFailed("The model stumbled.", "Ask again."))
        with pytest.raises(GenerationFailed) as failed:
            str(stream)
        assert failed.value.hint == "Ask again."


def test_a_cancelled_stream_cancels_the_job_in_the_engine() -> None:
    with running() as engine:
        stream = RemoteLLM(socket=engine.socket).stream("Hi")
        job = engine.model.next_job()
        job.sink("a")
        assert next(stream) == "a"
        stream.cancel()
        assert job.cancelled.wait(5)
        job.sink(Finished("cancelled"))
        assert list(stream) == [] and stream.finish_reason == "cancelled"


def test_an_engine_that_is_not_there_is_an_engine_that_died(own_places: Path) -> None:
    with pytest.raises(EngineDied):
        str(RemoteLLM(socket=own_places / "none.sock").stream("Hi"))


def test_an_engine_that_vanishes_in_the_middle_is_told_at_once(own_places: Path) -> None:
    path = own_places / "e.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()

        def vanish() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(SSE + chunk("half"))
            connection.close()

        threading.Thread(target=vanish, daemon=True).start()
        stream = RemoteLLM(socket=path).stream("Hi")
        with pytest.raises(EngineDied):
            list(stream)
        assert stream.text == "half"
