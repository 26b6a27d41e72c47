"""What a server's model thinks is no part of its answer, wherever the server puts it."""

from __future__ import annotations

import json

import pytest

from docstra_tui.errors import NoAnswer
from docstra_tui.llm.answer import Listener, Reading, Usage
from docstra_tui.llm.http.sse import ChunkReader, reading_of
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import CHAT, DONE, SSE, HostileServer, chunk, response, sends
from tests.llm.http.test_server_answers import choice, event, follow

THINKS = {
    "type": "thinking",
    "thinking": [{"type": "text", "text": "I "}, {"type": "text", "text": "think."}],
}


@pytest.mark.parametrize(
    "parts",
    [
        (choice(delta={"reasoning_content": "I "}), choice(delta={"reasoning_content": "think."})),
        (choice(delta={"reasoning_content": "I think.", "content": None}),),
        (choice(delta={"reasoning": "I think.", "content": ""}),),
        (choice(delta={"reasoning": "I think.", "reasoning_content": "I think."}),),  # twice the same
        (choice(delta={"thinking": "I think."}),),
        (choice(delta={"reasoning": {"text": "I think."}}),),
        (choice(delta={"content": [THINKS]}),),
    ],
)
def test_thinking_and_answer_are_told_apart(server: HostileServer, parts: tuple[bytes, ...]) -> None:
    answer, stream, error = follow(server, SSE, *parts, chunk("Answer."), chunk("", "stop"), DONE)
    assert (answer, stream.thinking, error) == ("Answer.", "I think.", None)
    assert stream.finish_reason == "stop" and stream.thinking_s is not None


def test_texts_and_thinking_come_as_parts_of_one_content(server: HostileServer) -> None:
    content = [THINKS, {"type": "text", "text": "Ar"}, {"type": "image_url"}, {"type": "text", "text": "ea."}]
    answer, stream, error = follow(server, SSE, choice(delta={"content": content}, finish_reason="stop"))
    assert (answer, stream.thinking, error) == ("Area.", "I think.", None)


@pytest.mark.parametrize("key", ["delta", "message"])
def test_a_whole_message_behind_its_pieces_says_nothing_twice(server: HostileServer, key: str) -> None:
    whole = choice(message={"reasoning": "I think.", "content": "Answer."}, finish_reason="stop")
    pieces = (choice(**{key: {"reasoning": "I think."}}), choice(**{key: {"content": "Answer."}}))
    answer, stream, _ = follow(server, SSE, *pieces, whole)
    assert (answer, stream.thinking) == ("Answer.", "I think.")


def test_an_answer_in_one_body_has_its_thinking(server: HostileServer) -> None:
    message = {"reasoning_content": "I think.", "content": "Answer."}
    answer, stream, _ = follow(server, response(json.dumps({"choices": [{"message": message}]}).encode()))
    assert (answer, stream.thinking) == ("Answer.", "I think.")


def test_thinking_stays_where_the_whole_budget_went_into_it(server: HostileServer) -> None:
    _, stream, error = follow(server, SSE, choice(delta={"reasoning": "Hm."}), chunk("", "length"), DONE)
    assert isinstance(error, NoAnswer) and error.message.startswith("The model used its whole budget")
    assert (stream.thinking, stream.finish_reason, stream.text) == ("Hm.", "length", "")


@pytest.mark.parametrize(
    "usage",
    [
        {"completion_tokens_details": {"reasoning_tokens": 7}},
        {"reasoning_tokens": 7, "completion_tokens_details": None},
    ],
)
def test_tokens_of_thinking_are_read_where_they_stand(
    server: HostileServer, usage: dict[str, object]
) -> None:
    said = event({"choices": [], "usage": {"completion_tokens": 9, **usage}})
    _, stream, _ = follow(server, SSE, chunk("ok", "stop"), said, DONE)
    assert stream.usage == Usage(None, 9, None, 7)


@pytest.mark.parametrize(
    ("details", "cached"),
    [(None, None), ({}, None), ({"cached_tokens": None}, None), ({"cached_tokens": 0}, 0)],
)
def test_what_is_not_told_of_the_cache_is_unknown_and_not_nothing(
    server: HostileServer, details: object, cached: int | None
) -> None:
    said = event({"choices": [], "usage": {"prompt_tokens": 9, "prompt_tokens_details": details}})
    _, stream, _ = follow(server, SSE, chunk("ok", "stop"), said, DONE)
    assert stream.usage == Usage(9, None, cached)


def progress(done: object, total: object = 1000, cache: object = 200, time_ms: object = 400) -> bytes:
    told = {"total": total, "cache": cache, "processed": done, "time_ms": time_ms}
    return event({"choices": [{"delta": {"content": None}}], "prompt_progress": told})


def test_how_far_the_prompt_is_read_is_told_with_an_estimate(server: HostileServer) -> None:
    steps = (progress(200, time_ms=0), progress(600), progress(1000, time_ms=800))
    server.on(CHAT, sends(SSE, *steps, chunk("ok", "stop")))
    heard: list[Reading] = []
    stream = RemoteLLM(server.url).stream("Hi", listener=Listener(on_reading=heard.append))
    assert str(stream) == "ok"
    assert heard == [Reading(200, 1000), Reading(600, 1000, 0.4), Reading(1000, 1000, 0.0)]
    assert stream.reading == heard[-1]


@pytest.mark.parametrize(
    "bad", [progress(None), progress(3, total=2), progress(0, total=0), progress("1"), progress(True)]
)
def test_a_progress_that_cannot_be_is_none(server: HostileServer, bad: bytes) -> None:
    assert follow(server, SSE, bad, chunk("ok", "stop"))[1].reading is None


@pytest.mark.parametrize("told", [True, -1, "soon", 1e300, float("nan"), [], {}])
def test_an_estimate_that_cannot_be_is_made_from_the_time_it_took(told: object) -> None:
    progress = {"total": 100, "cache": 0, "processed": 50, "time_ms": 400}
    assert reading_of(progress | {"seconds_left": 0.25}) == Reading(50, 100, 0.25)
    assert reading_of(progress | {"seconds_left": told}) == Reading(50, 100, 0.4)


def test_only_our_own_engine_says_in_one_word_that_all_was_thinking(server: HostileServer) -> None:
    said = event({"choices": [{"delta": {}}], "docstra": {"reframed": True}})
    answer, stream, _ = follow(server, SSE, chunk("Answer."), said, chunk("", "stop"), DONE)
    assert (answer, stream.text, stream.thinking) == ("Answer.", "Answer.", "")


def test_only_more_of_the_prompt_is_worth_waiting_for() -> None:
    reader, told = ChunkReader(), []
    for step in (progress(0), progress(600), progress(600), progress(800)):
        reader.read("message", step.decode().removeprefix("data: "))
        told.append(reader.is_telling)
    assert told == [True, True, False, True]
