"""A key belongs to its server alone, and nothing of any kind leaves before a yes to that server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from docstra_tui import paths
from docstra_tui.address import Address, parse
from docstra_tui.errors import DocstraError, NotAllowed, SettingsError, UnsafePath, UsageError
from docstra_tui.remotes import Remote
from docstra_tui.session.turns import ModelChoice
from docstra_tui.settings import ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.model_switch import ModelSwitch
from docstra_tui.workspace.models.choice import (
    choice_of,
    placed,
    remoted,
    settings_for,
    switched,
    with_new,
)
from docstra_tui.workspace.models.consent import Consent, question
from docstra_tui.workspace.models.other_server import ServerBackend, key_of
from tests.elsewhere import Elsewhere, elsewhere
from tests.test_settings import write_config

KEYS = {"one": "key-of-one", "two": "key-of-two", "": "common-key"}


@pytest.fixture
def servers() -> Iterator[dict[str, Elsewhere]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(elsewhere()) for name in ("one", "two", "none", "")}


@pytest.fixture
def settings(servers: dict[str, Elsewhere], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Three with a name, one of them without a key, and one without a name that answers."""
    monkeypatch.setenv("DOCSTRA_API_KEY", KEYS[""])
    monkeypatch.setenv("ONE_KEY", KEYS["one"])
    paths.config_dir().mkdir(parents=True)
    file = paths.config_dir() / "two.key"
    file.write_text(KEYS["two"] + "\n")
    file.chmod(0o600)
    return Settings(
        remote=RemoteSettings(base_url=servers[""].url, key_over_http=True),
        remotes={
            "one": Remote(servers["one"].url, "m1", key_env="ONE_KEY", key_over_http=True),
            "two": Remote(servers["two"].url, "m2", key_file="two.key", key_over_http=True),
            "none": Remote(servers["none"].url, "m3"),
        },
    )


Work = Callable[[ServerBackend], object]
EVERY_REQUEST: dict[str, Work] = {
    "stream": lambda backend: str(backend.llm.stream("Hello")),
    "measure": lambda backend: backend.llm.measure("Hello"),
    "count": lambda backend: backend.llm.count_tokens("Hello"),
    "each": lambda backend: backend.llm.count_each(["Hello", "you"]),
    "check": lambda backend: backend.llm.check(),
    "window": lambda backend: backend.llm.window,
    "warm": lambda backend: backend.llm.warm("Hello", 1),
    "wake": lambda backend: backend.llm.wake(),
    "prompt": lambda backend: backend.llm.show_prompt("Hello"),
    "waiting": lambda backend: backend.llm.waiting(),
    "status": lambda backend: backend.status(),
}


@pytest.mark.parametrize("name", ["one", "two", "none", ""])
def test_nothing_of_any_kind_leaves_before_a_yes_and_no_yes_is_for_another(
    name: str, settings: Settings, servers: dict[str, Elsewhere]
) -> None:
    consent = Consent()
    for other, server in servers.items():
        if other != name:
            consent.give(_address(server), for_good=True)
    backend = consent.admit(ServerBackend(remoted(settings, name) if name else settings))
    assert isinstance(backend, ServerBackend)
    for work in EVERY_REQUEST.values():
        try:
            work(backend)
        except NotAllowed:
            continue
    assert [server.connections for server in servers.values()] == [0, 0, 0, 0]
    consent.give(_address(servers[name]), for_good=False)
    consent.admit(backend)
    EVERY_REQUEST["stream"](backend)
    assert {other for other, server in servers.items() if server.connections} == {name}
    backend.close()


@pytest.mark.parametrize("walk", list(itertools.permutations(["one", "two", "none", ""], 4)))
def test_no_request_carries_the_key_of_another_server_however_one_switches(
    walk: tuple[str, ...], settings: Settings, servers: dict[str, Elsewhere]
) -> None:
    now = settings
    unnamed = choice_of(settings, "m")
    for name in walk:
        now = remoted(now, name) if name else settings_for(now, unnamed)
        backend = ServerBackend(now)
        backend.gate.open()
        backend.llm.check()
        backend.close()
    for name, server in servers.items():
        sent = b"".join(server.requests)
        assert sent and {key for key in KEYS.values() if key.encode() in sent} == {KEYS.get(name)} - {None}


def test_a_server_that_only_a_session_names_gets_no_key_where_that_is_another_ones(
    settings: Settings, servers: dict[str, Elsewhere]
) -> None:
    there = settings_for(settings, ModelChoice("http://evil:1/v1", "m"))
    assert there.server is not None and key_of(there.server) == ""
    moved = msgspec.structs.replace(settings, remote=RemoteSettings(name="one"))
    was = settings_for(moved, ModelChoice("http://where-one-was:1/v1", "m1"))
    assert was.server is not None and key_of(was.server) == ""
    back = settings_for(there, choice_of(settings, "m"))
    assert back.server is not None and key_of(back.server) == KEYS[""]
    again = settings_for(there, ModelChoice(servers["one"].url, "m1"))
    assert again.remote.name == "one" and again.server is not None and key_of(again.server) == KEYS["one"]


