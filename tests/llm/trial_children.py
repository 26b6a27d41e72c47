"""Processes that try chat templates, forked from one that has imported what they need.

Each trial has a process of its own, whose imports take most of a second of the processor, and a run of all
tests makes hundreds. What runs in a forked one is the product's own, from its first line of input on.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

_lock = threading.Lock()


class TrialChild:
    """As much of a `subprocess.Popen` as a trial needs."""

    def __init__(self, nursery: socket.socket) -> None:
        their_in, stdin = os.pipe()
        stdout, their_out = os.pipe()
        told, their_told = os.pipe()
        given = [their_in, their_out, their_told]
        socket.send_fds(nursery, [b"\n"], given)
        for fd in given:
            os.close(fd)
        self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
        self._told = os.fdopen(told)
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def __enter__(self) -> TrialChild:
        return self

    def __exit__(self, *error: Any) -> None:
        self.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        self.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.returncode is None:
            with self._told:
                self.returncode = int(self._told.readline())
        return self.returncode


def start() -> TrialChild:
    """A process as `template_trial` starts one."""
    with _lock:
        return TrialChild(_nursery())


@functools.cache
def _nursery() -> socket.socket:
    """The process that forks the others, and ends with this one."""
    ours, theirs = socket.socketpair()
    paths = os.pathsep.join(path for path in sys.path if path)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": paths},
        )
    return ours


def fork_for_ever(line: socket.socket) -> None:
    """The nursery's side."""
    from docstra_tui.llm.inference import session_day, template_child  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while (message := socket.recv_fds(line, 1, 3))[0]:
        theirs = message[1]
        if os.fork() == 0:
            line.close()
            _in_child(lambda: _watch(*theirs))  # noqa: B023
        for fd in theirs:
            os.close(fd)


def _watch(stdin: int, stdout: int, told: int) -> None:
    """Start the one that tries, and tell who it is and how it ended."""
    from docstra_tui.llm.inference import template_child

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(told)
        for number, fd in enumerate((stdin, stdout, os.open(os.devnull, os.O_WRONLY))):
            os.dup2(fd, number)
            os.close(fd)
        _in_child(template_child.main)
    os.close(stdin)
    os.close(stdout)
    os.write(told, b"%d\n" % pid)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(told, b"%d\n" % code)


def _in_child(work: Callable[[], None]) -> NoReturn:
    code = 1
    try:
        work()
        code = 0
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    fork_for_ever(socket.socket(fileno=int(sys.argv[1])))
