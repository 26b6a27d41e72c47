"""What real servers were seen to send, one row each, and what `ask --json` makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from docstra_tui import cli
from docstra_tui.errors import AnswerCutOff, NoAnswer
from docstra_tui.llm.answer import Listener
from docstra_tui.llm.remote import RemoteLLM
from tests.llm.http.hostile import (
    CHAT,
    DONE,
    SSE,
    Act,
    HostileServer,
    chunk,
    hostile,
    response,
    sends,
)

PLAIN = b"HTTP/1.1 200 OK\r\n\r\n"
OVERFLOW = {
    "error": {
        "code": 400,
        "message": "request (6009 tokens) exceeds the available context size (4096 tokens)",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 6009,
        "n_ctx": 4096,
    }
}
SLOT = {"code": 500, "message": "the slot is gone"}
LOADING = response(b'{"error": {"code": 503, "message": "Loading model"}}', "503 Service Unavailable")
WHOLE_BUDGET = (
    "The model used its whole budget for thinking; no answer came. Raise --max-tokens or turn thinking off."
)


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def choice(**fields: object) -> bytes:
    return event({"choices": [fields]})


def delta(**fields: object) -> bytes:
    return choice(delta=fields)


def typed(kind: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: " + kind + b"\r\n\r\n"


def stream(*parts: bytes) -> list[Act]:
    return [sends(SSE, *parts)]


@dataclass(frozen=True)
class Row:
    """What a server sends to a question, and what comes of it."""

    acts: list[Act]
    answer: str = "Answer."
    thinking: str | None = None
    reason: str | None = "stop"
    code: int = 0
    said: str = ""
    """In the error; empty where there is none."""


END = (chunk("Answer."), chunk("", "stop"), DONE)
PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "I think."}]},
    {"type": "text", "text": "Answer."},
]
ROWS = {
    "reasoning-1": Row(stream(delta(reasoning_content="I think."), *END), thinking="I think."),
    "reasoning-2": Row(stream(delta(reasoning="I think.", content=""), *END), thinking="I think."),
    "reasoning-only": Row(
        stream(delta(reasoning_content="I think."), chunk("", "length"), DONE),
        *("", "I think.", "length", 1, WHOLE_BUDGET),
    ),
    "parts": Row(stream(delta(content=PARTS), chunk("", "stop"), DONE), thinking="I think."),
    "closed-think": Row(
        stream(chunk(r"I think.\n</thi"), chunk(r"nk>\n\nAnswer."), chunk("", "stop"), DONE),
        thinking="I think.\n",
    ),
    "raw-think": Row(
        stream(chunk("<thi"), chunk(r"nk>\nI think.\n</think>\n\nAnswer."), chunk("", "stop"), DONE),
        thinking="I think.",
    ),
    "tag-in-a-fence": Row(
        stream(chunk(r"It is:\n```\n</think>\n```\n"), chunk("", "stop"), DONE),
        answer="It is:\n```\n</think>\n```\n",
    ),
    "tag-in-code": Row(
        stream(chunk("The tag `</think>` ends it."), chunk("", "stop"), DONE),
        answer="The tag `</think>` ends it.",
    ),
    "unframed error": Row(
        stream(json.dumps({"error": SLOT}).encode()), "", None, "failed", 1, "the slot is gone"
    ),
    "unframed overflow": Row(stream(json.dumps(OVERFLOW).encode()), "", None, None, 4, "has 6,009 tokens"),
    "error line": Row(
        stream(b"error: " + json.dumps(SLOT).encode() + b"\n\n", DONE),
        "",
        None,
        "failed",
        1,
        "the slot is gone",
    ),
    "finish error": Row(
        stream(chunk("Answer."), chunk("", "error"), DONE), reason="failed", code=1, said="error"
    ),
    "choice error": Row(
        stream(chunk("Answer."), choice(error=SLOT, finish_reason="error")),
        reason="failed",
        code=1,
        said="the slot is gone",
    ),
    "filter": Row(
        stream(chunk("Answer."), chunk("", "content_filter"), DONE),
        reason="filtered",
        code=1,
        said="content filter",
    ),
    "refusal": Row(
        stream(delta(refusal="I will not."), chunk("", "stop"), DONE),
        answer="I will not.",
        code=1,
        said="refused",
    ),
    "text field": Row(stream(choice(text="Answer.", finish_reason="stop"), DONE)),
    "object error, event": Row(
        stream(chunk("Answer."), event({"object": "error", "message": "boom"})),
        reason="failed",
        code=1,
        said="boom",
    ),
    "object error, body": Row(
        [sends(response(b'{"object": "error", "message": "boom"}'))], "", None, "failed", 1, "boom"
    ),
    "whole message": Row(stream(choice(message={"content": "Answer."}, finish_reason="stop"), DONE)),
    "nothing": Row(stream(DONE), "", None, "stop", 1, "sent no text"),
    "keep-alive": Row(stream(b"data:\n\n" * 8, *END)),
    "mark": Row(stream(b"\xef\xbb\xbf", *END)),
    "no type": Row([sends(PLAIN, *END)]),
    "no type, text": Row([sends(typed(b"text/plain"), *END)]),
    "no type, bytes": Row([sends(typed(b"application/octet-stream"), b"\xef\xbb\xbf: hello\n\n", *END)]),
    "no type, whole": Row([sends(PLAIN, b'{"choices": [{"message": {"content": "Answer."}}]}')]),
    "another type": Row([sends(typed(b"application/json"), *END)]),
    "whole in a stream": Row(stream(b'{"choices": [{"message": {"content": "Answer."}}]}')),
    "no end": Row([sends(response(b'{"choices": [{"message": {"content": "Answer."}}]}'))]),
    "503": Row([sends(LOADING), sends(LOADING), sends(SSE, *END)]),
    "503, event": Row(
        [*stream(event({"error": {"code": 503, "message": "Loading model"}})), sends(SSE, *END)]
    ),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileServer]:
    monkeypatch.setattr("docstra_tui.llm.http.asking.LOADING_SECONDS", 0.02)
    with open(os.devnull) as nothing, hostile() as server:
        monkeypatch.setattr("sys.stdin", nothing)
        yield server


def asked(
    server: HostileServer, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, dict[str, Any]]:
    code = cli.main(["ask", "Why?", "--json", "--base-url", server.url, *more])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told


@pytest.mark.parametrize("name", ROWS)
def test_what_servers_send(server: HostileServer, capsys: pytest.CaptureFixture[str], name: str) -> None:
    row = ROWS[name]
    server.on(CHAT, *row.acts)
    code, told = asked(server, capsys)
    assert (told["answer"], told["thinking"]) == (row.answer, row.thinking)
    assert (code, told["finish_reason"]) == (row.code, row.reason)
    error = told.get("error", {"message": ""})
    assert row.said in " ".join(error.values()) and bool(error["message"]) == bool(row.said)


def test_an_answer_of_a_server_that_opened_the_block_starts_folded_the_next_time(
    server: HostileServer,
) -> None:
    lone = (chunk(r"I think.\n</think>\n\nAnswer."), chunk("", "stop"), DONE)
    server.on(CHAT, *stream(*lone), *stream(*lone), *stream(*END), *stream(*END), *stream(*lone))
    llm = RemoteLLM(server.url)
    first, second, third, fourth, fifth = (heard(llm) for _ in range(5))
    assert first == (["text I think.\n", "reframed", "text Answer."], "Answer.")
    assert second == (["thought I think.", "text Answer."], "Answer.")
    # What nothing closes was no thinking after all: it is the answer, and the server is taken as it is.
    assert third == (["thought Answer.", "text Answer."], "Answer.")
    assert fourth == (["text Answer."], "Answer.")
    assert fifth == first


def test_a_budget_spent_within_a_block_that_the_server_opened_is_spent_on_thinking(
    server: HostileServer,
) -> None:
    lone = (chunk(r"I think.\n</think>\n\nAnswer."), chunk("", "stop"), DONE)
    server.on(CHAT, *stream(*lone), *stream(chunk("I go on"), chunk("", "length"), DONE))
    llm = RemoteLLM(server.url)
    str(llm.stream("Why?"))
    again = llm.stream("Why?")
    with pytest.raises(NoAnswer, match="whole budget"):
        str(again)
    assert (again.thinking, again.text) == ("I go on", "")


def test_thinking_that_is_off_is_not_looked_for_where_it_was_on(server: HostileServer) -> None:
    lone = (chunk(r"I think.\n</think>\n\nAnswer."), chunk("", "stop"), DONE)
    server.on(CHAT, *stream(*lone), *stream(*END))
    llm = RemoteLLM(server.url)
    str(llm.stream("Why?"))
    assert heard(llm, think="off") == (["text Answer."], "Answer.")


def test_what_was_held_back_is_part_of_an_answer_that_breaks_off(server: HostileServer) -> None:
    server.on(CHAT, sends(SSE, chunk(r"Answer.\n</thi")))
    broken = RemoteLLM(server.url).stream("Why?")
    with pytest.raises(AnswerCutOff):
        str(broken)
    assert broken.text == "Answer.\n</thi"


def heard(llm: RemoteLLM, **options: Any) -> tuple[list[str], str]:
    """What came of an answer, in its order, and its text."""
    events: list[str] = []
    listener = Listener(lambda text: events.append(f"thought {text}"), lambda: events.append("reframed"))
    answer = llm.stream("Why?", listener=listener, **options)
    for piece in answer:
        events.append(f"text {piece}")
    return events, answer.text
