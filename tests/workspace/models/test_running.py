"""Who answers on this machine already: found, and never started."""

from __future__ import annotations

import msgspec
import pytest

from docstra_tui.engine.client import contact, starting
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.wire import Health
from docstra_tui.settings import RemoteSettings, Settings
from docstra_tui.workspace.models.running import running


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*given):
        raise AssertionError("an engine was started")

    monkeypatch.setattr(starting, "start", start)


def remote(url: str) -> Settings:
    return Settings(remote=RemoteSettings(base_url=url))


def test_nobody_is_there() -> None:
    assert running(Settings()) is None


@pytest.mark.parametrize(
    ("identity", "state", "is_found"),
    [
        (EngineIdentity.from_settings(Settings()), "ready", True),
        (EngineIdentity.from_settings(Settings()), "loading", True),
        (EngineIdentity.from_settings(Settings()), "failed", False),
        (EngineIdentity("another"), "ready", False),
        (None, "ready", False),
    ],
)
def test_an_engine_that_is_there_counts_if_it_is_the_one(identity, state, is_found, monkeypatch) -> None:
    answer = (
        b"no JSON" if identity is None else msgspec.json.encode(Health(state, identity, identity.version, 1))
    )
    monkeypatch.setattr(contact, "ask", lambda *args, **options: answer)
    llm = running(Settings())
    assert (llm is not None) is is_found
    if llm is not None:
        llm.close()


def test_a_server_counts_only_where_nothing_leaves() -> None:
    assert running(remote("http://gpu.example:8000/v1")) is None
    here = running(remote("http://127.0.0.1:9/v1"))
    assert here is not None
    here.close()
