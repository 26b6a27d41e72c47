"""When the model makes room for others, on a clock that the test turns, and what brings it back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from docstra_tui.engine.client.identity import EngineIdentity, EngineOptions
from docstra_tui.engine.server.presence import Presence
from docstra_tui.engine.server.rest import Rest
from docstra_tui.llm.remote import RemoteLLM
from tests.engine.engines import FakeModel, RunningEngine, running, until
from tests.engine.server.asked import QUESTION, client, health


def resting(minutes: float) -> tuple[Rest, Presence, FakeModel, list[float]]:
    now, model = [0.0], FakeModel()
    options = EngineOptions(EngineIdentity(), "s", "l", park_minutes=minutes)
    presence = Presence(options, lambda: now[0])
    host: Any = SimpleNamespace(model=model, error=None)
    return Rest(options, host, presence), presence, model, now


def test_it_rests_once_after_the_time_whoever_is_attached() -> None:
    rest, presence, model, now = resting(10)
    with presence.client(lasting=True):
        with presence.request():
            now[0] = 700.0
            rest.look()  # an answer is being written
            assert model.parked == 0
        now[0] += 599
        rest.look()
        assert model.parked == 0
        now[0] += 2
        rest.look()
        rest.look()
        assert model.parked == 1
        rest.end()
        rest.look()
        assert not model.is_parked
        now[0] += 601
        rest.look()
        assert model.parked == 2


def test_never_without_a_time_or_a_model() -> None:
    rest, _, model, now = resting(0)
    now[0] = 1e6
    rest.look()
    assert model.parked == 0
    rest, _, model, now = resting(1)
    now[0] = 1e6
    rest._host.model = None
    rest.look()
    rest.end()
    assert model.parked == 0


@pytest.mark.parametrize("way", ["a key", "a count", "another terminal"])
def test_who_is_about_to_ask_finds_it_awake(way: str) -> None:
    with running(park_minutes=0.002) as engine:
        until(lambda: health(engine).parked)
        assert health(engine).state == "ready"
        engine.model.park = lambda: None  # type: ignore[method-assign]
        come(engine, way)
        until(lambda: not health(engine).parked)


def come(engine: RunningEngine, way: str) -> None:
    if way == "a key":
        RemoteLLM(socket=engine.socket).wake()
        return
    with client(engine) as http:
        if way == "a count":
            assert http.post("/tokenize", json=QUESTION).status_code == 200
        else:
            with http.stream("GET", "/docstra/attach") as response:
                assert response.status_code == 200
