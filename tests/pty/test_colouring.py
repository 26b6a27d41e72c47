"""Code that can never be coloured, on a real terminal: keys, signals and leaving go on as if it were not."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.llm.http.hostile import HostileServer, hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal
from tests.workspace import stuck_lexers
from tests.workspace.colouring.test_colouring import wait_for

START = """
import json, os, signal, sys
from docstra_tui.workspace.colouring import colouring
from docstra_tui.cli import main
colouring.COMMAND = {command!r}
colouring.START_SECONDS = 600.0
colouring.wait_limit = lambda text: 600.0

def tell(*_):
    with open({modules!r} + ".part", "w") as file:
        json.dump(sorted(sys.modules), file)
    os.replace({modules!r} + ".part", {modules!r})

signal.signal(signal.SIGUSR1, tell)
sys.exit(main({words!r}))
"""
LASTING = "import signal; signal.setitimer = lambda *_: None; " + stuck_lexers.COMMAND[-1]
BLOCK = "Before.\n\n```{language}\nx = 1\n```\n\nAfter.\n"
GONE = 10.0

Begin = Callable[..., Terminal]


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """There when a process has begun to read what never ends."""
    return tmp_path / "begun"


@pytest.fixture
def begin(project: Path, server: HostileServer, tmp_path: Path, begun: Path) -> Iterator[Begin]:
    """The app, with a process for colours that nothing ends but a kill, and an answer in its language."""
    opened: list[Terminal] = []

    def begin(language: str) -> Terminal:
        answer_with(server, streams([BLOCK.format(language=language)]))
        code = START.format(
            command=[sys.executable, "-c", LASTING, str(begun)],
            modules=str(tmp_path / "modules"),
            words=[str(project), "--base-url", server.url],
        )
        terminal = Terminal([sys.executable, "-c", code], columns=100, rows=30)
        opened.append(terminal)
        terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
        started = psutil.Process(terminal.process.pid).children()
        assert not started, "no process is started before there is code"
        terminal.send("Tell me", "enter")
        terminal.wait_for("After.")
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def foregrounds(terminal: Terminal, words: str) -> list[str]:
    """The colours of the characters of `words`, where they stand on the screen."""
    for y, line in enumerate(terminal.lines):
        if (x := line.find(words)) >= 0:
            return [terminal._screen.buffer[y][x + at].fg for at in range(len(words))]
    return []


def for_colours(terminal: Terminal) -> list[psutil.Process]:
    """Of the processes that the app has started."""
    found = []
    for process in psutil.Process(terminal.process.pid).children():
        with suppress(psutil.Error):  # it ended while it was looked at
            if LASTING in process.cmdline():
                found.append(process)
    return found


def test_while_a_reader_is_stuck_the_app_answers_keys_and_leaves_when_it_is_told(
    begin: Begin, begun: Path
) -> None:
    terminal = begin("stuck")
    wait_for(begun)
    (helper,) = for_colours(terminal)
    terminal.send("another question")
    terminal.wait_for("❯ another question")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.wait_end() == 128 + signal.SIGTERM
    assert not terminal.modes_left_on()
    helper.wait(GONE)


def test_while_a_reader_is_stuck_the_app_leaves_with_its_terminal(begin: Begin, begun: Path) -> None:
    terminal = begin("busy")
    wait_for(begun)
    (helper,) = for_colours(terminal)
    terminal.hang_up()
    assert terminal.process.wait(GONE) == 128 + signal.SIGHUP
    helper.wait(GONE)


def test_while_a_reader_is_stuck_the_app_quits_on_its_key(begin: Begin, begun: Path) -> None:
    terminal = begin("stuck")
    wait_for(begun)
    (helper,) = for_colours(terminal)
    terminal.send("ctrl+q")
    assert terminal.wait_end() == 0
    helper.wait(GONE)


def test_colours_come_and_what_reads_code_is_in_another_process(begin: Begin, tmp_path: Path) -> None:
    terminal = begin("python")
    terminal.wait_for(lambda text: len(set(foregrounds(terminal, "x = 1"))) > 1)
    (helper,) = for_colours(terminal)
    os.kill(terminal.process.pid, signal.SIGUSR1)
    wait_for(tmp_path / "modules")
    loaded = json.loads((tmp_path / "modules").read_text())
    assert "docstra_tui.workspace.colouring.colouring" in loaded
    assert not [name for name in loaded if name.startswith("pygments")]
    terminal.process.kill()
    helper.wait(GONE)
