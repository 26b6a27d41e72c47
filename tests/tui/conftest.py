"""An app over a small project, with a backend that the test speaks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.events import Key
from textual.keys import _character_to_key

from docstra_tui.context.search.asking import Asking
from docstra_tui.context.search.index.project import IndexStatus
from docstra_tui.errors import NoIndex
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.driver import timers
from docstra_tui.tui.main import controllers
from tests.context.search.indexed import asked_here
from tests.tui.fakes import Backends, FakeBackend, project

_press_keys = App._press_keys


@pytest.fixture(autouse=True)
def letters_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test types in a row comes as from a quick hand: Textual would look for an idle processor twice
    behind every letter, and 40 ms at least. Behind the last one, and every other key, it does."""

    async def press(app: App[Any], keys: Iterable[str]) -> None:
        pressed = list(keys)
        for key, following in zip(pressed, [*pressed[1:], ""], strict=True):
            if len(key) == len(following) == 1 and app._driver is not None:
                event = Key(key if key.isalnum() else _character_to_key(key), key)
                event.set_sender(app)
                app._driver.send_message(event)
            else:
                await _press_keys(app, [key])

    monkeypatch.setattr(App, "_press_keys", press)


@pytest.fixture(autouse=True)
def what_goes_once_goes() -> None:
    """As the app has it, also where a test has an app of its own."""
    timers.install()


class Unindexed:
    """The index of a project that has none, and gets none."""

    def start(self, on_change: object = None) -> None:
        pass

    def stop(self) -> None:
        pass

    def nudge(self) -> None:
        pass

    def status(self) -> IndexStatus:
        return IndexStatus(problem="There is none.")

    def ask(self, work: object) -> None:
        raise NoIndex("There is none.")


@pytest.fixture(autouse=True)
def nothing_is_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed in a test looks for files only where the test is about that, and starts no process."""
    monkeypatch.setattr(Asking, "start", lambda self: None)
    monkeypatch.setattr(Asking, "suggest", asked_here)
    monkeypatch.setattr(controllers, "index_of", lambda root, settings: Unindexed)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path)


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def store() -> Iterator[SessionStore]:
    store = SessionStore()
    yield store
    store.close()


@pytest.fixture
def make_app(root: Path, backend: FakeBackend, store: SessionStore) -> Callable[..., DocstraApp]:
    def make(settings: Settings | None = None, opener: Any = None, **options: Any) -> DocstraApp:
        return DocstraApp(settings or Settings(), root, opener or Backends(backend), store, **options)

    return make
