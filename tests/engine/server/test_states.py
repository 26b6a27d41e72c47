"""Loading, ready, failed, leaving: what everyone hears who asks meanwhile."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import traceback
from typing import Any

import msgspec
import pytest

from docstra_tui.engine.client import contact
from docstra_tui.engine.client.wire import Stats
from docstra_tui.engine.server.host import Host
from docstra_tui.errors import EngineDied, ModelNotFound
from docstra_tui.llm.files.sources import LoadProgress
from tests.engine.engines import FakeModel, FakeTokenizer, RunningEngine, done, running, until
from tests.engine.server.asked import QUESTION, client, events, health, in_background


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


def test_an_attached_client_is_counted_until_it_goes(engine: RunningEngine) -> None:
    attachment = contact.Attachment(engine.socket, lasting=True, timeout=10)
    assert health(engine).clients == 1
    attachment.close()
    attachment.wait()
    until(lambda: health(engine).clients == 0)
