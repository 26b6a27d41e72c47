"""What answers of servers are understood, and which are none."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from docstra_tui.errors import (
    AnswerCutOff,
    RemoteError,
)
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.asked import ask
from tests.llm.http.hostile import (
    CHAT,
    DONE,
    SSE,
    HostileServer,
    chunk,
    response,
    sends,
    sends_and_stalls,
)

KEY = "sk-SECRETSECRET"


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
