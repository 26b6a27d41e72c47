"""An app over a small project, with a backend that the test speaks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from tests.tui.fakes import Backends, FakeBackend, project


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
