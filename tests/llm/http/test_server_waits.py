"""How long a server is waited for: what it drips, repeats or leaves open extends no limit."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from docstra_tui.errors import AnswerCutOff, DocstraError, RemoteError
from docstra_tui.llm.http import connection
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import (
    CHAT,
    SSE,
    Act,
    HostileServer,
    chunk,
    dripped,
    for_ever,
    response,
    sends,
    sends_and_stalls,
)

SHORT = 0.6
"""Seconds, in the place of 15."""

GUARD = 8
"""Seconds that no test may take: far below the 15 of the real limit."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SHORT_SECONDS", SHORT)


@pytest.fixture
def ample(monkeypatch: pytest.MonkeyPatch) -> float:
    """A limit that a busy machine does not reach by itself, for what has to go well."""
    monkeypatch.setattr(connection, "SHORT_SECONDS", 1.5)
    return 1.5


def failure(call: Callable[[], object]) -> DocstraError:
    began = time.monotonic()
    with pytest.raises(DocstraError) as caught:
        call()
    assert time.monotonic() - began < GUARD
    return caught.value


SLOW = {
    "interim responses without end": for_ever(CONTINUE),
    "headers without end": for_ever(b"x-more: 1\r\n", b"HTTP/1.1 200 OK\r\n"),
    "a head byte by byte": dripped(response(b"{}")),
    "a body byte by byte": dripped(response(b'{"data": [' + b" " * 400)),
    "a body without end": for_ever(b" ", b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"),
}


@pytest.mark.parametrize("name", SLOW)
def test_everything_but_an_answer_has_its_time_to_the_last_byte(server: HostileServer, name: str) -> None:
    server.on("/v1/models", SLOW[name])
    error = failure(RemoteLLM(server.url).check)
    assert error.message == f"127.0.0.1:{server.port} has not answered /v1/models within 0.6 s."
    assert server.gone.wait(5)  # the connection is not kept either


@pytest.mark.parametrize("name", SLOW)
def test_counting_is_no_exception(server: HostileServer, name: str) -> None:
    server.on("/tokenize", SLOW[name])
    assert "/tokenize" in str(failure(lambda: RemoteLLM(server.url, "m").count_tokens("Hi")))


def test_a_server_that_accepts_and_says_nothing_is_given_up(
    server: HostileServer, gate: threading.Event
) -> None:
    server.on("/v1/models", sends_and_stalls(gate))
    assert "has not answered" in str(failure(RemoteLLM(server.url).check))


def test_a_flood_of_interim_responses_ends_at_once(server: HostileServer) -> None:
    server.on(CHAT, for_ever(CONTINUE * 500, pause=0))
    error = failure(lambda: str(RemoteLLM(server.url, wait_seconds=60).stream("Hi")))
    assert "interim responses without end" in error.message and str(server.port) in error.message


# An answer


def ask(server: HostileServer, act: Act, wait_seconds: float = 60) -> Callable[[], str]:
    server.on(CHAT, act)
    return lambda: str(RemoteLLM(server.url, wait_seconds=wait_seconds).stream("Hi"))


def test_the_head_of_an_answer_may_take_as_long_as_a_prompt_takes_to_read(
    server: HostileServer, ample: float
) -> None:
    def act(connection: socket.socket) -> None:
        connection.sendall(CONTINUE)
        time.sleep(1.5 * ample)
        connection.sendall(SSE + chunk("ok", "stop"))

    assert ask(server, act)() == "ok"


def test_a_head_that_has_begun_has_the_short_time(server: HostileServer) -> None:
    error = failure(ask(server, dripped(SSE + chunk("ok", "stop"))))
    assert error.message.endswith("took longer than 0.6 s for its headers.")
    assert f"127.0.0.1:{server.port}" in error.message


@pytest.mark.parametrize(
    "act",
    [
        for_ever(CONTINUE),
        for_ever(b": keep-alive\n\n", SSE),
        for_ever(b"data:\n\n", SSE),
        for_ever(b'data: {"choices": []}\n\n', SSE),
        for_ever(b'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n', SSE),
        for_ever(b" ", b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"),
    ],
)
def test_nothing_but_text_is_worth_waiting_for(server: HostileServer, act: Act) -> None:
    error = failure(ask(server, act, wait_seconds=0.5))
    assert error.message == f"127.0.0.1:{server.port} has not begun to answer: no text came for 0.5 s."
    assert "remote.wait_seconds" in error.hint
    assert error.exit_code == 3


def test_the_same_holds_between_two_texts_and_the_part_is_kept(server: HostileServer) -> None:
    server.on(CHAT, for_ever(b"data: {}\n\n", SSE, chunk("half")))
    stream = RemoteLLM(server.url, wait_seconds=0.5).stream("Hi")
    error = failure(lambda: str(stream))
    assert isinstance(error, AnswerCutOff) and error.exit_code == 1
    assert "stopped in the middle of the answer: no text came for 0.5 s" in error.message
    assert stream.text == "half"


def test_thinking_is_worth_waiting_for(server: HostileServer, ample: float) -> None:
    def act(connection: socket.socket) -> None:
        connection.sendall(SSE)
        for _ in range(5):
            time.sleep(0.4)
            connection.sendall(b'data: {"choices": [{"delta": {"reasoning_content": "Hm."}}]}\n\n')
        connection.sendall(chunk("ok", "stop"))

    assert ask(server, act, wait_seconds=ample)() == "ok"


def test_an_answer_that_is_whole_is_not_held_up_by_a_server_that_does_not_close(
    server: HostileServer, gate: threading.Event
) -> None:
    assert ask(server, sends_and_stalls(gate, SSE, chunk("ok", "stop")))() == "ok"
    assert ask(server, for_ever(b": more\n\n", SSE, chunk("ok", "stop")))() == "ok"


def test_a_server_that_says_with_each_event_that_it_is_the_last_is_read_on(
    server: HostileServer, ample: float
) -> None:
    def act(connection: socket.socket) -> None:
        connection.sendall(SSE)
        for text in "abc":
            connection.sendall(chunk(text, "stop"))
            time.sleep(0.6 * ample)

    assert ask(server, act)() == "abc"


@pytest.mark.parametrize("last", [[], [b"data: [DONE]\n\n"]])
def test_marks_that_such_a_server_cuts_in_two_are_marks(server: HostileServer, last: list[bytes]) -> None:
    events = [chunk(text, "stop") for text in ("<thi", "nk>A plan.</th", "ink>Y", "es.")]
    server.on(CHAT, sends(SSE, *events, *last))
    stream = RemoteLLM(server.url).stream("Hi")
    assert (str(stream), stream.thinking) == ("Yes.", "A plan.")


@pytest.mark.parametrize(
    ("text", "answer", "thinking"), [("Is a <", "Is a <", ""), ("<think>A plan.</thi", "", "A plan.</thi")]
)
def test_what_may_become_a_mark_comes_where_the_server_says_no_more(
    server: HostileServer, gate: threading.Event, text: str, answer: str, thinking: str
) -> None:
    server.on(CHAT, sends_and_stalls(gate, SSE, chunk(text, "length")))
    stream = RemoteLLM(server.url).stream("Hi")
    said = "".join(stream) if answer else failure(lambda: str(stream)).message
    assert said == (answer or "The model used its whole budget for thinking; no answer came.")
    assert (stream.text, stream.thinking, stream.finish_reason) == (answer, thinking, "length")


def test_a_refusal_that_drips_is_still_a_refusal(server: HostileServer) -> None:
    refused = b"HTTP/1.1 500 Oops\r\ncontent-type: text/plain\r\n\r\n"
    error = failure(ask(server, for_ever(b".", refused)))
    assert "failed (500)" in error.message


def test_connecting_has_the_short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody answers for: the resolver knows no limit of ours."""
    asked, gate = threading.Event(), threading.Event()

    def resolve(*args: object) -> list[object]:
        asked.set()
        gate.wait(GUARD)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    llm = RemoteLLM("http://gpu.example:8000/v1", "m", context=10_000)
    try:
        assert failure(lambda: str(llm.stream("Hi"))).message == (
            "gpu.example:8000 cannot be reached: no connection within 0.6 s."
        )
        assert asked.is_set()
        assert "gpu.example:8000 has not answered" in str(failure(llm.check))
    finally:
        gate.set()


# A server that still loads


LOADING = response(b'{"error": {"code": 503, "message": "Loading model"}}', "503 Service Unavailable")


def test_a_server_that_loads_its_model_is_asked_again(
    server: HostileServer, ample: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstra_tui.llm.http.asking.LOADING_SECONDS", 0.05)
    server.on(CHAT, *[sends(LOADING)] * 4, sends(SSE, chunk("ok", "stop")))
    llm = RemoteLLM(server.url)
    seen: list[bool] = []
    monkeypatch.setattr(
        "docstra_tui.llm.http.answer.HttpAnswer.pause", lambda *_: seen.append(llm.is_loading) or True
    )
    assert str(llm.stream("Hi")) == "ok"
    assert seen == [True] * 4 and not llm.is_loading
    assert len(server.questions) == 5


def test_until_the_time_for_a_first_text_is_over(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstra_tui.llm.http.asking.LOADING_SECONDS", 0.05)
    error = failure(ask(server, sends(LOADING), wait_seconds=0.5))
    assert isinstance(error, RemoteError) and "has not begun to answer" in error.message


def test_a_stream_that_waits_for_a_loading_server_can_be_cancelled(
    server: HostileServer, ample: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstra_tui.llm.http.asking.LOADING_SECONDS", 60)
    server.on(CHAT, sends(LOADING))
    stream = RemoteLLM(server.url).stream("Hi")
    threading.Timer(0.2, stream.cancel).start()
    began = time.monotonic()
    assert list(stream) == [] and stream.finish_reason == "cancelled"
    assert time.monotonic() - began < GUARD
