"""Thinking as any client of the engine sees it: in, as wishes; out, apart from the answer."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from docstra_tui.engine.server.requests import BadRequest
from docstra_tui.engine.server.thinking import wished as wished_thinking
from docstra_tui.engine.server.wishes import wished
from docstra_tui.llm.answer import Finished, Reading, Reframed, Thought, Usage
from docstra_tui.llm.thinking.wish import Think
from tests.engine.engines import FakeModel, RunningEngine, done, running, until
from tests.engine.server.asked import QUESTION, client, events, health, in_background

THOUGHT = Finished("stop", Usage(9, 5, 4, 3))


def deltas(found: list[Any]) -> list[Any]:
    return [event["choices"][0]["delta"] for event in found if event != "[DONE]" and event["choices"]]


def streamed(engine: RunningEngine, *said: Any, **fields: Any) -> list[Any]:
    """The events of a streamed answer that is made of what is `said`, all at once."""
    body = QUESTION | {"stream": True} | fields
    with client(engine) as http, http.stream("POST", "/v1/chat/completions", json=body) as response:
        engine.model.answer(*said)
        return events(response)


def test_a_streamed_answer_says_its_thinking_apart_and_before_it(engine: RunningEngine) -> None:
    said = (Thought("I "), Thought("think."), "An", "swer.", THOUGHT)
    found = streamed(engine, *said, stream_options={"include_usage": True})
    told = deltas(found)
    assert told[0]["role"] == "assistant"
    assert "".join(delta.get("reasoning_content", "") for delta in told) == "I think."
    assert "".join(delta.get("content", "") for delta in told) == "Answer."
    first = next(index for index, delta in enumerate(told) if "content" in delta)
    assert not any("reasoning_content" in delta for delta in told[first:])
    assert found[-2]["usage"]["completion_tokens_details"] == {"reasoning_tokens": 3}


def test_a_thought_is_sent_at_once(engine: RunningEngine) -> None:
    body = QUESTION | {"stream": True}
    with client(engine) as http, http.stream("POST", "/v1/chat/completions", json=body) as response:
        job, lines = engine.model.next_job(), response.iter_lines()
        job.sink(Thought("Hm."))
        first = json.loads(next(lines)[6:])
        job.sink(done())
        assert list(lines)[-2] == "data: [DONE]"
    assert first["choices"][0]["delta"] == {"role": "assistant", "reasoning_content": "Hm."}


def test_a_whole_answer_has_its_thinking_beside_its_text(engine: RunningEngine) -> None:
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION).json())
        engine.model.answer(Thought("I "), Thought("think."), "Answer.", THOUGHT)
        thinking = reply.get(timeout=10)
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION).json())
        engine.model.answer("so it was ", "a thought", Reframed(), "Answer.", done())
        reframed = reply.get(timeout=10)
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION).json())
        engine.model.answer("Plain.", done())
        plain = reply.get(timeout=10)
    message = {"role": "assistant", "content": "Answer.", "reasoning_content": "I think."}
    assert thinking["choices"][0]["message"] == message
    assert thinking["usage"]["completion_tokens_details"] == {"reasoning_tokens": 3}
    assert reframed["choices"][0]["message"]["reasoning_content"] == "so it was a thought"
    assert plain["choices"][0]["message"] == {"role": "assistant", "content": "Plain."}
    assert "completion_tokens_details" not in plain["usage"]


WISHES: list[tuple[dict[str, Any], Think]] = [
    ({}, "auto"),
    ({"docstra": {"stable": 3}}, "auto"),
    ({"docstra": {"think": "auto"}}, "auto"),
    ({"docstra": {"think": "off"}}, "off"),
    ({"docstra": {"think": "on"}}, "on"),
    ({"docstra": {"think": 64}}, 64),
    ({"docstra": {"think": 0}}, "off"),
    ({"chat_template_kwargs": {}}, "auto"),
    ({"chat_template_kwargs": {"enable_thinking": False}}, "off"),
    ({"chat_template_kwargs": {"enable_thinking": True}}, "on"),
    ({"chat_template_kwargs": {"thinking": False}}, "off"),
    ({"chat_template_kwargs": {"reasoning_effort": "high"}}, "high"),
    ({"chat_template_kwargs": {"reasoning_effort": "low", "enable_thinking": True}}, "low"),
    ({"chat_template_kwargs": {"reasoning_effort": "none", "thinking": True}}, "off"),
    ({"reasoning_effort": "none"}, "off"),
    ({"reasoning_effort": "minimal"}, "minimal"),
    ({"reasoning_effort": "high"}, "high"),
    ({"reasoning_effort": "high", "chat_template_kwargs": {"thinking": True}}, "high"),
    ({"reasoning_effort": "high", "thinking_token_budget": 9}, 9),
    ({"thinking_token_budget": 100}, 100),
    ({"thinking_token_budget": 0}, "off"),
    ({"thinking_budget_tokens": 50}, 50),
    ({"thinking_budget_tokens": -1}, "on"),
    ({"chat_template_kwargs": {"enable_thinking": True, "thinking": True, "thinking_budget": 50}}, 50),
    ({"thinking_token_budget": 100, "chat_template_kwargs": {"enable_thinking": True}}, 100),
    ({"thinking_token_budget": 100, "reasoning_effort": "none"}, "off"),
    ({"docstra": {"think": "on"}, "reasoning_effort": "none"}, "on"),
]


@pytest.mark.parametrize(("fields", "think"), WISHES)
def test_every_way_in_use_to_wish_for_thinking_is_heard(fields: dict[str, Any], think: Think) -> None:
    request, _ = wished(json.dumps(QUESTION | fields).encode())
    assert wished_thinking(request) == think


BAD: list[tuple[dict[str, Any], str]] = [
    ({"docstra": {"think": "much"}}, "docstra.think"),
    ({"docstra": {"think": -1}}, "docstra.think"),
    ({"docstra": {"think": True}}, "docstra.think"),
    ({"chat_template_kwargs": {"enable_thinking": "no"}}, "chat_template_kwargs.enable_thinking"),
    ({"chat_template_kwargs": {"builtin_tools": []}}, "chat_template_kwargs.builtin_tools"),
    ({"chat_template_kwargs": {"reasoning_effort": {}}}, "chat_template_kwargs.reasoning_effort"),
    ({"chat_template_kwargs": []}, "chat_template_kwargs"),
    ({"reasoning_effort": "enormous"}, "reasoning_effort"),
    ({"reasoning_effort": {"some": "thing"}}, "reasoning_effort"),
    ({"thinking_token_budget": -5}, "thinking_token_budget"),
    ({"thinking_token_budget": "few"}, "thinking_token_budget"),
    ({"chat_template_kwargs": {"thinking_budget": True}}, "chat_template_kwargs.thinking_budget"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
def test_a_wish_that_cannot_be_honoured_is_refused_by_its_name(
    engine: RunningEngine, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        wished_thinking(wished(json.dumps(QUESTION | fields).encode())[0])
    assert caught.value.param == param
    with client(engine) as http:
        for path in ("/v1/chat/completions", "/tokenize", "/docstra/count", "/docstra/prefill"):
            answer = http.post(path, json=QUESTION | {"prompts": []} | {"docstra": {}} | fields)
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), path


def test_the_wish_reaches_the_model_the_counts_and_what_is_read_ahead(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    off = {"docstra": {"think": "off"}}
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json=QUESTION | off))
        assert engine.model.answer("fine", done()).think == "off"
        reply.get(timeout=10)
        assert http.post("/tokenize", json=QUESTION).json()["count"] == 3
        assert http.post("/tokenize", json=QUESTION | off).json()["count"] == 5
        standard = {"chat_template_kwargs": {"enable_thinking": False}}
        assert http.post("/tokenize", json=QUESTION | standard).json()["count"] == 5
        every = {"prompts": [QUESTION["messages"]] * 2}
        assert http.post("/docstra/count", json=every | off).json()["counts"] == [5, 5]
        ahead = QUESTION | {"docstra": {"stable": 4, "client": "me", "think": 30}}
        answer = in_background(lambda: http.post("/docstra/prefill", json=ahead))
        job = engine.model.warm_jobs.get(timeout=10)
        job.warmed(1)
        assert job.think == 30 and answer.get(timeout=10).status_code == 200


def test_thinking_that_a_client_sends_back_is_not_read_again(engine: RunningEngine) -> None:
    earlier = {"role": "assistant", "content": "An answer.", "reasoning_content": "Thoughts of mine."}
    messages = [*QUESTION["messages"], earlier, *QUESTION["messages"]]
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json={"messages": messages}))
        job = engine.model.answer("fine", done())
        assert reply.get(timeout=10).status_code == 200
    assert [set(message) for message in job.prompt] == [{"role", "content"}] * 3


@pytest.mark.parametrize("wish", [{"docstra": {"reading": True}}, {"return_progress": True}])
def test_how_far_the_prompt_is_read_is_told_to_who_asks(engine: RunningEngine, wish: dict[str, Any]) -> None:
    body = QUESTION | {"stream": True} | wish
    with client(engine) as http, http.stream("POST", "/v1/chat/completions", json=body) as response:
        job, lines = engine.model.next_job(), response.iter_lines()
        told = []
        for reading in (Reading(100, 900), Reading(500, 900, 1.25), Reading(900, 900, 0.0)):
            job.sink(reading)
            told.append(json.loads(next(lines)[6:]))
            next(lines)
            time.sleep(0.002)
        for event in ("Answer.", done()):
            job.sink(event)
        rest = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert all(chunk["choices"][0]["delta"] == {} and "usage" not in chunk for chunk in told)
    progress = [chunk["prompt_progress"] for chunk in told]
    assert [(each["total"], each["cache"], each["processed"]) for each in progress] == [
        (900, 100, 100),
        (900, 100, 500),
        (900, 100, 900),
    ]
    times = [each["time_ms"] for each in progress]
    assert times[0] == 0 and times == sorted(times) and times[-1] > 0
    assert "seconds_left" not in progress[0] and progress[1]["seconds_left"] == 1.25
    assert deltas(rest)[0] == {"role": "assistant", "content": "Answer."}
    assert not any("prompt_progress" in chunk for chunk in rest)


def test_nobody_else_hears_of_it(engine: RunningEngine) -> None:
    found = streamed(engine, Reading(0, 9), Reading(5, 9, 0.1), "Answer.", done())
    assert [delta for delta in deltas(found) if delta] == [{"role": "assistant", "content": "Answer."}]
    assert not any("prompt_progress" in event for event in found if event != "[DONE]")
    with client(engine) as http:
        body = QUESTION | {"return_progress": True}
        reply = in_background(lambda: http.post("/v1/chat/completions", json=body).json())
        engine.model.answer(Reading(0, 9), "Answer.", done())
        assert reply.get(timeout=10)["choices"][0]["message"]["content"] == "Answer."


def test_the_first_piece_waits_for_no_progress(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes within a moment goes out together, but never is an answer's first piece kept for that."""
    monkeypatch.setattr("docstra_tui.engine.server.reply.GATHER_SECONDS", 30.0)
    body = QUESTION | {"stream": True, "return_progress": True}
    with client(engine) as http, http.stream("POST", "/v1/chat/completions", json=body) as response:
        job, lines = engine.model.next_job(), response.iter_lines()
        job.sink(Reading(8, 9))
        assert "prompt_progress" in next(lines)
        next(lines)
        job.sink(Thought("Hm."))
        assert "Hm." in next(lines)


def test_health_tells_whether_thinking_can_be_switched_and_what_that_costs() -> None:
    model = FakeModel()
    model.can_switch_thinking = True
    model.think_note = "Switching it reads all files again."
    with running(model=model) as engine:
        told = until(lambda: (found := health(engine)).state == "ready" and found)
    assert (told.can_switch_thinking, told.think_note) == (True, "Switching it reads all files again.")
