"""A day with the program, by keyboard alone: every step is there again after the program was killed, and
after the ssh link it ran over was cut."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import tomllib
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
SECONDS = 3.0
"""A program whose terminal has gone has ended by then."""
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
        end = time.monotonic() + SECONDS
        while not has_ended(program):
            assert time.monotonic() < end, f"it runs {SECONDS} s after its link was cut"
            time.sleep(0.02)
        self.terminal.close()


def has_ended(program: psutil.Process) -> bool:
    """Also while nobody has taken note of it: far from here that is for whoever adopted it to do, and may
    take a second or two."""
    try:
        return program.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


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
    holds: Callable[[Terminal], object]


def says(*parts: str, reason: str = "stop") -> Act:
    """An answer."""
    return sends(SSE, *(chunk(part) for part in parts), chunk("", reason), DONE)


def shows(*texts: str) -> Callable[[Terminal], object]:
    return lambda terminal: terminal.wait_for(lambda shown: all(text in shown for text in texts))


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
    is_chalk(terminal)
    terminal.wait_for(lambda text: theme_choice.theme_for(day.project) == "chalk")


def is_chalk(terminal: Terminal) -> None:
    terminal.wait_for(lambda text: ground_of(terminal) == "1c1c1c")


def give_a_key(day: Day, terminal: Terminal) -> None:
    terminal.send("/settings", "enter")
    terminal.wait_for("type to narrow the list")
    terminal.send("keys.main.tree")
    terminal.wait_for(lambda text: "Go to the files" in text and "keys.main.back" not in text)
    terminal.send("enter")
    terminal.wait_for("Press it or write its name")
    terminal.send("f6")
    terminal.wait_for(lambda text: any(line.strip(" ▌") == "F6" for line in text.splitlines()))
    terminal.send("enter")
    terminal.wait_for(lambda text: has_key("f6"))


def has_key(name: str) -> bool:
    """True where the file of the settings gives that key to the files."""
    file = paths.config_dir() / "config.toml"
    return file.is_file() and name in str(tomllib.loads(file.read_text()).get("keys")).lower()


def key_acts(terminal: Terminal) -> None:
    terminal.wait_for("F6 files")
    terminal.send("f6")
    terminal.wait_for("Space tick")


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
    Step("change the theme", wear, is_chalk),
    Step("change a key", give_a_key, key_acts),
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
        step.holds(terminal)
    day.cut()
    found = json.loads(day.shell("sessions", "search", "seldom", "--json"))  # from tomorrow's shell
    assert [hit["text"] for hit in found["hits"]] == ["Seldom at night."]
    assert "About something else." in day.exported.read_text()
    assert "Seldom at night." in day.shell(
        "sessions", "export", found["hits"][0]["session"], "--format", "md"
    )


def test_a_terminal_that_was_closed_reads_nothing_of_what_comes_after_it() -> None:
    for _ in range(12):
        Terminal(["sleep", "9"]).close()
        assert subprocess.run(["echo", "here"], capture_output=True, text=True).stdout == "here\n"
