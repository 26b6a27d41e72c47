"""A server that does what a test tells it, and what holds it up."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.llm.http.hostile import HostileServer, hostile


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()