def test_the_model_of_this_machine_comes_back_and_no_name_of_a_server_is_taken_for_one() -> None:
    gpu = Remote("http://gpu:8000/v1", "big")
    start = Settings(model=ModelSettings(name="here", quant="int8"), remotes={"gpu": gpu})
    there = remoted(start, "gpu")
    assert choice_of(there) == ModelChoice("http://gpu:8000/v1", "big")
    assert choice_of(switched(there, "small")) == ModelChoice("http://gpu:8000/v1", "small")
    assert switched(start, "gpu") == there
    assert remoted(switched(there, "small"), "local").model == start.model
    with pytest.raises(UsageError, match="Another server"):
        placed(there, "cpu")
    unnamed = Settings(ModelSettings(name="x/big"), remote=RemoteSettings(base_url="http://a:1/v1"))
    with pytest.raises(UsageError, match="Which model"):
        remoted(unnamed, "local")
    with pytest.raises(UsageError, match="no remote 'nope'"):
        remoted(unnamed, "nope")


def test_two_remotes_of_one_server_are_told_apart_by_their_model() -> None:
    url = "http://gpu:8000/v1"
    both = Settings(remotes={"one": Remote(url, "m1"), "two": Remote(url, "m2")})
    assert settings_for(both, ModelChoice(url, "m2")).remote.name == "two"
    assert settings_for(remoted(both, "one"), ModelChoice(url, "m9")).remote.name == "one"


@pytest.mark.parametrize(
    ("remote", "error", "says"),
    [
        (Remote("http://a/v1", key_env="NOT_SET"), SettingsError, "NOT_SET"),
        (Remote("http://a/v1", key_file="none.key"), SettingsError, "none.key"),
        (Remote("http://a/v1", key_file="empty.key"), SettingsError, "empty.key"),
        (Remote("http://a/v1", key_file="open.key"), UnsafePath, "open.key"),
        (Remote("http://a/v1", key_file="."), SettingsError, "cannot be read"),
    ],
)
def test_a_key_that_is_not_there_is_said_and_no_other_is_taken(
    remote: Remote, error: type[DocstraError], says: str, settings: Settings
) -> None:
    (paths.config_dir() / "empty.key").touch(mode=0o600)
    (paths.config_dir() / "open.key").write_text("s3cret")
    (paths.config_dir() / "open.key").chmod(0o644)
    with pytest.raises(error, match=says) as caught:
        key_of(remote)
    assert "s3cret" not in str(caught.value)


def test_a_key_over_plain_http_is_asked_for_by_each_remote(settings: Settings) -> None:
    open_way = Remote("http://gpu:1/v1", key_env="ONE_KEY")
    with pytest.raises(SettingsError, match="plain http"):
        ServerBackend(
            Settings(remote=RemoteSettings(name="gpu", key_over_http=True), remotes={"gpu": open_way})
        )


def test_what_is_asked_says_all_that_leaves_and_how() -> None:
    plain, hidden = (question(parse(f"{scheme}://gpu:8000/v1")) for scheme in ("http", "https"))
    for asked in (plain, hidden):
        assert asked.endswith("will be sent to gpu:8000. Send them?")
        assert all(word in asked for word in ("questions", "files", "answers so far", "still writing"))
    assert "Not encrypted" in plain and "encrypted" not in hidden


def test_a_remote_that_was_written_since_the_start_is_there_and_one_in_use_stays() -> None:
    write_config(
        '[remote.gpu]\nbase_url = "http://elsewhere:1/v1"\n[remote.new]\nbase_url = "http://new:1/v1"\n'
    )
    now = with_new(_named("http://gpu:8000/v1"))
    assert {name: one.base_url for name, one in now.remotes.items()} == {
        "gpu": "http://gpu:8000/v1",
        "new": "http://new:1/v1",
    }
    write_config("[remote.gpu")
    assert with_new(_named("http://gpu:8000/v1")) == _named("http://gpu:8000/v1")


def test_no_server_is_switched_to_whose_key_is_not_there() -> None:
    told: list[object] = []
    opened: list[Settings] = []
    settings = Settings(
        remotes={"gpu": Remote("http://gpu:1/v1", key_env="NOT_SET"), "b": Remote("http://b/v1")}
    )
    model = SimpleNamespace(settings=settings, remote="", open=opened.append)
    dialogs = SimpleNamespace(fail_with=told.append)
    queue = SimpleNamespace(busy=False)
    switch = ModelSwitch(
        cast(Any, model), cast(Any, queue), cast(Any, None), cast(Any, dialogs), cast(Any, None)
    )
    assert switch.remote("gpu") is False and not opened
    (error,) = told
    assert "NOT_SET" in str(error)
    assert switch.remote("b") is True and [one.remote.name for one in opened] == ["b"]


def test_a_name_of_several_devices_is_told_how_they_are_chosen() -> None:
    with pytest.raises(UsageError) as caught:
        placed(Settings(), "cuda:0,cuda:1")
    assert "CUDA_VISIBLE_DEVICES" in caught.value.hint


def test_another_url_of_the_same_name_is_another_host() -> None:
    consent = Consent()
    before = ServerBackend(_named("http://gpu:8000/v1"))
    consent.give(before.gate.address, for_good=True)
    for url, is_open in (
        ("http://gpu:8000/v1", True),
        ("http://gpu:8001/v1", False),
        ("https://gpu:8000/v1", False),
    ):
        backend = Consent().admit(ServerBackend(_named(url)))
        assert backend.gate is not None and backend.gate.is_open == is_open


def _named(url: str) -> Settings:
    return Settings(remote=RemoteSettings(name="gpu"), remotes={"gpu": Remote(url)})


def _address(server: Elsewhere) -> Address:
    return parse(server.url)
