"""A conversation with a model that only plays, and a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from tests.fakes import FakeLLM


@pytest.fixture
def path(own_places: Path) -> Path:
    return own_places / "state" / "sessions.db"


@pytest.fixture
def store(path: Path) -> Iterator[SessionStore]:
    opened = SessionStore()
    yield opened
    opened.close()


@pytest.fixture
def llm() -> FakeLLM:
    return FakeLLM()


@pytest.fixture
def session(llm: FakeLLM) -> ChatSession:
    return ChatSession(llm, Path("/project"))
