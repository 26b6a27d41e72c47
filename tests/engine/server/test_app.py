"""The engine's endpoints as any client sees them: over a real socket, with a model made for the test."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest

from docstra_tui.engine.client import contact
from docstra_tui.engine.client.wire import Health, Stats
from docstra_tui.engine.server.host import Host
from docstra_tui.errors import ContextOverflow, EngineDied, GenerationFailed, ModelNotFound
from docstra_tui.llm.files.sources import LoadProgress
from docstra_tui.llm.inference.slices import Stopped
from docstra_tui.llm.measure import Measure, largest_body
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import FakeModel, FakeTokenizer, RunningEngine, done, running, until

QUESTION = {"messages": [{"role": "user", "content": "What is this?"}]}


@pytest.fixture
def engine() -> Iterator[RunningEngine]:
    with running() as engine:
        yield engine


def client(engine: RunningEngine) -> httpx2.Client:
    transport = httpx2.HTTPTransport(uds=str(engine.socket))
    return httpx2.Client(transport=transport, base_url="http://engine", timeout=10, trust_env=False)


def health(engine: RunningEngine) -> Health:
    return msgspec.json.decode(contact.ask(engine.socket, "/health"), type=Health)


def events(response: httpx2.Response) -> list[Any]:
    found = [line[6:] for line in response.iter_lines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in found]


def in_background(work: Any) -> queue.Queue[Any]:
    result: queue.Queue[Any] = queue.Queue()

    def run() -> None:
        try:
            result.put(work())
        except BaseException as error:
            result.put(error)

    threading.Thread(target=run, daemon=True).start()
    return result


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


def test_while_the_model_loads_health_tells_and_questions_wait_in_their_order() -> None:
    model, gate = FakeModel(), threading.Event()

    def load(progressed: Any, tokenizer_came: Any) -> FakeModel:
        progressed(LoadProgress("download", 10, 40))
        gate.wait(10)
        tokenizer_came(FakeTokenizer())
        return model

    with running(load) as engine, client(engine) as http:
        now = until(lambda: (seen := health(engine)).phase == "download" and seen)
        assert (now.state, now.done, now.total, now.window) == ("loading", 10, 40, None)
        early = http.post("/tokenize", json={"prompt": "a b"})
        assert early.status_code == 503 and early.json()["error"]["kind"] == "engine"
        replies = []
        for number in range(3):
            question = {"messages": [{"role": "user", "content": f"{number}"}]}
            replies.append(in_background(lambda q=question: http.post("/v1/chat/completions", json=q)))
            until(lambda n=number: health(engine).queue == n + 1)
        gate.set()
        asked = [model.answer("x", done()).prompt[0]["content"] for _ in replies]
        assert asked == ["0", "1", "2"]
        assert [reply.get(timeout=10).status_code for reply in replies] == [200, 200, 200]
        assert health(engine).state == "ready" and health(engine).window == 100
        model.notes = ("It is slow.",)
        assert health(engine).notes == ("It is slow.",)


def test_a_question_that_waits_for_the_model_can_be_taken_back() -> None:
    gate = threading.Event()
    model = FakeModel()

    def load(progressed: Any, tokenizer_came: Any) -> FakeModel:
        gate.wait(10)
        return model

    with running(load) as engine:
        body = json.dumps(QUESTION | {"stream": True}).encode()
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(engine.socket))
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            raw.sendall(head.encode() + body)
            until(lambda: health(engine).queue == 1)
        until(lambda: health(engine).queue == 0)
        gate.set()
        until(lambda: health(engine).state == "ready")
        assert model.jobs.empty()


def test_a_model_that_cannot_be_loaded_is_told_to_everyone_who_asks() -> None:
    def load(progressed: Any, tokenizer_came: Any) -> FakeModel:
        raise ModelNotFound("There is no model x.", "Look at its name.")

    with running(load) as engine, client(engine) as http:
        seen = until(lambda: (now := health(engine)).state == "failed" and now)
        assert seen.error.kind == "model_not_found" and seen.error.hint == "Look at its name."
        answer = http.post("/v1/chat/completions", json=QUESTION)
        assert answer.status_code == 503 and answer.json()["error"]["kind"] == "model_not_found"


def test_a_device_that_died_makes_the_engine_failed_for_everyone(engine: RunningEngine) -> None:
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION))
        engine.model.answer(EngineDied("The device answers no more.", "Restart the engine."))
        assert reply.get(timeout=10).json()["error"]["kind"] == "engine_died"
        assert until(lambda: (now := health(engine)).state == "failed" and now).error.kind == "engine_died"
        assert http.post("/v1/chat/completions", json=QUESTION).status_code == 503


def test_a_device_that_died_while_reading_ahead_is_told_by_health(engine: RunningEngine) -> None:
    """Nobody waits for the answer of a reading: the engine must not call itself ready all the same."""
    until(lambda: health(engine).state == "ready")
    engine.model.dead = EngineDied("The GPU stopped answering.", "Restart the engine.")
    now = health(engine)
    assert now.state == "failed" and now.error is not None and now.error.kind == "engine_died"
    with client(engine) as http:
        assert http.post("/v1/chat/completions", json=QUESTION).status_code == 503


async def test_an_error_that_is_kept_is_never_the_one_that_is_raised() -> None:
    def load(progressed: Any, tokenizer_came: Any) -> FakeModel:
        raise ModelNotFound("There is no model x.", "Look at its name.")

    host = Host(load)
    host.start()
    raised = []
    for _ in range(3):
        with pytest.raises(ModelNotFound, match="no model x") as caught:
            await host.ready()
        raised.append(caught.value)
    assert len({id(error) for error in raised}) == 3
    assert len({len(traceback.extract_tb(error.__traceback__)) for error in raised}) == 1


def test_a_memory_figure_that_fails_is_logged_once(
    engine: RunningEngine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstra_tui.engine.server.host.MEMORY_SECONDS", 0)
    until(lambda: health(engine).state == "ready")

    def used() -> int | None:
        return msgspec.json.decode(contact.ask(engine.socket, "/docstra/stats"), type=Stats).memory_used

    def told() -> int:
        return sum("does not tell its memory" in record.message for record in caplog.records)

    engine.model.memory_error = RuntimeError("CUDA error")
    assert [used() for _ in range(4)] == [None] * 4 and told() == 1
    engine.model.memory_error = None
    assert used() == 3
    engine.model.memory_error = RuntimeError("CUDA error")
    assert used() is None and told() == 2  # it came back in between: that is another story


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


def test_tokenize_counts_as_vllm_does(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    with client(engine) as http:
        chat = http.post("/tokenize", json={"messages": QUESTION["messages"], "return_tokens": True})
        plain = http.post("/tokenize", json={"prompt": "one two"})
        wrong = http.post("/tokenize", json={"messages": [{"role": "robot", "content": "x"}]})
        empty = http.post("/tokenize", json={})
    assert chat.json() == {"count": 3, "max_model_len": 100, "tokens": [0, 1, 2], "cached_tokens": 0}
    assert plain.json() == {"count": 2, "max_model_len": 100, "cached_tokens": 0}
    assert (wrong.status_code, empty.status_code) == (400, 400)


def test_counting_ends_at_eight_windows_and_says_so(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    words = "word " * 801
    with client(engine) as http:
        chat = http.post("/tokenize", json={"messages": [{"role": "user", "content": words}]})
        plain = http.post("/tokenize", json={"prompt": words})
        ids = http.post("/tokenize", json={"prompt": words, "return_tokens": True})
        fits = http.post("/tokenize", json={"prompt": words[:-5]})
    assert chat.json() == plain.json() == {"count": 801, "max_model_len": 100, "is_least": True}
    assert fits.json()["count"] == 800 and "is_least" not in fits.json()
    assert ids.status_code == 400 and ids.json()["error"]["kind"] == "context_overflow"


def test_several_prompts_are_counted_in_one_go_each_by_itself(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    prompts = [[{"role": "user", "content": "word " * size}] for size in (3, 5000, 2)]
    with client(engine) as http:
        answer = http.post("/docstra/count", json={"prompts": prompts}).json()
        wrong = http.post("/docstra/count", json={"prompts": [[{"role": "robot", "content": "x"}]]})
    assert answer == {"counts": [3, 5000, 2], "is_least": [False, True, False], "max_model_len": 100}
    assert wrong.status_code == 400 and wrong.json()["error"]["param"] == "messages[0].role"


@pytest.mark.parametrize("is_streamed", [True, False], ids=["chunked", "with its length"])
def test_how_large_a_request_may_be_follows_the_window(engine: RunningEngine, is_streamed: bool) -> None:
    until(lambda: health(engine).state == "ready")
    most = largest_body(100)
    body = json.dumps({"prompt": "x" * most}).encode()
    content: Any = iter([body[:999], body[999:]]) if is_streamed else body
    with client(engine) as http:
        answer = http.post("/tokenize", content=content)
        assert answer.status_code == 413  # and it is read to its end: nobody sees a broken pipe
        error = answer.json()["error"]
        assert error["kind"] == "context_overflow" and "more than 800 tokens" in error["message"]
        assert http.post("/tokenize", json={"prompt": "x" * (most - 100)}).status_code == 200


def test_our_client_counts_within_the_same_bounds(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    llm = RemoteLLM(socket=engine.socket)
    huge = "x" * (largest_body(100) + 1000)
    assert llm.measure("word " * 801) == Measure(801, None, is_least=True)  # learns the window too
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(llm._counting, "_ask", lambda messages: pytest.fail("it was sent"))
        assert llm.measure(huge) == Measure(800, None, is_least=True) and llm.counts_exactly
    found = llm.count_each(["one two", huge, "word " * 5000, "three"])
    assert [(each.tokens, each.is_least) for each in found] == [
        (2, False),
        (800, True),
        (5000, True),
        (1, False),
    ]
    with pytest.raises(ContextOverflow, match="more than 800 tokens") as caught:
        str(llm.stream(huge))
    assert caught.value.is_least and caught.value.limit == 100
    llm.close()


def test_our_client_estimates_as_long_as_the_engine_cannot_count() -> None:
    gate = threading.Event()

    def load(progressed: Any, tokenizer_came: Any) -> FakeModel:
        gate.wait(10)
        return FakeModel()

    with running(load) as engine:
        llm = RemoteLLM(socket=engine.socket)
        assert [each.is_least for each in llm.count_each(["x" * 350, "y"])] == [False, False]
        assert not llm.counts_exactly
        gate.set()
        llm.close()


def test_counting_stops_when_the_client_hangs_up(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    began, stopped = threading.Event(), threading.Event()

    def render(self: Any, prompt: Any, most: Any, is_stopped: Any) -> list[int]:
        began.set()
        until(is_stopped)
        stopped.set()
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeTokenizer, "render", render)
        with contextlib.closing(contact.UnixConnection(engine.socket, 5)) as asked:
            asked.request("POST", "/tokenize", json.dumps(QUESTION))
            assert began.wait(5) and not stopped.is_set()
        assert stopped.wait(5)
    with client(engine) as http:
        assert http.post("/tokenize", json=QUESTION).json()["count"] == 3


def test_models_and_stats_tell_the_figures(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    with client(engine) as http:
        card = http.get("/v1/models").json()["data"][0]
        assert (card["id"], card["max_model_len"]) == ("fake", 100)
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION))
        job = engine.model.next_job()
        job.sink("a")
        time.sleep(0.02)  # the figure is a speed: it needs some time to pass
        job.sink("b")
        job.sink(done(5, 2))
        reply.get(timeout=10)
    stats = msgspec.json.decode(contact.ask(engine.socket, "/docstra/stats"), type=Stats)
    assert (stats.memory_used, stats.memory_total, stats.answers) == (3, 8, 1)
    assert stats.ttft_s is not None and stats.tokens_per_s is not None and stats.tokens_per_s < 60
    assert stats.health.device == "cpu"


def test_an_attached_client_is_counted_until_it_goes(engine: RunningEngine) -> None:
    attachment = contact.Attachment(engine.socket, lasting=True, timeout=10)
    assert health(engine).clients == 1
    attachment.close()
    attachment.wait()
    until(lambda: health(engine).clients == 0)


def test_stopping_ends_open_answers_with_an_error_and_gives_the_model_back(engine: RunningEngine) -> None:
    with client(engine) as http:
        body = QUESTION | {"stream": True}
        with http.stream("POST", "/v1/chat/completions", json=body) as response:
            job = engine.model.next_job()
            job.sink("Hel")
            with contextlib.closing(contact.Attachment(engine.socket, lasting=True, timeout=10)):
                contact.ask(engine.socket, "/docstra/stop", method="POST")
                *_, last = events(response)
        assert last["error"]["kind"] == "engine_died"
    engine.thread.join(10)
    assert job.cancelled.is_set() and engine.model.is_closed and not engine.socket.exists()


def test_a_socket_that_a_cleaner_removed_is_made_anew(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    engine.socket.unlink()
    until(engine.socket.exists)
    assert until(lambda: health(engine)).state == "ready"
    assert engine.socket.stat().st_mode & 0o777 == 0o600
