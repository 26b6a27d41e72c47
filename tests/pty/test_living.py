"""A day with the program, by keyboard alone: every step is there again after the program was killed, and
after the ssh link it ran over was cut."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from docstra_tui import paths
from docstra_tui.workspace import theme_choice
from tests.llm.http.hostile import CHAT, DONE, SSE, Act, HostileServer, chunk, hostile, response, sends
from tests.pty.sshd import Sshd, sshd
from tests.pty.terminal import Terminal, app

PLACES = ("DOCSTRA_RUNTIME_DIR", "DOCSTRA_STATE_DIR", "DOCSTRA_CONFIG_DIR", "DOCSTRA_CACHE_DIR")
PLAIN = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


class Day:
    """One folder, one server that answers, and a program that is started again and again."""

    def __init__(self, project: Path, server: HostileServer, far: Sshd | None) -> None:
        self.project = project
        self.server = server
        self._far = far
        self.terminal: Terminal | None = None
        self.exported = project.parent / "session.md"
        self.editor = project.parent / "editor"
        self.editor.write_text('#!/bin/sh\nfor i in $(seq 0 299); do echo "line $i"; done > "$1"\n')
        self.editor.chmod(0o755)
        card = {"id": "their-model", "owned_by": "vllm", "max_model_len": 32768}
        server.on("/v1/models", sends(response(json.dumps({"data": [card]}).encode())))

    def start(self) -> Terminal:
        """The program on a terminal, with what there was before."""
        resume = ["--resume"] if self.terminal else []
        self.terminal = self._run(app(str(self.project), "--base-url", self.server.url, *resume))
        self.terminal.wait_for(lambda text: text.splitlines()[-1].lstrip().startswith("ready"))
        return self.terminal

    def shell(self, *words: str) -> str:
        """What another command prints, tomorrow."""
        command = self._command(app(*words))
        return subprocess.run(
            command, env=os.environ | self._env, check=True, capture_output=True, text=True
        ).stdout

    def _run(self, words: list[str]) -> Terminal:
        return Terminal(self._command(words), columns=100, rows=30, env=self._env)

    def _command(self, words: list[str]) -> list[str]:
        return self._far.command(words, self._env) if self._far else words

    @property
    def _env(self) -> dict[str, str]:
        places = {name: os.environ[name] for name in PLACES}
        return PLAIN | places | {"PYTHONPATH": os.getcwd(), "VISUAL": str(self.editor)}

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
    """What is done, and how one sees at the next start that it was."""

    name: str
    act: Callable[[Day, Terminal], None]
    holds: Callable[[Terminal], bool]


def says(*parts: str, reason: str = "stop") -> Act:
    """An answer."""
    return sends(SSE, *(chunk(part) for part in parts), chunk("", reason), DONE)


def shows(*texts: str) -> Callable[[Terminal], bool]:
    return lambda terminal: all(text in terminal.text for text in texts)


def ended(terminal: Terminal, text: str) -> None:
    """The answer with `text` is there as a whole."""
    terminal.wait_for(lambda shown: text in shown and shown.splitlines()[-1].lstrip().startswith("ready"))


def ask(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("It retries ", "**three** times."))
    terminal.send("How often does it retry?", "enter")
    ended(terminal, "It retries three times.")


def edit(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("Never at night."))
    terminal.send("/edit And how often at night?", "enter")
    ended(terminal, "Never at night.")


def retry(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("Seldom at night."))
    terminal.send("/retry", "enter")
    ended(terminal, "Seldom at night.")


def go_on(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("It waits", reason="length"), says(" for a second."))
    terminal.send("What does it do meanwhile?", "enter")
    ended(terminal, "It waits")
    terminal.send("/continue", "enter")
    ended(terminal, "It waits for a second.")


def find(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("About something else."))
    terminal.send("/new", "enter")
    terminal.wait_for(lambda text: "Seldom" not in text)
    terminal.send("Something else?", "enter")
    ended(terminal, "About something else.")
    terminal.send("/sessions seldom", "enter")
    terminal.wait_for(lambda text: "Seldom at night." in text)
    terminal.send("down", "enter")
    terminal.wait_for(lambda text: "It waits for a second." in text and "Seldom at night." in text)


def export(day: Day, terminal: Terminal) -> None:
    terminal.send(f"/export {day.exported}", "enter")
    terminal.wait_for(lambda text: day.exported.is_file())
    terminal.wait_for(day.exported.name)


def run_template(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("The risk is small."))
    folder = paths.config_dir() / "templates"
    folder.mkdir(parents=True)
    (folder / "risk.md").write_text('+++\n[fields.what]\nasks = "which part"\n+++\nHow risky is {what}?\n')
    terminal.send("/run risk", "enter")
    terminal.wait_for("which part")
    terminal.send("the retrying")
    terminal.wait_for("How risky is the retrying?")
    terminal.send("enter")
    ended(terminal, "The risk is small.")


def write_in_editor(day: Day, terminal: Terminal) -> None:
    day.server.on(CHAT, says("It is a long question."))
    terminal.send("ctrl+g")
    terminal.wait_for("line 299")
    terminal.send("enter")
    ended(terminal, "It is a long question.")
    assert b"line 299" in day.server.questions[-1]


def wear(day: Day, terminal: Terminal) -> None:
    terminal.send("/theme chalk", "enter")
    terminal.wait_for(lambda text: ground_of(terminal) == "1c1c1c")
    terminal.wait_for(lambda text: theme_choice.theme_for(day.project) == "chalk")


def ground_of(terminal: Terminal) -> str:
    """The colour behind the first cell."""
    with terminal._lock:
        return str(terminal._screen.buffer[0][0].bg)


STEPS = (
    Step("ask", ask, shows("It retries three times.")),
    Step("edit", edit, shows("And how often at night?", "Never at night.", "2/2")),
    Step("retry", retry, shows("Seldom at night.", "3/3")),
    Step("continue", go_on, shows("It waits for a second.")),
    Step("find", find, shows("About something else.")),
    Step("export", export, shows("About something else.")),
    Step("a template of one's own", run_template, shows("The risk is small.")),
    Step("$EDITOR", write_in_editor, shows("It is a long question.")),
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
    terminal = day.start()
    for step in STEPS:
        step.act(day, terminal)
        day.cut()
        terminal = day.start()
        terminal.wait_for(lambda text, step=step, terminal=terminal: step.holds(terminal))
    day.cut()
    found = json.loads(day.shell("sessions", "search", "seldom", "--json"))  # from tomorrow's shell
    assert [hit["text"] for hit in found["hits"]] == ["Seldom at night."]
    assert "About something else." in day.exported.read_text()
    assert "Seldom at night." in day.shell(
        "sessions", "export", found["hits"][0]["session"], "--format", "md"
    )
