"""Reading ahead: what the next question begins with is read while nobody asks."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import RunningEngine, running, until
from tests.engine.server.asked import client, in_background
from tests.llm.conftest import llm as llm
from tests.llm.conftest import tiny_folder as tiny_folder


@pytest.fixture
def engine() -> Iterator[RunningEngine]:
    with running() as engine:
        yield engine


def wish(text: str, who: str = "one") -> dict[str, Any]:
    message = {"role": "user", "content": text}
    return {"messages": [message], "docstra": {"stable": len(text), "client": who}}


def test_it_says_how_much_is_read_when_it_is_done(engine: RunningEngine) -> None:
    with client(engine) as http:
        answer = in_background(lambda: http.post("/docstra/prefill", json=wish("a b c")).json())
        engine.model.warm_jobs.get(timeout=10).warmed(3)

        assert answer.get(timeout=10) == {"count": 3, "cached_tokens": 3}


def test_a_newer_wish_of_the_same_client_takes_its_place(engine: RunningEngine) -> None:
    with client(engine) as http, client(engine) as later:
        first = in_background(lambda: http.post("/docstra/prefill", json=wish("a b c")).json())
        old = engine.model.warm_jobs.get(timeout=10)
        second = in_background(lambda: later.post("/docstra/prefill", json=wish("a b")).json())
        assert old.cancelled.wait(5)
        old.warmed(1)
        engine.model.warm_jobs.get(timeout=10).warmed(2)

        assert first.get(timeout=10) == {"count": 3, "cached_tokens": 1}
        assert second.get(timeout=10) == {"count": 2, "cached_tokens": 2}


def test_another_clients_wish_waits_beside_it(engine: RunningEngine) -> None:
    with client(engine) as http, client(engine) as other:
        in_background(lambda: http.post("/docstra/prefill", json=wish("a b")).json())
        mine = engine.model.warm_jobs.get(timeout=10)
        in_background(lambda: other.post("/docstra/prefill", json=wish("x y", "two")).json())
        theirs = engine.model.warm_jobs.get(timeout=10)

        assert not mine.cancelled.is_set() and not theirs.cancelled.is_set()
        mine.warmed(2)
        theirs.warmed(2)


def test_what_a_question_put_aside_is_read_on_afterwards(engine: RunningEngine) -> None:
    with client(engine) as http:
        answer = in_background(lambda: http.post("/docstra/prefill", json=wish("a b c d")).json())
        job = engine.model.warm_jobs.get(timeout=10)
        job.cancel()  # as the inference thread does when a question comes
        job.warmed(2)
        engine.model.warm_jobs.get(timeout=10).warmed(4)

        assert answer.get(timeout=10)["cached_tokens"] == 4


def test_a_client_that_goes_ends_its_reading(engine: RunningEngine) -> None:
    body = json.dumps(wish("a b c")).encode()
    head = f"POST /docstra/prefill HTTP/1.1\r\nHost: engine\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(engine.socket))
        link.sendall(head.encode() + body)
        job = engine.model.warm_jobs.get(timeout=10)

    assert job.cancelled.wait(5)
    job.warmed(0)


def test_counting_tells_what_is_cached_and_the_text_of_both_parts(engine: RunningEngine) -> None:
    engine.model.cached = 2
    llm = RemoteLLM(socket=engine.socket)

    measure = llm.measure("one two three")

    assert measure == Measure(3, 2)
    llm.close()


def test_files_read_ahead_are_reused_by_the_question(llm: LocalLLM) -> None:
    """With the real model: what `warm` read is what the question does not read again."""
    builder = llm.prompt_builder
    files = [{"path": "a.py", "content": "x = 1\n" * 60}]
    ahead = builder.conversation("answer_question", files, question="")
    asked = builder.conversation("answer_question", files, question="What is x?")

    warmed = llm.warm(ahead.messages, ahead.stable)
    stream = llm.stream(asked.messages, stable=asked.stable)
    str(stream)

    assert warmed.cached == warmed.tokens > 100
    assert stream.usage.reused_tokens == warmed.tokens
    second = builder.conversation("answer_question", files, question="Why?")
    assert (llm.measure(second.messages).cached or 0) >= warmed.tokens


def test_a_question_takes_over_from_reading_ahead(llm: LocalLLM) -> None:
    builder = llm.prompt_builder
    files = [{"path": "a.py", "content": "y = 2\n" * 300}]
    ahead = builder.conversation("answer_question", files, question="")
    heard: list[Measure] = []
    job = llm.submit_warm(ahead.messages, ahead.stable, heard.append)

    assert str(llm.stream("hello", max_tokens=3))

    until(lambda: heard)
    assert job.is_cancelled() or heard[0].cached == heard[0].tokens


def test_what_no_question_can_follow_is_not_read_ahead(llm: LocalLLM) -> None:
    """Reading on past the window would keep the engine busy for minutes, for nothing."""
    builder = llm.prompt_builder
    files = [{"path": "a.py", "content": "z = 3\n" * llm.window}]
    ahead = builder.conversation("answer_question", files, question="")

    measure = llm.warm(ahead.messages, ahead.stable)

    assert measure == Measure(0, 0)
    assert llm.measure(ahead.messages).cached == 0
