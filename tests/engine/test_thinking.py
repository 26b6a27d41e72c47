"""A real engine process with a model that thinks, as its own client and as others meet it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from docstra_tui.llm.answer import Listener, Reading
from docstra_tui.llm.prompt import Message
from docstra_tui.settings import EngineSettings, ModelSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from docstra_tui.workspace.models.own_engine import EngineBackend
from tests.conftest import PLACES, stop_engines
from tests.engine.engines import until
from tests.tiny_models import make_scripted

END = "<|im_end|>"
SAYS = (["<think>", "a ", "b ", "a "], ["\n\n", "Yes!", END], ["</think>"])
"""Within its thinking it goes on for ever; behind it, it answers."""

Fields = dict[str, Any]
OFF: list[Fields] = [
    {"docstra": {"think": "off"}},
    {"chat_template_kwargs": {"enable_thinking": False}},
    {"reasoning_effort": "none"},
    {"thinking_token_budget": 0},
]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineBackend]:
    opened, closed = "<think>", "<think>\n\n</think>\n\n"
    base = tmp_path_factory.mktemp("thinker")
    folder = make_scripted(base / "model", *SAYS, ending=opened, ending_off=closed)
    wanted = Settings(
        model=ModelSettings(name=str(folder), device="cpu"), engine=EngineSettings(idle_minutes=1)
    )
    with pytest.MonkeyPatch.context() as patch:
        for place in PLACES:
            patch.setenv(f"DOCSTRA_{place}_DIR", str(base / place.lower()[:3]))
        backend = open_backend(wanted)
    assert isinstance(backend, EngineBackend)
    until(lambda: backend.status().state == "ready", 120)
    yield backend
    backend.close()
    stop_engines(base)


def posted(backend: EngineBackend, path: str, fields: Fields) -> Any:
    body = {"messages": [{"role": "user", "content": "Well?"}], "temperature": 0} | fields
    transport = httpx2.HTTPTransport(uds=str(backend.engine.socket))
    with httpx2.Client(transport=transport, base_url="http://e", timeout=60, trust_env=False) as http:
        response = http.post(path, json=body)
    assert response.status_code == 200, response.text
    if not fields.get("stream"):
        return response.json()
    lines = [line[6:] for line in response.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def asked(backend: EngineBackend, **fields: Any) -> Any:
    return posted(backend, "/v1/chat/completions", fields)


def joined(chunks: list[Any], name: str) -> str:
    return "".join(chunk["choices"][0]["delta"].get(name) or "" for chunk in chunks if chunk["choices"])


def test_another_client_gets_thinking_apart_and_switches_it_in_its_own_words(backend: EngineBackend) -> None:
    budget = {"thinking_token_budget": 6, "max_tokens": 40}
    whole = asked(backend, **budget)
    message = whole["choices"][0]["message"]
    assert message["content"] == "Yes!" and message["reasoning_content"].startswith("a b a")
    assert whole["usage"]["completion_tokens_details"]["reasoning_tokens"] >= 6

    chunks = asked(backend, stream=True, stream_options={"include_usage": True}, **budget)
    assert joined(chunks, "content") == "Yes!"
    assert joined(chunks, "reasoning_content") == message["reasoning_content"]
    cached = chunks[-1]["usage"].pop("prompt_tokens_details")["cached_tokens"]
    assert whole["usage"].pop("prompt_tokens_details")["cached_tokens"] == 0 < cached
    assert chunks[-1]["usage"] == whole["usage"]

    for wish in OFF:
        answer = asked(backend, max_tokens=20, **wish)
        message = answer["choices"][0]["message"]
        assert (message["content"], "reasoning_content" in message) == ("Yes!", False), wish
        assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0
        counted = posted(backend, "/tokenize", wish)["count"]
        assert counted == answer["usage"]["prompt_tokens"] > whole["usage"]["prompt_tokens"]

    spent = asked(backend, max_tokens=12)
    assert spent["choices"][0]["finish_reason"] == "length"
    assert spent["choices"][0]["message"]["content"] == ""
    assert spent["usage"]["completion_tokens_details"]["reasoning_tokens"] == 12


def test_health_says_that_its_thinking_can_be_switched(backend: EngineBackend) -> None:
    health = backend.engine.health()
    assert (health.can_switch_thinking, backend.llm.can_switch_thinking) == (True, True)
    assert health.think_note == backend.llm.think_note


def long_prompt(line: str, times: int) -> list[Message]:
    """One of some 1200 tokens, which is worth telling about on any machine."""
    return [{"role": "user", "content": line * times + "Well?"}]


def test_a_long_prompt_is_told_while_it_is_read_and_what_was_read_ahead_is_not_read_again(
    backend: EngineBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm, heard = backend.llm, list[Reading]()
    prompt = long_prompt("def add(left, right):\n", 150)
    stream = llm.stream(prompt, max_tokens=20, think="off", listener=Listener(on_reading=heard.append))
    assert str(stream) == "Yes!"
    known = stream.usage.reused_tokens  # the header, where another question was first
    assert known is not None and known < 10
    assert heard[0].done == known and {reading.total for reading in heard} == {stream.usage.prompt_tokens}
    assert [reading.done for reading in heard] == sorted(reading.done for reading in heard)

    chunks = asked(
        backend, messages=long_prompt("x = 1\n", 300), stream=True, return_progress=True, max_tokens=9
    )
    told = [chunk["prompt_progress"] for chunk in chunks if "prompt_progress" in chunk]
    assert told[0]["processed"] == told[0]["cache"] and told[0]["time_ms"] == 0
    untold = asked(backend, messages=long_prompt("y = 2\n", 240), stream=True, max_tokens=9)
    assert joined(untold, "reasoning_content") and "prompt_progress" not in json.dumps(untold)

    monkeypatch.setattr(llm, "think", "off")
    files = long_prompt("value = None\n", 300)
    warmed = llm.warm(files, len(files[0]["content"]) - len("Well?"))
    stream = llm.stream(files, max_tokens=20)
    assert str(stream) == "Yes!"
    assert warmed.cached == warmed.tokens == stream.usage.reused_tokens
