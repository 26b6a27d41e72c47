"""Another program that has the terminal for a while: an editor, in the place of the face that started it.

The keys that stop and interrupt are for that program. Where it stops, so does this one, and the shell has
both; where it ends, whatever way, the terminal's lines are as they were.
"""

from __future__ import annotations

import os
import signal
import subprocess
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from docstra_tui.workspace.terminal.device import RESTORE


def run(words: Sequence[str], terminal: int, *, kept_open: Sequence[int] = ()) -> int:
    """Run a program until it ends; its exit code, or the signal that ended it as a negative number.

    `terminal` is what it writes to, `kept_open` are descriptors that it holds too. In the main thread. Raises
    `OSError` where it cannot be started.
    """
    with _lines_kept(0), _signals_left_to_it():
        child = subprocess.Popen(
            list(words), stdin=0, stdout=terminal, stderr=terminal, pass_fds=tuple(kept_open)
        )
        child.returncode = _wait(child.pid)
    if child.returncode < 0:  # it had no time to leave the terminal as it found it
        with suppress(OSError):
            os.write(terminal, RESTORE)
    return child.returncode


def _wait(pid: int) -> int:
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        if os.getsid(0) == os.getpid():  # nobody is there who could bring us back
            os.kill(pid, signal.SIGCONT)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _lines_kept(fd: int) -> Iterator[None]:
    try:
        found = termios.tcgetattr(fd)
    except (termios.error, OSError):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError):
            termios.tcsetattr(fd, termios.TCSADRAIN, found)


@contextmanager
def _signals_left_to_it() -> Iterator[None]:
    """Ours do nothing at the keys that are for the program; it inherits what a shell would give it."""

    def pass_over(number: int, frame: FrameType | None) -> None:
        """A function, not SIG_IGN, which the program would inherit."""

    wanted: dict[signal.Signals, Any] = {
        signal.SIGINT: pass_over,
        signal.SIGQUIT: pass_over,
        signal.SIGTSTP: signal.SIG_DFL,
        signal.SIGCONT: signal.SIG_DFL,
    }
    woken = signal.set_wakeup_fd(-1)  # an event loop would do what it does at these signals all the same
    found = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        for number, handler in found.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
