"""Answers of the engine as any client sees them: over a real socket, with a model made for the test."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest

from docstra_tui.errors import GenerationFailed
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import RunningEngine, done, until
from tests.engine.server.asked import QUESTION, client, events, in_background


def test_a_streamed_answer_has_openais_shape_and_one_terminal_event(engine: RunningEngine) -> None:
    body = QUESTION | {"stream": True, "stream_options": {"include_usage": True}, "max_tokens": 7}
    with client(engine) as http, http.stream("POST", "/v1/chat/completions", json=body) as response:
        job = engine.model.answer("Hel", "lo", done(9, 2, 4))
        assert response.headers["content-type"].startswith("text/event-stream")
        *chunks, finish, usage, mark = events(response)
    assert (job.max_tokens, job.sampling.temperature) == (7, None)
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == "Hello"
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == [] and usage["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}
    assert mark == "[DONE]"


def test_pieces_that_come_together_go_out_together_and_the_first_at_once(engine: RunningEngine) -> None:
    with client(engine) as http:
        body = QUESTION | {"stream": True}
        with http.stream("POST", "/v1/chat/completions", json=body) as response:
            job = engine.model.next_job()
            lines = response.iter_lines()
            job.sink("a")
            assert json.loads(next(lines)[6:])["choices"][0]["delta"]["content"] == "a"
            for piece in "bcdefghij":
                job.sink(piece)
            job.sink(done())
            rest = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    texts = [chunk["choices"][0]["delta"].get("content", "") for chunk in rest]
    assert "".join(texts) == "bcdefghij"
    assert len([text for text in texts if text]) <= 3


def test_an_answer_that_is_not_streamed_comes_whole(engine: RunningEngine) -> None:
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION).json())
        engine.model.answer("Hello ", "there", done(3, 2))
        body = reply.get(timeout=10)
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "Hello there"}
    assert body["usage"]["total_tokens"] == 5


def test_an_error_in_the_middle_is_the_one_terminal_event_and_the_next_request_works(
    engine: RunningEngine,
) -> None:
    with client(engine) as http:
        body = QUESTION | {"stream": True}
        with http.stream("POST", "/v1/chat/completions", json=body) as response:
            engine.model.answer("Hel", GenerationFailed("The model stumbled.", "Ask again."))
            *_, last = events(response)
        assert last["error"]["kind"] == "generation_failed" and last["error"]["hint"] == "Ask again."
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION))
        engine.model.answer("fine", done())
        assert reply.get(timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "usage"),
        (b'{"messages": 3}', 400, "usage"),
        (b'{"messages": [{"role": "robot", "content": "x"}]}', 400, "usage"),
        (b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', 400, "usage"),
        (b'{"messages": [{"role": "user", "content": "x"}], "n": 2}', 400, "usage"),
        (b'{"messages": [{"role": "user", "content": "x"}], "model": "other"}', 404, "model_not_found"),
        (
            json.dumps({"messages": [{"role": "user", "content": "x " * 95}]}).encode(),
            400,
            "context_overflow",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_shape(
    engine: RunningEngine, body: bytes, status: int, kind: str
) -> None:
    with client(engine) as http:
        response = http.post("/v1/chat/completions", content=body)
        missing = http.get("/nowhere")
    error = response.json()["error"]
    assert (response.status_code, error["kind"]) == (status, kind)
    assert error["message"] and {"hint", "details", "type", "code"} <= set(error)
    assert missing.status_code == 404 and missing.json()["error"]["message"]


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_client_that_disconnects_has_cancelled(engine: RunningEngine, is_streamed: bool) -> None:
    body = json.dumps(QUESTION | {"stream": is_streamed}).encode()
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(engine.socket))
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        raw.sendall(head.encode() + body)
        job = engine.model.next_job()
        job.sink("a piece")
        assert not job.cancelled.is_set()
    assert job.cancelled.wait(5)


def test_uvicorn_announces_the_asgi_version_with_which_starlette_watches_for_disconnects() -> None:
    """With 2.4 a StreamingResponse stops listening, and a cancelled prefill would go on for ever."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["asgi"]["spec_version"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, http="h11", lifespan="off", log_config=None))
    ours, theirs = socket.socket(), socket.socket()
    ours.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([ours],), daemon=True)
    thread.start()
    until(lambda: server.started)
    with theirs:
        theirs.connect(ours.getsockname())
        theirs.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert theirs.recv(100).startswith(b"HTTP/1.1 204")
    server.should_exit = True
    thread.join(10)
    assert seen == ["2.3"]


def test_an_answer_that_cannot_be_handed_on_ends_in_one_error_event(engine: RunningEngine) -> None:
    with client(engine) as http:
        body = QUESTION | {"stream": True}
        with (
            pytest.MonkeyPatch.context() as patch,
            http.stream("POST", "/v1/chat/completions", json=body) as response,
        ):
            job = engine.model.next_job()
            patch.setattr("docstra_tui.engine.server.reply.Reply._drain", lambda reply: 1 / 0)
            job.sink("Hel")
            found = events(response)
        assert [list(event) for event in found] == [["error"]]
        assert "ZeroDivisionError" in found[0]["error"]["message"] and job.cancelled.wait(5)
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION))
        engine.model.answer("fine", done())
        assert reply.get(timeout=10).status_code == 200


def test_our_client_says_what_is_one_of_many(engine: RunningEngine) -> None:
    llm = RemoteLLM(socket=engine.socket)
    try:
        for batch in (True, False):
            stream = llm.run_task("answer_question", fields={"question": "What is this?"}, batch=batch)
            assert engine.model.answer("Well.", done()).batch is batch
            assert str(stream) == "Well."
    finally:
        llm.close()
