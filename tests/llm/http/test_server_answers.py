"""How servers end an answer: nothing but a whole one is a success, and what came is always kept."""

from __future__ import annotations

import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.errors import AnswerCutOff, AnswerFailed, ContextOverflow, DocstraError, NoAnswer
from docstra_tui.llm.answer import AnswerStream, Usage
from docstra_tui.llm.http import endings
from docstra_tui.llm.http import errors as server_errors
from docstra_tui.llm.http.sse import ChunkReader, ErrorEvent
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import CHAT, DONE, SSE, HostileServer, chunk, resets, response, sends

NAMES = st.sampled_from(
    (
        *("choices", "delta", "message", "content", "text", "refusal", "reasoning", "type", "error"),
        *("finish_reason", "object", "usage", "prompt_tokens_details", "completion_tokens"),
    )
)
"""Fields of an event that are looked at."""
CHUNKED = SSE.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n")


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def choice(**fields: object) -> bytes:
    return event({"choices": [fields]})


def follow(server: HostileServer, *parts: bytes) -> tuple[str, AnswerStream, DocstraError | None]:
    """The text that came, the stream, and what it raised."""
    server.on(CHAT, sends(*parts))
    stream = RemoteLLM(server.url).stream("Hi")
    try:
        for _ in stream:
            pass
    except DocstraError as error:
        return stream.text, stream, error
    return stream.text, stream, None


ERROR = {"code": 400, "message": "the slot is gone"}
OVERFLOW = {"code": 400, "message": "request (6009 tokens) exceeds the available context size (4096 tokens)"}


@pytest.mark.parametrize(
    ("parts", "kind", "text", "said"),
    [
        ((DONE,), NoAnswer, "", "sent no text"),
        ((chunk("", "stop"), DONE), NoAnswer, "", "sent no text"),
        ((chunk(" ", "stop"), DONE), NoAnswer, " ", "sent no text"),
        ((chunk("half"), chunk("", "error"), DONE), AnswerFailed, "half", "with an error"),
        ((chunk("half"), chunk("", "content_filter"), DONE), AnswerFailed, "half", "content filter"),
        ((chunk("half"), chunk("", "banana"), DONE), AnswerFailed, "half", "not known here: banana"),
        ((chunk("half"), chunk("", "abort"), DONE), AnswerFailed, "half", "broke the answer off"),
        (
            (chunk("half"), choice(error=ERROR, finish_reason="error")),
            AnswerFailed,
            "half",
            "the slot is gone",
        ),
        (
            (choice(delta={"content": "half"}, error=ERROR, finish_reason="error"),),
            AnswerFailed,
            "half",
            "the slot is gone",
        ),
        (
            (choice(delta={"refusal": "I will not."}, finish_reason="stop"),),
            AnswerFailed,
            "I will not.",
            "refused",
        ),
        ((chunk("half"), event({"object": "error", "message": "boom"}), DONE), AnswerFailed, "half", "boom"),
        ((event({"error": "boom"}),), AnswerFailed, "", "boom"),
        ((b"event: error\ndata: boom\n\n",), AnswerFailed, "", "boom"),
        ((json.dumps({"error": ERROR}).encode(),), AnswerFailed, "", "the slot is gone"),
        ((chunk("half"), json.dumps({"error": ERROR}).encode()), AnswerFailed, "half", "the slot is gone"),
        ((b"error: " + json.dumps(ERROR).encode() + b"\n\n", DONE), AnswerFailed, "", "the slot is gone"),
        ((b"error: no slot\n\n", DONE), AnswerFailed, "", "no slot"),
        ((b"<html>busy</html>",), DocstraError, "", "<html>busy"),
        ((choice(delta={"reasoning_content": "Hm."}), chunk("", "length"), DONE), NoAnswer, "", "thinking"),
        ((choice(delta={"reasoning": "Hm."}), chunk("", "stop"), DONE), NoAnswer, "", "only thought"),
        ((chunk("half"),), AnswerCutOff, "half", "closed the connection"),
        ((), AnswerCutOff, "", "closed the connection"),
    ],
)
def test_what_is_no_whole_answer_is_said_and_the_part_kept(
    server: HostileServer, parts: tuple[bytes, ...], kind: type[DocstraError], text: str, said: str
) -> None:
    came, stream, error = follow(server, SSE, *parts)
    assert isinstance(error, kind) and said in str(error)
    assert (came, stream.ended) == (text, True)
    assert error.exit_code == (3 if kind is DocstraError else 1)


