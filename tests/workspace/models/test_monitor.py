"""One thread opens and watches what answers; a face hears what is new, in its own thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from docstra_tui.errors import DocstraError, EngineDied, EngineError
from docstra_tui.workspace.models.backend import Backend, Status
from docstra_tui.workspace.models.monitor import EngineMonitor
from tests.engine.engines import until
from tests.repl.fake_backend import READY, FakeBackend


class Heard:
    """What was told, in its order."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def backend_opened(self, backend: Backend) -> None:
        self.told.append(backend)

    def backend_looked_at(self, status: Status) -> None:
        self.told.append(status)

    def backend_lost(self, error: DocstraError) -> None:
        self.told.append(error)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def monitor(heard: Heard) -> Iterator[EngineMonitor]:
    made = EngineMonitor(heard, lambda call: call())
    yield made
    made.close()


def fails(error: Exception) -> Any:
    def open_backend() -> Any:
        raise error

    return open_backend


def test_what_is_new_is_told_and_the_same_again_is_not(monitor: EngineMonitor, heard: Heard) -> None:
    backend: Any = FakeBackend()
    monitor.open(lambda: backend)
    until(lambda: heard.told == [backend, READY])
    for _ in range(3):
        monitor.look_now()
        monitor.wait_for_look(5)
    assert heard.told == [backend, READY]
    backend.statuses = [replace(READY, queue=2)]
    monitor.look_now()
    monitor.wait_for_look(5)
    assert heard.told == [backend, READY, replace(READY, queue=2)]


def test_the_one_before_is_let_go_when_another_is_open(monitor: EngineMonitor, heard: Heard) -> None:
    first: Any = FakeBackend()
    second: Any = FakeBackend()
    monitor.open_now(lambda: first)
    monitor.open(lambda: second)
    until(lambda: first.closed == 1)
    assert monitor.backend is second and second.closed == 0
    monitor.close()
    assert (first.closed, second.closed) == (1, 1)


def test_what_cannot_be_opened_is_told_and_takes_nobodys_place(monitor: EngineMonitor, heard: Heard) -> None:
    monitor.open(fails(ValueError("odd")))
    until(lambda: [type(told) for told in heard.told] == [EngineError])
    backend: Any = FakeBackend()
    monitor.open_now(lambda: backend)
    with pytest.raises(EngineDied):
        monitor.open_now(fails(EngineDied("gone")))
    assert monitor.backend is backend and backend.closed == 0


def test_a_restart_that_fails_is_told(monitor: EngineMonitor, heard: Heard) -> None:
    error = EngineDied("It does not start.")

    class Broken(FakeBackend):
        def restart(self) -> None:
            raise error

    backend: Any = Broken()
    monitor.open_now(lambda: backend)
    monitor.restart()
    until(lambda: error in heard.told)
    with pytest.raises(EngineDied):
        monitor.restart_now()


def test_what_is_on_its_way_to_be_told_is_not_told_of_another_one(heard: Heard) -> None:
    later: list[Any] = []
    monitor = EngineMonitor(heard, later.append)
    first: Any = FakeBackend()
    second: Any = FakeBackend()
    monitor.open_now(lambda: first)
    until(lambda: len(later) == 2)
    monitor.open_now(lambda: second)
    until(lambda: len(later) == 4)
    for tell in later:
        tell()
    assert heard.told == [second, READY]
    monitor.close()


def test_nothing_is_told_of_what_was_closed(heard: Heard) -> None:
    monitor = EngineMonitor(heard, lambda call: call())
    backend: Any = FakeBackend()
    monitor.open_now(lambda: backend)
    until(lambda: READY in heard.told)
    monitor.close()
    heard.told.clear()
    backend.statuses = [replace(READY, queue=9)]
    monitor.look_now()
    monitor.wait_for_look(0.2)
    assert heard.told == [] and backend.closed == 1
