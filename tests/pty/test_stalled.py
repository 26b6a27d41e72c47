"""A terminal that is not read, and one that has nothing to show."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from docstra_tui import paths
from tests.llm.http.hostile import HostileServer, hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal, app

STALL_SECONDS = 5.0
WORDS = [f"word{number} " if number % 12 else f"word{number}\n\n" for number in range(4_000)]
ANSWER = "".join(WORDS) + "THE END"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


@pytest.fixture
def terminal(project: Path, server: HostileServer) -> Iterator[Terminal]:
    terminal = Terminal(app(str(project), "--base-url", server.url), columns=100, rows=30)
    terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
    yield terminal
    terminal.close()


def saved() -> tuple[str, str]:
    """Status and answer of the last turn, as they are on the disk."""
    path = paths.state_dir() / "sessions.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        rows = db.execute("select status, answer from turns order by id").fetchall()
    return rows[-1] if rows else ("", "")


@pytest.mark.alone  # what is measured is time
def test_a_stalled_terminal_holds_up_neither_the_answer_nor_the_disk(
    terminal: Terminal, server: HostileServer
) -> None:
    ended = threading.Event()
    answer_with(server, streams([*WORDS, "THE END"], 1_000, ended=ended))
    process = psutil.Process(terminal.process.pid)
    terminal.send("Tell me", "enter")
    terminal.wait_for(lambda text: re.search(r"word\d", text) is not None)
    memory = process.memory_info().rss

    terminal.reading.clear()
    assert ended.wait(STALL_SECONDS + 10), "the server waited for the screen"
    deadline = time.monotonic() + 5
    while not saved()[1].endswith("THE END"):
        assert time.monotonic() < deadline, saved()[1][-80:]
        time.sleep(0.05)
    time.sleep(STALL_SECONDS)
    assert saved()[1] == ANSWER
    assert process.memory_info().rss - memory < 30_000_000

    terminal.reading.set()
    began = time.monotonic()
    terminal.wait_for("THE END", 5)
    terminal.wait_for(lambda text: "ready" in text.splitlines()[-1], 5)
    assert time.monotonic() - began < 3
    assert saved()[0] == "done"


def test_a_window_that_is_smaller_for_a_moment_is_whole_again(terminal: Terminal) -> None:
    """As when a window manager tries a place: the size is the old one when the app looks."""
    top = terminal.lines[0]
    terminal.wait_for(lambda text: "Enter send" in text and "F1 help" in text)
    terminal.resize(60, 10)
    terminal.resize(100, 30)
    assert terminal.lines[0] != top, "the terminal lost nothing"
    terminal.wait_for(lambda text: text.startswith(top) and "Enter send" in text and "F1 help" in text)


def _wakes_of(process: psutil.Process) -> int:
    """How often a thread of it went to sleep again, since it began."""
    found = 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        try:
            words = (task / "status").read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # ended since it was listed
            continue
        found += int(words[words.index("voluntary_ctxt_switches:") + 1])
    return found


def test_an_app_that_does_nothing_takes_nothing(terminal: Terminal) -> None:
    process = psutil.Process(terminal.process.pid)
    deadline = time.monotonic() + 20
    wakes = 1_000
    while wakes >= 20:  # what the start put off
        assert time.monotonic() < deadline, wakes
        before = _wakes_of(process)
        time.sleep(1)
        wakes = _wakes_of(process) - before
    before, written = _wakes_of(process), len(terminal.raw)
    time.sleep(8)
    # Counted, not timed: a machine that charges a whole tick for each wake says ten times the real share,
    # which is 0.002. A look each 0.1 s would be 80 more.
    wakes = _wakes_of(process) - before
    assert wakes < 160, wakes
    assert len(terminal.raw) - written < 100


@pytest.mark.alone  # a machine that is busy at that moment does not ask
def test_the_terminal_is_asked_once_how_far_it_is_and_its_answer_is_no_key(terminal: Terminal) -> None:
    deadline = time.monotonic() + 10
    while b"\x1b[6n" not in terminal.raw:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    terminal.send("typed")
    time.sleep(0.15)
    terminal.send("\x1b[12;40R", " on")
    terminal.wait_for("❯ typed on")
    assert terminal.raw.count(b"\x1b[6n") == 1