def test_thinking_that_takes_the_whole_budget_still_ends_with_length(server: HostileServer) -> None:
    usage = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 20}})
    thought = choice(delta={"reasoning_content": "Hm.", "content": ""})
    _, stream, error = follow(server, SSE, thought, chunk("", "length"), usage, DONE)
    assert isinstance(error, NoAnswer) and "--max-tokens" in error.hint
    assert (stream.finish_reason, stream.usage) == ("length", Usage(9, 20))


@pytest.mark.parametrize(
    "parts",
    [
        (SSE, json.dumps({"error": OVERFLOW}).encode()),
        (SSE, event({"error": OVERFLOW})),
        (response(json.dumps({"error": OVERFLOW}).encode(), "400 Bad Request"),),
    ],
)
def test_a_prompt_that_does_not_fit_is_that_whatever_the_frame(
    server: HostileServer, parts: tuple[bytes, ...]
) -> None:
    error = follow(server, *parts)[2]
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.limit, error.exit_code) == (6009, 4096, 4)


@pytest.mark.parametrize(
    ("body", "text", "said"),
    [
        ({"choices": [{"message": {"content": "whole"}}]}, "whole", ""),
        ({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}, "", "sent no text"),
        ({"choices": [{"message": {"content": None}}]}, "", "sent no text"),
        ({"choices": [{"message": {"content": "half"}, "finish_reason": "error"}]}, "half", "with an error"),
        ({"choices": []}, "", "sent no text"),
        ({"object": "error", "message": "boom"}, "", "boom"),
        ({"error": {"message": "boom"}}, "", "boom"),
        ({"detail": "not here"}, "", "not here"),
        ([1, 2], "", "[1, 2]"),
    ],
)
def test_an_answer_in_one_body_is_judged_alike(
    server: HostileServer, body: object, text: str, said: str
) -> None:
    came, _, error = follow(server, response(json.dumps(body).encode()))
    assert came == text
    assert said in str(error or "") and (error is None) == (not said)


@pytest.mark.parametrize(
    "parts",
    [
        (b"data:\n\n" * 8, chunk("ok", "stop")),
        (b"\xef\xbb\xbf", chunk("ok", "stop")),
        (choice(text="ok", finish_reason="stop"),),
        (choice(message={"content": "ok"}, finish_reason="stop"),),
        (chunk("ok"), choice(message={"content": "ok"}, finish_reason="stop")),  # said once already
        (choice(delta={"content": [{"type": "text", "text": "ok"}]}, finish_reason="stop"),),
        (choice(delta={"reasoning": "Hm.", "content": ""}), chunk("ok", "eos_token")),
        (chunk("ok", "stop"), b"data: " + b"[" * 200_000 + b"\n\n", DONE),
    ],
)
def test_odd_ways_to_say_a_whole_answer_are_understood(
    server: HostileServer, parts: tuple[bytes, ...]
) -> None:
    came, stream, error = follow(server, SSE, *parts)
    assert (came, error, stream.finish_reason) == ("ok", None, "stop")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.lists(st.one_of(VALUES, st.fixed_dictionaries({"choices": st.lists(VALUES, max_size=2)})), max_size=6)
)
def test_no_event_whatever_is_in_it_is_more_than_an_error(chunks: list[object]) -> None:
    reader = ChunkReader()
    said = ""
    for value in chunks:
        try:
            events = reader.read("message", json.dumps(value))
            said += "".join(event for event in events if isinstance(event, str))
        except ErrorEvent as error:
            assert isinstance(server_errors.reported("gpu:8000", error.body, "", is_ours=False), DocstraError)
        except DocstraError:
            break
    assert reader.has_text == bool(said.strip())
    end = endings.servers(
        "gpu:8000",
        server_errors.quote(reader.reason),
        reader.usage,
        has_text=reader.has_text,
        has_thought=reader.has_thought,
        has_refused=reader.has_refused,
    )
    assert end.problem is not None or (said.strip() and end.reason in ("stop", "length"))


def test_a_reset_behind_the_end_is_no_broken_answer(server: HostileServer) -> None:
    body = chunk("ok", "stop")
    server.on(CHAT, resets(CHUNKED, b"%x\r\n%s\r\n" % (len(body), body)))
    stream = RemoteLLM(server.url).stream("Hi")
    assert (str(stream), stream.finish_reason) == ("ok", "stop")


def test_an_answer_that_thinks_without_end_is_given_up(server: HostileServer) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(SSE)
        while True:
            connection.sendall(choice(delta={"reasoning": "x" * 500_000}))

    server.on(CHAT, talk)
    with pytest.raises(DocstraError, match="characters"):
        str(RemoteLLM(server.url).stream("Hi"))
    assert server.gone.wait(5)
