"""A day with the program, by keyboard alone: every step is there again after the program was killed, and
after the ssh link it ran over was cut."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.llm.http.hostile import HostileServer, hostile
from tests.pty.answers import answer_with, streams
from tests.pty.sshd import Sshd, sshd
from tests.pty.terminal import Terminal, app

PLACES = ("DOCSTRA_RUNTIME_DIR", "DOCSTRA_STATE_DIR", "DOCSTRA_CONFIG_DIR", "DOCSTRA_CACHE_DIR")
PLAIN = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


class Day:
    """One folder, one server that answers, and a program that is started again and again."""

    def __init__(self, project: Path, server: HostileServer, far: Sshd | None) -> None:
        self._project = project
        self.server = server
        self._far = far
        self.terminal: Terminal | None = None

    def start(self) -> Terminal:
        """The program on a terminal, with what there was before."""
        words = app(
            str(self._project), "--base-url", self.server.url, *(["--resume"] if self.terminal else [])
        )
        env = PLAIN | {name: os.environ[name] for name in PLACES} | {"PYTHONPATH": os.getcwd()}
        command = self._far.command(words, env) if self._far else words
        self.terminal = Terminal(command, columns=100, rows=30, env=env)
        self.terminal.wait_for(lambda text: text.splitlines()[-1].lstrip().startswith("ready"))
        return self.terminal

    def cut(self) -> None:
        """The program is killed where it runs; or, where that is far, the link to it."""
        assert self.terminal is not None
        (program,) = programs()
        self.terminal.process.send_signal(signal.SIGKILL)
        self.terminal.process.wait(10)
        program.wait(10)
        self.terminal.close()


def programs() -> list[psutil.Process]:
    """Those of this test that have a face."""
    found = []
    for process in psutil.process_iter():
        try:
            words, env = process.cmdline(), process.environ()
        except (psutil.Error, OSError):
            continue
        if words[1:3] == ["-m", "docstra_tui"] and env.get(PLACES[0]) == os.environ[PLACES[0]]:
            found.append(process)
    return found


@dataclass(frozen=True)
class Step:
    """What is done, and how one sees, also after a new start, that it was."""

    name: str
    act: Callable[[Day, Terminal], None]
    holds: Callable[[Terminal], bool]


def ask(day: Day, terminal: Terminal) -> None:
    answer_with(day.server, streams(["It retries ", "**three** times."]))
    terminal.send("How often does it retry?", "enter")
    terminal.wait_for("It retries three times.")
    terminal.wait_for(lambda text: "answering" not in text.splitlines()[-1])


def wear(day: Day, terminal: Terminal) -> None:
    terminal.send("/theme chalk", "enter")
    terminal.wait_for(lambda text: ground_of(terminal) == "000000")


def ground_of(terminal: Terminal) -> str:
    """The colour behind the first cell."""
    with terminal._lock:
        return terminal._screen.buffer[0][0].bg


STEPS = (
    Step("ask", ask, lambda terminal: "It retries three times." in terminal.text),
    Step("change the theme", wear, lambda terminal: ground_of(terminal) == "1c1c1c"),
)


@pytest.fixture(params=["killed", "over ssh"])
def day(request: pytest.FixtureRequest, project: Path, tmp_path: Path) -> Iterator[Day]:
    with hostile() as server:
        if request.param == "killed":
            yield Day(project, server, None)
        else:
            with sshd(tmp_path / "sshd") as far:
                yield Day(project, server, far)
        for program in programs():
            program.kill()


def test_every_step_is_there_after_the_program_or_its_link_was_cut(day: Day) -> None:
    for step in STEPS:
        step.act(day, day.start())
        day.cut()
    terminal = day.start()
    for step in STEPS:
        terminal.wait_for(lambda text, step=step: step.holds(terminal))
    day.cut()
