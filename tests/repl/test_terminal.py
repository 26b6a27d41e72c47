"""The inline chat on a real pseudo-terminal: it leaves it as it found it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

SECONDS = 30.0


class RealChat:
    """`docstra-tui chat` on a terminal of its own, with a server that is not there."""

    def __init__(self, root: Path) -> None:
        self.master, slave = pty.openpty()
        self.slave = slave
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.found = termios.tcgetattr(slave)
        self.shown = b""
        self.answered = 0
        """Questions about the cursor that got their answer."""
        self.child = os.fork()
        if self.child == 0:
            os.login_tty(slave)
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)  # whatever these tests were started under
            os.environ["TERM"] = "xterm-256color"
            words = ["chat", str(root), "--base-url", "http://127.0.0.1:9/v1"]
            os.execv(sys.executable, [sys.executable, "-m", "docstra_tui", *words])

    def sees(self, text: bytes) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self._read()

    def types(self, text: bytes) -> None:
        os.write(self.master, text)

    def ends(self) -> int:
        deadline = time.monotonic() + SECONDS
        while True:
            child, status = os.waitpid(self.child, os.WNOHANG)
            if child:
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, self.shown
            self._read()

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.05)[0]:
            self.shown += os.read(self.master, 65536)
            while self.answered < self.shown.count(b"\x1b[6n"):  # where is the cursor?
                self.answered += 1
                os.write(self.master, b"\x1b[1;1R")


@pytest.fixture
def real_chat(tmp_path: Path):
    chat = RealChat(tmp_path)
    yield chat
    try:
        os.kill(chat.child, signal.SIGKILL)
        os.waitpid(chat.child, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
    os.close(chat.master)
    os.close(chat.slave)


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        (lambda chat: chat.types(b"\x04"), 0),
        (lambda chat: os.kill(chat.child, signal.SIGTERM), 143),
        (lambda chat: os.kill(chat.child, signal.SIGHUP), 129),
    ],
    ids=["Ctrl+D", "SIGTERM", "SIGHUP"],
)
def test_the_terminal_is_left_as_it_was_found(real_chat: RealChat, leave, code: int) -> None:
    real_chat.sees(b"failed")  # the toolbar: nobody is at that address
    leave(real_chat)
    assert real_chat.ends() == code
    assert termios.tcgetattr(real_chat.slave) == real_chat.found


def test_a_signal_too_says_where_the_copy_is_of_what_no_disk_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "copies").mkdir()
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(tmp_path / "file" / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "copies"))
    chat = RealChat(tmp_path)
    try:
        chat.sees(b"failed")
        chat.types(b"Only typed")
        chat.sees(b"typed")
        os.kill(chat.child, signal.SIGTERM)
        assert chat.ends() == 143
        chat.sees(b"NOT SAVED: ")
        [copy] = (tmp_path / "copies").glob("docstra-tui-*.md")
        chat.sees(copy.name[-6:].encode())
        assert "Only typed" in copy.read_text()
    finally:
        os.close(chat.master)
        os.close(chat.slave)


def test_an_enter_that_comes_early_still_sends(real_chat: RealChat) -> None:
    """Typed before there is any prompt, while the terminal is in its usual mode or in ours."""
    real_chat.sees(b"failed")
    real_chat.types(b"/files\r/sessions\r")
    real_chat.sees(b"Nothing is saved")
    real_chat.types(b"\x04")
    assert real_chat.ends() == 0


def test_a_terminal_that_is_closed_ends_the_chat(real_chat: RealChat) -> None:
    real_chat.sees(b"failed")
    for fd in (real_chat.slave, real_chat.master):
        os.close(fd)
    deadline = time.monotonic() + SECONDS
    while os.waitpid(real_chat.child, os.WNOHANG)[0] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    real_chat.master, real_chat.slave = pty.openpty()  # for the fixture to close
