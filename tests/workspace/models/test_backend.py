"""Backends as a face sees them: a status that never raises, a restart, a farewell."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.errors import EngineDied, ModelNotFound, RemoteError
from docstra_tui.settings import AnswerSettings, EngineSettings, ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from docstra_tui.workspace.models.other_server import ServerBackend
from docstra_tui.workspace.models.own_engine import EngineBackend
from tests.engine.engines import FakeModel, running, until
from tests.llm.http.hostile import SSE, chunk, hostile, response, sends
from tests.tiny_models import make_tiny


def settings(model: str, **engine: Any) -> Settings:
    return Settings(
        model=ModelSettings(name=model, device="cpu"),
        answer=AnswerSettings(think="off"),
        engine=EngineSettings(**engine),
    )


def test_a_model_thinks_as_the_settings_say() -> None:
    for written, think in (("auto", "auto"), ("off", "off"), ("500", 500)):
        remote = RemoteSettings(base_url="http://127.0.0.1:9/v1")
        backend = ServerBackend(Settings(answer=AnswerSettings(think=written), remote=remote))
        assert backend.llm.think == think


def test_an_engine_that_dies_is_told_and_starts_again(tmp_path: Path) -> None:
    backend = open_backend(settings(str(make_tiny(tmp_path / "tiny")), idle_minutes=2))
    assert isinstance(backend, EngineBackend)
    loading = backend.status()
    assert loading.state == "loading" and loading.error is None and backend.label == "tiny"
    assert backend.farewell.startswith("tiny goes on loading, and stays ")

    status = until(lambda: (now := backend.status()).state == "ready" and now, 60)
    assert (status.device, status.window, backend.llm.think) == ("cpu", 2048, "off")
    assert status.memory_used and status.memory_total and status.memory_used <= status.memory_total
    assert backend.farewell.startswith("tiny stays loaded on cpu for 2 minutes. ")
    assert "docstra-tui engine stop" in backend.farewell
    assert backend.host == ""

    # killed in the middle of an answer: the reader is told at once, and the status how and where to look
    stream = backend.llm.stream("Go on and on.")
    next(stream)
    os.kill(backend.engine.health().pid, signal.SIGKILL)
    with pytest.raises(EngineDied):
        str(stream)
    status = until(lambda: (now := backend.status()).state == "failed" and now)
    assert isinstance(status.error, EngineDied) and "SIGKILL" in status.error.message
    assert str(backend.engine.log) in status.error.hint
    assert backend.farewell == "" and backend.engine.socket.exists()  # nobody could tidy up
    with pytest.raises(EngineDied):
        str(backend.llm.stream("Hello"))

    assert not backend.is_running
    backend.restart()
    assert backend.status().state == "loading"

    # one that is there is ended: whatever it hangs in, the next one is another process
    assert backend.is_running
    first = backend.engine.health().pid
    backend.restart()
    assert until(lambda: backend.engine.health().pid) != first and not psutil.pid_exists(first)
    backend.close()
    until(lambda: backend.engine.health().clients == 0)


def test_the_engine_tells_whether_its_models_thinking_can_be_switched() -> None:
    wanted, model = settings("fake"), FakeModel()
    model.can_switch_thinking, model.think_note = True, "The files are read again."
    with running(model=model, identity=EngineIdentity.from_settings(wanted)):
        backend = open_backend(wanted)
        assert (backend.llm.can_switch_thinking, backend.llm.think_note) == (None, "")
        until(lambda: backend.status().state == "ready")
        assert (backend.llm.can_switch_thinking, backend.llm.think_note) == (
            True,
            "The files are read again.",
        )
        backend.close()


def test_a_server_that_loads_its_model_is_loading_until_the_wait_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loading = response(b'{"error": {"code": 503, "message": "Loading model"}}', "503 Unavailable")
    ready = response(b'{"data": [{"id": "m", "max_model_len": 4096}]}')
    monkeypatch.setattr("docstra_tui.workspace.models.other_server.MISSING_SECONDS", 0)
    for name in ("", "m"):
        with hostile() as server:
            server.on("/v1/models", sends(loading), sends(loading), sends(ready))
            remote = RemoteSettings(base_url=server.url, wait_seconds=0.1)
            backend = open_backend(Settings(model=ModelSettings(name=name), remote=remote))
            place = f"127.0.0.1:{server.port}"
            assert isinstance(backend, ServerBackend)
            first = backend.status()
            assert (first.state, first.phase) == ("loading", f"{place} loads its model")
            time.sleep(0.15)
            late = backend.status()
            assert late.state == "failed" and place in str(late.error)
            assert backend.status().state == "ready"


def test_a_model_that_cannot_be_loaded_is_in_the_status() -> None:
    wanted = settings("somebody/nothing")
    connected = threading.Event()

    def load(progressed: Any, tokenizer_came: Any) -> Any:
        connected.wait(10)
        raise ModelNotFound("There is no model somebody/nothing.", "Look at its name.")

    with running(load, identity=EngineIdentity.from_settings(wanted)):
        backend = open_backend(wanted)
        assert backend.status().state == "loading"
        connected.set()
        status = until(lambda: (now := backend.status()).state == "failed" and now)
        assert isinstance(status.error, ModelNotFound) and status.error.hint == "Look at its name."
        assert backend.farewell == ""
        backend.close()


def test_what_an_engine_without_a_model_told_is_still_told_when_it_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("docstra_tui.engine.server.presence.FAILED_GRACE_SECONDS", 0.5)
    wanted = settings("somebody/nothing")
    connected = threading.Event()

    def load(progressed: Any, tokenizer_came: Any) -> Any:
        connected.wait(10)
        raise ModelNotFound("There is no model somebody/nothing.", "Look at its name.")

    with running(load, identity=EngineIdentity.from_settings(wanted)) as engine:
        backend = open_backend(wanted)
        connected.set()
        told = until(lambda: (now := backend.status()).state == "failed" and now)
        engine.thread.join(20)  # although somebody is attached
        assert not engine.thread.is_alive()
        assert backend.status() == told and isinstance(told.error, ModelNotFound)
        backend.close()


def test_another_server_is_ready_as_soon_as_it_answers() -> None:
    with hostile() as server:
        server.on("/v1/chat/completions", sends(SSE, chunk("ok", "stop")))
        backend = open_backend(Settings(remote=RemoteSettings(base_url=server.url)))
        assert isinstance(backend, ServerBackend)
        status = backend.status()
        assert (status.state, status.model, status.window) == ("ready", "their-model", 4096)
        for _ in range(10):
            backend.status()
        assert len(server.requests) == 1
        assert (backend.label, backend.host, backend.farewell) == ("their-model", "", "")
        assert str(backend.llm.stream("Hi")) == "ok"
        backend.close()


def test_a_server_that_is_away_is_a_status_and_not_an_exception() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    backend = open_backend(Settings(remote=RemoteSettings(base_url=f"http://127.0.0.1:{port}/v1")))
    assert isinstance(backend.status().error, RemoteError)
    with hostile() as server:
        server.on("/v1/models", sends(response(b"{}", "401 Unauthorized")))
        backend = open_backend(Settings(remote=RemoteSettings(base_url=server.url)))
        status = backend.status()
        assert status.state == "failed" and status.error is not None and "KEY" in status.error.hint
