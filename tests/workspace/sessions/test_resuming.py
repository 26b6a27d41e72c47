"""A saved session goes on in its own folder and with its own model, or says what it would open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui import address
from docstra_tui.commands import arguments, faces, terminal
from docstra_tui.engine.client import lifecycle
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.wire import Health
from docstra_tui.errors import StoreError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice, SavedTurn
from docstra_tui.settings import ModelSettings, Settings
from docstra_tui.workspace.models.choice import choice_of, settings_for
from docstra_tui.workspace.models.consent import Consent
from docstra_tui.workspace.sessions import resuming
from tests.fakes import FakeLLM

CONFIGURED = Settings(model=ModelSettings(name="org/configured"))
OTHER = ModelChoice("", "org/other", "v2", "bnb-4bit")
FAR = ModelChoice("http://gpu7:8000/v1", "big")


@pytest.fixture
def store() -> Iterator[SessionStore]:
    opened = SessionStore()
    yield opened
    opened.close()


def say(store: SessionStore, root: Path, question: str, choice: ModelChoice = OTHER) -> str:
    session = ChatSession(FakeLLM("said"), root, store)
    session.choice = choice
    list(session.ask(question))
    assert session.id is not None
    return session.id


# Which session, and where


def test_a_session_is_resumed_in_its_own_folder(store: SessionStore, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    known = say(store, there, "about there")
    found = resuming.find(store, known[:6], tmp_path, is_named=False)
    assert (found.id, found.root, found.choice, found.note) == (known, there, OTHER, "")


def test_a_folder_that_was_named_stays(store: SessionStore, tmp_path: Path) -> None:
    known = say(store, Path("/elsewhere"), "q")
    assert resuming.find(store, known, tmp_path, is_named=True).root == tmp_path


def test_the_last_one_is_that_of_the_folder_and_else_the_last_of_all(
    store: SessionStore, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    ours, theirs = say(store, here, "ours"), say(store, there, "theirs")
    assert resuming.find(store, "last", here, is_named=False).id == ours
    found = resuming.find(store, "last", tmp_path, is_named=False)
    assert (found.id, found.root) == (theirs, there)
    assert "the last one, about" in found.note
    with pytest.raises(StoreError):
        resuming.find(store, "last", tmp_path, is_named=True)


def test_a_folder_that_is_gone_is_said(store: SessionStore, tmp_path: Path) -> None:
    known = say(store, tmp_path / "gone", "q")
    found = resuming.find(store, known, tmp_path, is_named=False)
    assert found.root == tmp_path and "is gone" in found.note


# With which model


def test_the_same_model_and_an_unknown_one_change_nothing() -> None:
    for choice in (ModelChoice(), choice_of(CONFIGURED), ModelChoice("no url", "x")):
        assert resuming.opening(CONFIGURED, choice, Consent()) == resuming.Opening(CONFIGURED)


def test_a_model_that_is_not_loaded_is_offered() -> None:
    opening = resuming.opening(CONFIGURED, OTHER, Consent())
    assert opening.now is CONFIGURED
    assert opening.offered is not None and choice_of(opening.offered) == OTHER
    assert opening.words == "This session was with org/other (v2, bnb-4bit) on this machine."


@pytest.mark.parametrize(("state", "is_at_once"), [("ready", True), ("loading", False), ("failed", False)])
def test_a_model_that_is_loaded_is_opened_at_once(
    state: str, is_at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = EngineIdentity.from_settings(settings_for(CONFIGURED, OTHER))

    def health(engine: lifecycle.Engine) -> Health:
        assert engine.identity == wanted
        return Health(state, wanted, "1", 1)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle.Engine, "alive", True)
    monkeypatch.setattr(lifecycle.Engine, "health", health)
    opening = resuming.opening(CONFIGURED, OTHER, Consent())
    assert (choice_of(opening.now) == OTHER) is is_at_once
    assert (opening.offered is None) is is_at_once
    named = resuming.opening(CONFIGURED, OTHER, Consent(), at_once=False)
    assert named.now is CONFIGURED and named.offered is not None


def test_a_server_of_this_machine_is_opened_at_once_where_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        choice = ModelChoice(f"http://127.0.0.1:{port}/v1", "m")
        opening = resuming.opening(CONFIGURED, choice, Consent())
        assert opening.now.remote.base_url == choice.server and opening.offered is None
    opening = resuming.opening(CONFIGURED, choice, Consent())
    assert opening.now is CONFIGURED and opening.offered is not None


def test_another_host_is_opened_at_once_only_after_a_yes_to_it() -> None:
    before = resuming.opening(CONFIGURED, FAR, Consent())
    assert before.now is CONFIGURED
    assert before.words == "This session was with big on gpu7:8000."
    Consent().give(address.parse(FAR.server), for_good=True)
    assert resuming.opening(CONFIGURED, FAR, Consent()).now.remote.base_url == FAR.server


# From the command line


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, Path, dict[str, object]]]:
    """What the full screen was started with."""
    calls: list[tuple[Settings, Path, dict[str, object]]] = []
    monkeypatch.setattr(terminal, "is_plain", lambda: "")
    monkeypatch.setattr(
        "docstra_tui.tui.launch.launch",
        lambda settings, root, **options: calls.append((settings, root, options)) or 0,
    )
    return calls


def test_resuming_from_another_folder_opens_the_sessions_and_its_model_where_that_is_at_hand(
    started: list[tuple[Settings, Path, dict[str, object]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir(), here.mkdir()
    store = SessionStore()
    known = say(store, there, "q", FAR)
    store.close()
    Consent().give(address.parse(FAR.server), for_good=True)
    monkeypatch.chdir(here)

    for words in (
        ["--resume"],
        ["--resume", known],
        ["--resume", known, "--base-url", "http://127.0.0.1:9/v1"],
    ):
        faces.run(arguments.parse(words))

    assert [(root, options["resume"]) for _, root, options in started] == [(there, known)] * 3
    urls = [settings.remote.base_url for settings, _, _ in started]
    assert urls == [FAR.server, FAR.server, "http://127.0.0.1:9/v1"], "flags win"
    assert [options["is_model_named"] for _, _, options in started] == [False, False, True]
    assert "goes on with this session" in str(started[1][2]["notes"])


def test_a_session_that_is_not_there_is_left_to_the_screen_to_say(
    started: list[tuple[Settings, Path, dict[str, object]]], tmp_path: Path
) -> None:
    faces.run(arguments.parse([str(tmp_path), "--resume", "nothing"]))
    [(_, root, options)] = started
    assert (root, options["resume"], options["notes"]) == (tmp_path, "nothing", ())


@pytest.mark.parametrize("root", ["/proc/1/root", "/" + "x" * 5000, "/a\0b"])
def test_a_folder_that_cannot_even_be_looked_at_is_gone(root: str, tmp_path: Path) -> None:
    store = SessionStore()
    session_id = store.create(root, "m")
    store.keep_turn(session_id, SavedTurn("Why?"))
    found = resuming.find(store, session_id, tmp_path, is_named=False)
    store.close()
    assert found.root == tmp_path and "folder is gone" in found.note
