"""Leaving when the terminal or the system says so: save, restore, exit, whatever is stuck.

SIGTERM, SIGHUP and a terminal that is gone (even where SIGHUP is ignored) end the app within its
grace, also while the screen's thread is blocked in a write to a stalled terminal.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from docstra_tui.workspace.terminal.device import Terminal

GRACE = 2.5
"""Seconds that the ordinary way out may take; a signal has to end the app within 3."""
QUIT_GRACE = 1.5
"""The same for leaving on request, which has to end within 2."""


class Guard:
    """Watches from outside the screen's thread. `save` and `leave` may be called from any thread."""

    def __init__(self, terminal: Terminal, save: Callable[[], None], leave: Callable[[int], None]) -> None:
        self._terminal = terminal
        self._save = save
        self._leave = leave
        self._done = threading.Event()
        self._code: int | None = None
        self._longer = 0.0

    @property
    def code(self) -> int | None:
        """128 plus the signal that ended the app; None when none did."""
        return self._code

    def start(self) -> None:
        """Take the signals and watch the terminal."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a job in the background is left alone
            signal.signal(signal.SIGINT, self._on_signal)
        threading.Thread(target=self._watch_terminal, name="terminal-watch", daemon=True).start()

    def stop(self) -> None:
        """The app has left by itself."""
        self._done.set()

    def wait_longer(self, seconds: float) -> None:
        """What was not saved is being rescued: that may take this much more."""
        self._longer = seconds

    def fire(self, number: int) -> None:
        """End the app as signal `number` would."""
        if self._code is None:
            self._code = 128 + number
            threading.Thread(target=self._force, args=(GRACE, 128 + number), daemon=True).start()
            self._leave(128 + number)

    def leaving(self, code: int) -> None:
        """The user leaves: from now on it must not take long."""
        if self._code is None:
            threading.Thread(target=self._force, args=(QUIT_GRACE, code), daemon=True).start()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.fire(number)

    def _watch_terminal(self) -> None:
        poll = select.poll()
        poll.register(0, 0)  # hang-ups are reported without being asked for
        gone = select.POLLHUP | select.POLLERR | select.POLLNVAL
        while not self._done.is_set():
            if any(event & gone for _, event in poll.poll(500)):
                self.fire(signal.SIGHUP)
                return

    def _force(self, grace: float, code: int) -> None:
        deadline = time.monotonic() + grace
        saver = threading.Thread(target=self._save, name="save", daemon=True)
        saver.start()
        saver.join(grace)
        is_done = self._done.wait(max(0.0, deadline - time.monotonic()))
        if not is_done and not self._done.wait(self._longer):
            self._terminal.restore()
            os._exit(code)
