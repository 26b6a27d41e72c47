"""What is ticked is read and shown while another machine takes its time to count."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docstra_tui.context.picks import Pick
from docstra_tui.llm.messages import Prompt
from docstra_tui.session.chat import ChatSession
from docstra_tui.workspace.files.watched_selection import WatchedSelection
from tests.fakes import FakeLLM


class HungServer(FakeLLM):
    """Counts nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.go_on = threading.Event()

    def count_tokens(self, prompt: Prompt) -> int:
        self.asked.set()
        self.go_on.wait(30)
        return super().count_tokens(prompt)


class Screen:
    """Does what the background hands over, when it is waited for."""

    def __init__(self, root: Path) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.selection = WatchedSelection(root, 1000, self._calls.put)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            try:
                self._calls.get(timeout=0.05)()
            except queue.Empty:
                continue


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    for name in "ab":
        (tmp_path / f"{name}.py").write_text(f"{name} = 1\n")
    screen = Screen(tmp_path)
    yield screen
    screen.selection.close()


@pytest.fixture
def server() -> Iterator[HungServer]:
    server = HungServer()
    yield server
    server.go_on.set()


def test_a_file_that_is_ticked_while_nobody_can_count_is_read_and_shown(
    screen: Screen, server: HungServer, tmp_path: Path
) -> None:
    selection, session = screen.selection, ChatSession(server, tmp_path)
    selection.use(session)
    selection.choose([Pick("a.py")])
    screen.until(server.asked.is_set)
    assert selection.notes.of_file("a.py").text == "…"

    selection.choose([Pick("a.py"), Pick("b.py")])
    assert selection.notes.of_file("b.py").text == "reading…"
    screen.until(lambda: len(selection.now.files) == 2)
    assert selection.notes.of_file("b.py").text == "…"
    assert [item.path for item in session.context] == ["a.py", "b.py"]

    (tmp_path / "a.py").unlink()
    selection.look()
    screen.until(lambda: selection.notes.of_file("a.py").text == "deleted")
    assert selection.now.budget is None

    server.go_on.set()
    screen.until(lambda: selection.now.budget is not None)
    assert len(selection.now.files) == 2
