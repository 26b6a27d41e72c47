"""What comes in over the wire: honoured, refused with the field's name, or 400; never 500, never ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docstra_tui.engine.server.requests import BadRequest
from docstra_tui.engine.server.wishes import REFUSED, wished
from docstra_tui.llm.sampling import Sampling
from docstra_tui.llm.written import Written
from tests.engine.engines import RunningEngine, done, until
from tests.engine.server.asked import client, health, in_background

MESSAGES = [{"role": "user", "content": "x"}]
QUESTION = {"messages": MESSAGES}
DEEP = b'{"messages": [{"role": "user", "content": "x"}], "user": ' + b"[" * 100_000


BROKEN = {
    "nothing": (b"", None),
    "a word": (b"hello", None),
    "half": (b'{"messages": [', None),
    "a list": (b"[]", None),
    "null": (b"null", None),
    "two": (b'{"messages": []}{}', None),
    "not a number": (b'{"messages": [], "temperature": NaN}', None),
    "no end": (b'{"messages": [], "temperature": 1e999}', None),
    "deep": (DEEP, None),
    "a lone surrogate": (rb'{"messages": [{"role": "user", "content": "a\ud800b"}]}', None),
    "no utf-8": (b'{"messages": [{"role": "user", "content": "\xff"}]}', None),
    "a surrogate in utf-8": (b'{"messages": [{"role": "user", "content": "\xed\xa0\x80"}]}', None),
    "utf-16": ('{"messages": []}'.encode("utf-16"), None),
    "no messages": (b"{}", "messages"),
    "no message": (b'{"messages": []}', "messages"),
    "a text": (b'{"messages": "x"}', "messages"),
    "no role": (b'{"messages": [{"content": "x"}]}', "messages[0].role"),
    "no content": (b'{"messages": [{"role": "user"}]}', "messages[0].content"),
    "null content": (b'{"messages": [{"role": "assistant", "content": null}]}', "messages[0].content"),
    "another role": (b'{"messages": [{"role": "tool", "content": "x"}]}', "messages[0].role"),
    "a picture": (
        b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}',
        "messages[0].content",
    ),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_odd_json_depth_and_unicode_are_400_in_openais_shape(engine: RunningEngine, what: str) -> None:
    body, param = BROKEN[what]
    with client(engine) as http:
        for path in ("/v1/chat/completions", "/tokenize"):
            response = http.post(path, content=body)
            if path == "/tokenize" and what in ("no message", "no messages", "no end"):
                continue  # a prompt may stand there instead, and a temperature is nothing to it
            assert response.status_code == 400, (path, response.text)
            error = response.json()["error"]
            assert error["type"] == "invalid_request_error" and error["message"] and error["code"] == "usage"
            assert error["param"] == param
        assert health(engine).state in ("loading", "ready")


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"n": 2}, "n"),
    ({"tools": [{"type": "function"}]}, "tools"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"logprobs": True}, "logprobs"),
    ({"top_logprobs": 5}, "top_logprobs"),
    ({"n": True}, "n"),
    (
        {"messages": [*MESSAGES, {"role": "assistant", "content": "", "tool_calls": [{}]}]},
        "messages[1].tool_calls",
    ),
    ({"temperature": -1}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"top_p": 1.5}, "top_p"),
    ({"frequency_penalty": 3}, "frequency_penalty"),
    ({"presence_penalty": -3}, "presence_penalty"),
    ({"seed": 1 << 70}, "seed"),
    ({"seed": 1.5}, "seed"),
    ({"stop": ""}, "stop"),
    ({"stop": ["x"] * 40}, "stop"),
    ({"logit_bias": {"x": 1}}, "logit_bias"),
    ({"logit_bias": {"5": 200}}, "logit_bias"),
    ({"logit_bias": {"5": "y"}}, "logit_bias"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_completion_tokens": -2}, "max_completion_tokens"),
    ({"stream": "yes"}, "stream"),
    ({"continue_final_message": True, "add_generation_prompt": True}, "add_generation_prompt"),
    ({"add_generation_prompt": False}, "add_generation_prompt"),
    ({"continue_final_message": "content"}, "continue_final_message"),
]


@pytest.mark.parametrize(("fields", "param"), FIELDS)
def test_what_cannot_be_honoured_is_refused_by_its_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        wished(json.dumps(QUESTION | fields).encode())
    assert caught.value.param == param


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_every_field_that_would_have_to_count_is_refused_and_its_neutral_value_is_not(name: str) -> None:
    for neutral in (None, *REFUSED[name]):
        wished(json.dumps(QUESTION | {name: neutral}).encode())
    with pytest.raises(BadRequest) as caught:
        wished(json.dumps(QUESTION | {name: {"some": "thing"}}).encode())
    assert caught.value.param == name


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "messages",
    "model",
    "temperature",
    "top_p",
    "seed",
    "stop",
    "logit_bias",
    "stream_options",
    "docstra",
    "n",
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), has_messages=st.booleans())
def test_whatever_stands_in_a_request_is_read_or_refused(fields: dict[str, Any], has_messages: bool) -> None:
    body = json.dumps((QUESTION if has_messages else {}) | fields).encode("utf-8", "surrogatepass")
    try:
        request, sampling = wished(body)
    except BadRequest as error:
        assert str(error)
    else:
        assert request.messages and isinstance(sampling, Sampling)


def test_what_is_wished_reaches_the_model(engine: RunningEngine) -> None:
    wishes = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "frequency_penalty": 1, "presence_penalty": -1}
    body = (
        QUESTION | wishes | {"stop": ["END", "\n\n"], "logit_bias": {"5": -100}, "user": "me", "metadata": {}}
    )
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json=body))
        job = engine.model.answer("fine", done())
        assert reply.get(timeout=10).status_code == 200
    assert job.sampling == Sampling(**wishes, stop=("END", "\n\n"), logit_bias={5: -100.0})  # type: ignore[arg-type]


BEGUN = {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nIt is"}


def test_an_answer_is_gone_on_with(engine: RunningEngine) -> None:
    body = {"messages": [*MESSAGES, BEGUN], "continue_final_message": True, "add_generation_prompt": False}
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json=body))
        job = engine.model.answer(" fine", done())
        assert reply.get(timeout=10).json()["choices"][0]["message"]["content"] == " fine"
        assert (job.prompt, job.written) == (MESSAGES, Written("It is", "Hm."))
        refused: list[tuple[list[dict[str, str]], str]] = [
            (MESSAGES, "messages[0].role"),
            ([{"role": "assistant", "content": "It is"}], "messages[0].role"),
            ([*MESSAGES, {"role": "assistant", "content": " "}], "messages[1].content"),
        ]
        for messages, param in refused:
            response = http.post("/v1/chat/completions", json=body | {"messages": messages})
            assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_a_developer_is_the_system(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    messages = [{"role": "developer", "content": "Be brief."}, *MESSAGES]
    with client(engine) as http:
        reply = in_background(lambda: http.post("/v1/chat/completions", json={"messages": messages}))
        job = engine.model.answer("fine", done())
        reply.get(timeout=10)
        assert http.post("/tokenize", json={"messages": messages}).json()["count"] == 3
    assert [message["role"] for message in job.prompt] == ["system", "user"]


def test_another_model_is_not_found(engine: RunningEngine) -> None:
    until(lambda: health(engine).state == "ready")
    with client(engine) as http:
        answer = http.post("/v1/chat/completions", json=QUESTION | {"model": "gpt-4o"})
    error = answer.json()["error"]
    assert answer.status_code == 404 and (error["code"], error["param"]) == ("model_not_found", "model")
    assert (
        error["type"] == "invalid_request_error"
        and "gpt-4o" in error["message"]
        and "fake" in error["message"]
    )
