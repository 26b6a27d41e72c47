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
)
from docstra_tui.llm.answer import Finished, Usage
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import done, running
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
