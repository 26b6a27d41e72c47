"""How large a prompt is, asked of the engine, and how large a request may be."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import Any

import pytest

from docstra_tui.engine.client import contact
from docstra_tui.errors import ContextOverflow
from docstra_tui.llm.inference.slices import Stopped
from docstra_tui.llm.measure import Measure, largest_body
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import FakeModel, FakeTokenizer, RunningEngine, running, until
from tests.engine.server.asked import QUESTION, client, health


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

    def render(self: Any, prompt: Any, most: Any, is_stopped: Any, *, think: Any) -> list[int]:
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
