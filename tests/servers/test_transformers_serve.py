"""`transformers serve`, pinned to a model and not, through the library and `ask`."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest

from docstra_tui import cli
from docstra_tui.errors import AnswerCutOff, NotAllowed, RemoteError
from docstra_tui.llm.remote import RemoteLLM
from tests.servers.running import Server

QUESTION = "Count from one to nine."


def test_it_answers_with_the_model_it_has(
    transformers_server: tuple[Server, str | None],
    folder: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: Any,
) -> None:
    server, model = transformers_server
    llm = RemoteLLM(server.url, model, temperature=0)
    stream = llm.stream(QUESTION, max_tokens=3)
    assert str(stream).strip()
    assert (stream.finish_reason, stream.usage.completion_tokens) == ("length", 3)
    assert stream.usage.reused_tokens is None and stream.usage.prompt_tokens
    assert llm.model_name == folder
    assert llm.window is None
    assert llm.count_tokens(QUESTION) > 5 and not llm.counts_exactly
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        named = ["--model", model] if model else []
        words = ["ask", QUESTION, "--json", "--max-tokens", "3", "--base-url", server.url, *named]
        assert cli.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["answer"].strip() and told["thinking"] is None


def test_every_wish_for_thinking_gets_an_answer(transformers_server: tuple[Server, str | None]) -> None:
    """It refuses some of the fields."""
    server, model = transformers_server
    llm = RemoteLLM(server.url, model, temperature=0)
    for think in ("off", "on", 50):
        assert str(llm.stream(QUESTION, max_tokens=2, think=think)).strip()  # type: ignore[arg-type]
    assert llm.think_note


def test_it_is_not_asked_to_go_on_with_an_answer(transformers_server: tuple[Server, str | None]) -> None:
    """It would begin another one."""
    server, model = transformers_server
    with pytest.raises(NotAllowed, match="does not say that it can go on"):
        RemoteLLM(server.url, model).continue_answer(QUESTION, "One, two,")


def test_an_answer_is_stopped_and_the_next_one_comes(transformers_server: tuple[Server, str | None]) -> None:
    server, model = transformers_server
    llm = RemoteLLM(server.url, model, temperature=0)
    stream = llm.stream(QUESTION, max_tokens=60)
    next(stream)
    began = time.monotonic()
    stream.cancel()
    list(stream)
    assert (stream.finish_reason, time.monotonic() - began < 1) == ("cancelled", True)
    assert str(llm.stream(QUESTION, max_tokens=2)).strip()


def test_what_it_has_loaded_is_taken_and_no_other(
    transformers_server: tuple[Server, str | None],
) -> None:
    server, model = transformers_server
    if model is None:
        with pytest.raises(RemoteError, match="pinned to"):
            str(RemoteLLM(server.url, "another/model").stream(QUESTION))
    else:
        assert str(RemoteLLM(server.url, model).stream(QUESTION, max_tokens=2)).strip()
        assert str(RemoteLLM(server.url).stream(QUESTION, max_tokens=2)).strip()


def test_one_that_has_loaded_nothing_wants_a_name(transformers_server: tuple[Server, str | None]) -> None:
    server, model = transformers_server
    hints = {server.refused.hint} if server.refused else set()
    assert hints == (set() if model is None else {"Name one with --model."})


# The last one: it takes the server along.
def test_one_that_is_killed_leaves_the_part(transformers_server: tuple[Server, str | None]) -> None:
    server, model = transformers_server
    stream = RemoteLLM(server.url, model, temperature=0).stream(QUESTION, max_tokens=60)
    first = next(stream)
    server.kill()
    with pytest.raises(AnswerCutOff, match="closed the connection"):
        for _ in stream:
            pass
    assert stream.text.startswith(first)
