"""What leaves by the clipboard: only on a key, in a size that terminals take, and into a private file."""

from __future__ import annotations

import base64
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docstra_tui import paths
from tests.llm.http.hostile import HostileServer, hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal, app

Begin = Callable[..., Terminal]


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


@pytest.fixture
def begin(project: Path, server: HostileServer) -> Iterator[Begin]:
    opened: list[Terminal] = []

    def begin(**env: str) -> Terminal:
        command = app(str(project), "--base-url", server.url)
        terminal = Terminal(command, columns=110, rows=30, env={"TMUX": "", **env})
        opened.append(terminal)
        terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
        terminal.send("Tell me", "enter")
        terminal.wait_for("tokens · first token")
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def sent(terminal: Terminal) -> list[str]:
    """What went to the clipboard, in order."""
    found = re.findall(rb"\x1b\]52;c;([^\x07\x1b]*)", bytes(terminal.raw))
    return [base64.b64decode(one).decode() for one in found]


def test_each_key_that_copies_sends_once_and_nothing_else_does(begin: Begin, server: HostileServer) -> None:
    text = "The answer\x1b]52;c;UFdORUQ=\x07 is\n\n```sh\n\tmake all\n```\n"
    answer_with(server, streams(list(text)))
    terminal = begin()
    assert sent(terminal) == []

    terminal.send("f6", "[", "y")  # the answer
    terminal.wait_for("Sent to the terminal (answer")
    terminal.send("}", "y")  # the code
    terminal.wait_for("(code")
    terminal.send("Y")
    terminal.wait_for("(turn")

    copies = sent(terminal)
    assert len(copies) == 3
    assert copies[0].startswith("The answer␛]52;c;UFdORUQ=␇ is\n")
    assert copies[1] == "\tmake all"  # no line end: pasted into a shell it waits for Enter
    assert copies[2].startswith("Tell me\n\nThe answer")
    kept = paths.state_dir() / "copied.txt"
    assert kept.read_text().startswith("Tell me\n\nThe answer")
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    assert str(kept) in re.sub(r"[\s▌▎│─❯]|Ask anything.*", "", terminal.text)


def test_what_is_too_long_for_a_terminal_goes_to_the_file_only(begin: Begin, server: HostileServer) -> None:
    text = "word " * 20_000
    answer_with(server, streams([text]))
    terminal = begin()

    terminal.send("f6", "[", "y")
    terminal.wait_for("Too long for a terminal")

    assert sent(terminal) == []
    assert (paths.state_dir() / "copied.txt").read_text().strip() == text.strip()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_inside_tmux_its_buffer_holds_the_text(begin: Begin, server: HostileServer, own_places: Path) -> None:
    answer_with(server, streams(["An answer for tmux."]))
    tmux = ["tmux", "-f", "/dev/null", "-S", str(own_places / "t")]
    subprocess.run([*tmux, "new-session", "-d", "sleep", "60"], check=True)
    try:
        terminal = begin(TMUX=f"{own_places / 't'},0,0")
        terminal.send("f6", "[", "y")
        terminal.wait_for("tmux's buffer")
        shown = subprocess.run([*tmux, "show-buffer"], check=True, capture_output=True, text=True)
        assert shown.stdout == "An answer for tmux."
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


@pytest.mark.alone  # how long a key takes
def test_a_tmux_that_does_not_answer_keeps_nobody_waiting(
    begin: Begin, server: HostileServer, tmp_path: Path
) -> None:
    answer_with(server, streams(["An answer."]))
    stub = tmp_path / "bin" / "tmux"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\nexec sleep 30\n")
    stub.chmod(0o755)
    terminal = begin(TMUX="/nowhere,0,0", PATH=f"{stub.parent}:{os.environ['PATH']}")

    terminal.send("f6", "[", "y")
    began = time.monotonic()
    time.sleep(0.2)
    terminal.send("f6", "still typing")
    terminal.wait_for("still typing")
    assert time.monotonic() - began < 1.5
    terminal.wait_for("Sent to the terminal (answer", 10)
