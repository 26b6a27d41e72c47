"""llama.cpp's server, through the library and `ask`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui import cli
from docstra_tui.errors import AnswerCutOff, ContextOverflow, NoAnswer, RemoteError
from docstra_tui.llm.answer import Listener, Reading
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.llm.written import Written
from tests.servers.conftest import WINDOW, llama
from tests.servers.running import Server, running

QUESTION = "Count from one to nine."


@pytest.fixture(autouse=True)
def nothing_is_piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield


def ask(capsys: pytest.CaptureFixture[str], server: Server, *words: str) -> tuple[int, dict[str, Any]]:
    code = cli.main(["ask", *words, "--json", "--temperature", "0", "--base-url", server.url])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told


def test_it_tells_its_model_its_window_and_exact_counts(llama_server: Server, gguf: str) -> None:
    llm = RemoteLLM(llama_server.url, temperature=0)
    assert (llm.window, llm.model_name) == (WINDOW, gguf)
    count = llm.count_tokens(QUESTION)
    assert llm.counts_exactly
    stream = llm.stream(QUESTION, max_tokens=4)
    assert str(stream).strip()
    assert (stream.finish_reason, stream.usage.prompt_tokens, stream.usage.completion_tokens) == (
        *("length", count),
        4,
    )
    again = llm.stream(QUESTION, max_tokens=4)
    assert str(again) == stream.text
    assert again.usage.reused_tokens is not None and again.usage.reused_tokens >= count - 4


def test_it_tells_how_far_it_has_read(llama_server: Server) -> None:
    heard: list[Reading] = []
    llm = RemoteLLM(llama_server.url, temperature=0)
    prompt = "one two three four five six seven eight " * 25
    stream = llm.stream(prompt, max_tokens=1, listener=Listener(on_reading=heard.append))
    str(stream)
    total = stream.usage.prompt_tokens
    assert {reading.total for reading in heard} == {total} and len(heard) >= 3
    assert [reading.done for reading in heard] == sorted({reading.done for reading in heard})
    assert heard[-1].done == total
    assert any(reading.seconds_left for reading in heard)


def test_an_answer_is_stopped_and_the_next_one_comes(llama_server: Server) -> None:
    llm = RemoteLLM(llama_server.url, temperature=0)
    stream = llm.stream(QUESTION, max_tokens=400)
    next(stream)
    began = time.monotonic()
    stream.cancel()
    list(stream)
    assert (stream.finish_reason, time.monotonic() - began < 1) == ("cancelled", True)
    # It has stopped there too: 400 tokens would take much longer than this.
    began = time.monotonic()
    assert str(llm.stream(QUESTION, max_tokens=2)).strip()
    assert time.monotonic() - began < 20


def test_an_answer_goes_on_where_it_was_cut(llama_server: Server, thinking_server: Server) -> None:
    llm = RemoteLLM(llama_server.url, temperature=0)
    whole = str(llm.stream(QUESTION, max_tokens=20))
    begun = str(llm.stream(QUESTION, max_tokens=9))
    rest = llm.stream(QUESTION, max_tokens=11, written=Written(begun))
    assert begun and begun + str(rest) == whole
    # One that would think at the beginning does not in the middle.
    rest = RemoteLLM(thinking_server.url, temperature=0).stream(
        QUESTION, max_tokens=6, written=Written("One, two,")
    )
    assert str(rest).strip() and rest.thinking == ""


def test_a_prompt_that_does_not_fit_is_said_with_its_size(
    llama_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = "one two three " * WINDOW
    llm = RemoteLLM(llama_server.url)
    with pytest.raises(ContextOverflow) as caught:  # by the server: nobody asked it for its window yet
        str(llm.stream(prompt))
    assert caught.value.limit == WINDOW and caught.value.prompt_tokens > 3 * WINDOW
    assert llm.window == WINDOW
    with pytest.raises(ContextOverflow) as counted:
        str(llm.stream(prompt))
    assert counted.value.prompt_tokens >= WINDOW
    code, told = ask(capsys, llama_server, prompt)
    assert code == 4 and f"window is {WINDOW:,}" in told["error"]["message"]


def test_ask_gets_an_answer_and_its_figures(
    llama_server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("a = 1\n")
    code, told = ask(capsys, llama_server, "What is a?", "-f", "a.py", "--max-tokens", "6")
    assert (code, told["finish_reason"], told["thinking"]) == (0, "length", None)
    assert told["answer"].strip() and told["completion_tokens"] == 6
    assert 0 < told["files"][0]["tokens"] < told["prompt_tokens"]
    assert told["reused_tokens"] is not None


def test_thinking_is_parted_and_a_budget_of_nothing_else_is_said(
    thinking_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    thoughts: list[str] = []
    stream = RemoteLLM(thinking_server.url, temperature=0).stream(
        QUESTION, max_tokens=8, listener=Listener(on_thinking=thoughts.append)
    )
    with pytest.raises(NoAnswer, match="whole budget for thinking"):
        str(stream)
    assert stream.thinking.strip() and "".join(thoughts) == stream.thinking
    assert (stream.text, stream.finish_reason) == ("", "length")
    code, told = ask(capsys, thinking_server, QUESTION, "--max-tokens", "8")
    assert (code, told["answer"], told["finish_reason"]) == (1, "", "length")
    assert told["thinking"].strip() and "turn thinking off" in told["error"]["hint"]


def test_thinking_is_turned_off_and_held_to_a_budget(
    thinking_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    llm = RemoteLLM(thinking_server.url, temperature=0)
    with pytest.raises(NoAnswer):
        str(llm.stream(QUESTION, max_tokens=8))
    off = llm.stream(QUESTION, max_tokens=8, think="off")
    assert str(off).strip() and off.thinking == ""
    assert llm.can_switch_thinking is True
    free = llm.stream(QUESTION, max_tokens=24)
    with pytest.raises(NoAnswer):
        str(free)
    short = llm.stream(QUESTION, max_tokens=24, think=4)
    try:
        str(short)
    except NoAnswer:
        pass  # the starter has little to say behind a block that somebody else closed
    assert 0 < len(short.thinking) < len(free.thinking)
    code, told = ask(capsys, thinking_server, QUESTION, "--max-tokens", "8", "--think", "off")
    assert (code, told["thinking"]) == (0, None) and told["answer"].strip()


def test_counts_go_by_the_wish(thinking_server: Server) -> None:
    llm = RemoteLLM(thinking_server.url, temperature=0)
    assert llm.window == WINDOW
    on = llm.count_tokens(QUESTION)
    llm.think = "off"
    off = llm.count_tokens(QUESTION)
    stream = llm.stream(QUESTION, max_tokens=2)
    str(stream)
    assert (stream.usage.prompt_tokens, off > on) == (off, True)


def test_a_server_that_still_loads_is_waited_for_and_one_that_is_killed_leaves_the_part(
    gguf: str, tmp_path: Path
) -> None:
    with running(lambda port: llama(gguf, port), tmp_path / "home", waits=False) as server:
        llm = RemoteLLM(server.url, temperature=0)
        deadline = time.monotonic() + 60
        while True:  # nobody listens before its program has begun
            try:
                stream = llm.stream(QUESTION, max_tokens=400)
                first = next(stream)
                break
            except RemoteError as error:
                assert "cannot be reached" in error.message and time.monotonic() < deadline
                time.sleep(0.02)
        killer = threading.Timer(0.3, server.kill)
        killer.start()
        with pytest.raises(AnswerCutOff, match="closed the connection"):
            for _ in stream:
                pass
        assert stream.text.startswith(first) and stream.ended and stream.finish_reason is None
        killer.join()  # one that still ends accepts a connection
        with pytest.raises(RemoteError, match="cannot be reached"):
            str(llm.stream(QUESTION))


def test_ask_keeps_the_part_of_a_server_that_is_killed(gguf: str, tmp_path: Path) -> None:
    with running(lambda port: llama(gguf, port), tmp_path / "home") as server:
        words = ["ask", QUESTION, "--temperature", "0", "--max-tokens", "400", "--think", "off"]
        with subprocess.Popen(
            [sys.executable, "-m", "docstra_tui", *words, "--base-url", server.url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            first = process.stdout.read(1)
            server.kill()
            rest, said = process.stdout.read(), process.stderr.read()
        assert first.strip() and rest.endswith(b"\n")
        assert process.returncode == 1 and b"closed the connection" in said
