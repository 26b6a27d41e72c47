"""What stays as it is for a moment is read ahead once, and not while somebody asks."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.messages import Prompt
from docstra_tui.session.chat import ChatSession
from docstra_tui.workspace.models import read_ahead
from docstra_tui.workspace.models.read_ahead import ReadAhead
from tests.engine.engines import until
from tests.fakes import FakeLLM


class Warmed(FakeLLM):
    """Counts what it reads ahead, and may be held back."""

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0
        self.gate = threading.Event()
        self.gate.set()

    def warm(self, prompt: Prompt, stable: int) -> Measure:
        self.readings += 1
        self.gate.wait(10)
        return Measure(1, None)


class Place:
    """A session, and what reads ahead for it."""

    def __init__(self, root: Path) -> None:
        self.llm = Warmed()
        self.session = ChatSession(self.llm, root)
        self.is_free = True
        self.told = 0
        self.ahead = ReadAhead(lambda: self.is_free, self._told, lambda call: call())

    def _told(self) -> None:
        self.told += 1


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(read_ahead, "SETTLE_SECONDS", 0.05)
    return Place(tmp_path)


def test_the_same_is_read_once(place: Place) -> None:
    for _ in range(5):
        place.ahead.consider(place.session)
    until(lambda: place.told == 2)
    place.ahead.consider(place.session)
    time.sleep(0.15)
    assert place.llm.readings == 1 and not place.ahead.is_reading
    place.session.set_context([ContextItem("a = 1", path="a.py")])
    place.ahead.consider(place.session)
    until(lambda: place.told == 4)
    assert place.llm.readings == 2


def test_another_wish_to_think_is_another_prompt(place: Place) -> None:
    """Some templates say in front of everything how much to think."""
    place.ahead.consider(place.session)
    until(lambda: place.told == 2)

    place.llm.think = "off"
    place.ahead.consider(place.session)
    until(lambda: place.told == 4)
    assert place.llm.readings == 2


def test_what_goes_wrong_is_not_said_where_nobody_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even by Python, which would write it over the prompt of the chat."""

    def warm(prompt: Prompt, stable: int) -> Measure:
        raise KeyError("count")

    monkeypatch.setattr(place.llm, "warm", warm)
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    with caplog.at_level("INFO", "docstra_tui.workspace"):
        place.ahead.consider(place.session)
        until(lambda: place.told == 2)
    time.sleep(0.05)
    assert not raised and "nothing was read ahead" in caplog.text


def test_nothing_is_read_while_somebody_asks(place: Place) -> None:
    place.is_free = False
    place.ahead.consider(place.session)
    place.is_free = True
    time.sleep(0.15)
    assert place.llm.readings == 0
    place.ahead.consider(place.session)
    place.is_free = False  # before it begins
    time.sleep(0.15)
    assert place.llm.readings == 0


def test_a_newer_reading_is_the_one_that_is_told(place: Place) -> None:
    place.llm.gate.clear()
    place.ahead.consider(place.session)
    until(lambda: place.llm.readings == 1)
    place.session.set_context([ContextItem("a = 1", path="a.py")])
    place.ahead.consider(place.session)
    until(lambda: place.llm.readings == 2)
    assert place.ahead.is_reading and place.told == 2
    place.llm.gate.set()
    until(lambda: not place.ahead.is_reading)
    assert place.told == 3
