"""Our own engine behind the same client."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from docstra_tui.errors import (
    ContextOverflow,
    EngineDied,
    GenerationFailed,
    NoAnswer,
)
from docstra_tui.llm.answer import Finished, Listener, Reading, Reframed, Thought, Usage
from docstra_tui.llm.measure import Measure, Room
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import done, running, until
from tests.engine.server.asked import in_background
from tests.llm.http.hostile import (
    SSE,
    chunk,
)

KEY = "sk-SECRETSECRET"


def test_our_engine_needs_no_name_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_API_KEY", KEY)
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        stream = llm.stream("How are you?")
        engine.model.answer("fi", "ne", done(3, 2, 1))
        assert str(stream) == "fine"
        assert stream.usage == Usage(3, 2, 1)
        assert llm.window == 100 and llm.model_name == "fake"
        assert llm.count_tokens("How are you?") == 3 and llm.counts_exactly


def test_it_tells_what_the_memory_that_is_free_holds() -> None:
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        until(lambda: llm.counts_exactly or llm.measure("How are you?"))
        assert llm.measure("How are you?").room is None
        for room in (Room(64, 90, on_gpu=True), Room(64)):
            engine.model.room = room
            assert llm.measure("How are you?") == Measure(3, 0, room=room)


def test_what_is_to_be_kept_in_8_bits_is_said_with_everything() -> None:
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        until(lambda: llm.counts_exactly or llm.measure("How are you?"))
        engine.model.room = Room(64, 90)
        for form, tokens in (("full", 64), ("int8", 90)):
            llm.kv_cache = form  # type: ignore[assignment]
            stream = llm.stream("How are you?")
            assert engine.model.answer("fine", done()).compact == (form == "int8")
            assert str(stream) == "fine"
            room = llm.measure("How are you?").room
            assert room is not None and room.tokens == tokens
            in_background(lambda: llm.warm([{"role": "user", "content": "How are you?"}], 5))
            job = engine.model.warm_jobs.get(timeout=10)
            assert job.compact == (form == "int8")
            job.warmed(1)


def test_thinking_and_reading_come_back_as_what_they_were() -> None:
    thoughts: list[str] = []
    heard: list[Reading] = []
    listener = Listener(thoughts.append, on_reading=heard.append)
    with running() as engine:
        stream = RemoteLLM(socket=engine.socket).stream("Why?", listener=listener)
        answer = in_background(lambda: str(stream))
        job = engine.model.next_job()
        job.sink(Reading(0, 900))
        until(lambda: heard)  # before any piece comes
        for event in (Reading(600, 900, 1.5), Thought("Hm, "), Thought("yes."), "Be", "cause."):
            job.sink(event)
        job.sink(Finished("stop", Usage(900, 7, 0, 3)))
        assert answer.get(timeout=10) == "Because." and stream.thinking == "Hm, yes."
    assert "".join(thoughts) == "Hm, yes."
    assert heard[0] == Reading(0, 900) and heard[-1] == Reading(600, 900, 1.5)
    assert stream.usage.thinking_tokens == 3 and stream.thinking_s is not None


def test_text_that_turns_out_to_be_thinking_comes_back_as_that() -> None:
    moved: list[str] = []
    with running() as engine:
        stream = RemoteLLM(socket=engine.socket).stream(
            "Why?", listener=Listener(on_reframed=lambda: moved.append(stream.text))
        )
        engine.model.answer("Hm, ", "yes.", Reframed(), "Because.", done())
        assert "".join(stream).endswith("Because.") and (stream.thinking, stream.text) == (
            "Hm, yes.",
            "Because.",
        )
        assert moved == [""]
        stream = RemoteLLM(socket=engine.socket).stream("Why?")
        engine.model.answer("Hm, ", Reframed(), Finished("length", Usage(3, 2)))
        with pytest.raises(NoAnswer, match="whole budget for thinking"):
            str(stream)


def test_how_much_to_think_goes_along_with_all_that_is_asked() -> None:
    messages = [{"role": "user", "content": "What is this?"}]
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        for think in ("auto", "on", "off", 30):
            stream = llm.stream("Why?", think=think)  # type: ignore[arg-type]
            assert engine.model.answer("ok", done()).think == think
            assert str(stream) == "ok"
        llm.think = "off"
        stream = llm.stream("Why?")
        assert engine.model.answer("ok", done()).think == "off" and str(stream) == "ok"
        stream = llm.stream("Why?", think="auto")
        assert engine.model.answer("ok", done()).think == "auto" and str(stream) == "ok"
        assert llm.count_tokens(messages) == 5  # the words, and two that the template says then
        assert [measure.tokens for measure in llm.count_each([messages, messages])] == [5, 5]
        reading = in_background(lambda: llm.warm(messages, 4))
        job = engine.model.warm_jobs.get(timeout=10)
        job.warmed(1)
        assert job.think == "off" and reading.get(timeout=10).cached == 1
        assert llm.show_prompt(messages) == ("", "0 1 2 3 4")
        llm.think = "auto"
        assert llm.count_tokens(messages) == 3


def test_our_engines_errors_come_back_as_what_they_were() -> None:
    with running() as engine:
        llm = RemoteLLM(socket=engine.socket)
        with pytest.raises(ContextOverflow) as caught:
            str(llm.stream("x " * 95))
        assert caught.value.prompt_tokens == 95
        stream = llm.stream("Hi")
        engine.model.answer("half", GenerationFailed("The model stumbled.", "Ask again."))
        with pytest.raises(GenerationFailed) as failed:
            str(stream)
        assert failed.value.hint == "Ask again."


def test_a_cancelled_stream_cancels_the_job_in_the_engine() -> None:
    with running() as engine:
        stream = RemoteLLM(socket=engine.socket).stream("Hi")
        job = engine.model.next_job()
        job.sink("a")
        assert next(stream) == "a"
        stream.cancel()
        assert job.cancelled.wait(5)
        job.sink(Finished("cancelled"))
        assert list(stream) == [] and stream.finish_reason == "cancelled"


def test_an_engine_that_is_not_there_is_an_engine_that_died(own_places: Path) -> None:
    with pytest.raises(EngineDied):
        str(RemoteLLM(socket=own_places / "none.sock").stream("Hi"))


def test_an_engine_that_vanishes_in_the_middle_is_told_at_once(own_places: Path) -> None:
    path = own_places / "e.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()

        def vanish() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(SSE + chunk("half"))
            connection.close()

        threading.Thread(target=vanish, daemon=True).start()
        stream = RemoteLLM(socket=path).stream("Hi")
        with pytest.raises(EngineDied):
            list(stream)
        assert stream.text == "half"
