"""The process that says what this machine is to a model, heard line by line for as long as somebody waits.

It imports torch, which may take long, hang in a driver or crash: then it is ended, and what it had said by
then is all there is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

MODULE = "docstra_tui.llm.loading.this_machine"
REAP_SECONDS = 0.2
"""One that a driver holds does not end when it is told to; nobody waits for that."""

Fact = dict[str, Any]


def started(*words: str) -> list[str]:
    """The command of the process that says it."""
    # -P: the current folder may be anybody's project, and must not lend its modules to ours.
    return [sys.executable, "-P", "-m", MODULE, *words]


class Machine:
    """Started when it is made; `close` it."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        """By `started()`, or another command."""
        self.began = monotonic()
        self._told: dict[str, list[Fact]] = {}
        self._changed = threading.Condition()
        self._is_over = False
        self.failed = ""
        """How it ended where it should not have; empty before that."""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                list(command if command is not None else started()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self.failed, self._is_over = f"no process can be started: {error.strerror}", True
        else:
            threading.Thread(target=self._listen, args=(self._process,), name="machine", daemon=True).start()

    def told(self, what: str, until: float) -> Fact | None:
        """What it says of that; None where it ended or the time came before it did."""
        found = self.all_told(what, until, is_enough=lambda: bool(self._told.get(what)))
        return found[0] if found else None

    def all_told(self, what: str, until: float, is_enough: Callable[[], bool] = lambda: False) -> list[Fact]:
        """All that it says of that until its end, or until then."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or is_enough(), max(0.0, until - monotonic()))
            return list(self._told.get(what, ()))

    def close(self) -> None:
        """End it, whatever it does."""
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(REAP_SECONDS)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._take(line)
        code = process.wait()
        with self._changed:
            self._is_over = True
            if code < 0:
                with suppress(ValueError):
                    self.failed = f"it was ended by {signal.Signals(-code).name}"
            self.failed = self.failed or (f"it ended with {code}" if code else "")
            self._changed.notify_all()

    def _take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):  # what a driver prints is not meant for us
            return
        if isinstance(said, dict) and isinstance(said.get("what"), str):
            with self._changed:
                self._told.setdefault(said["what"], []).append(said)
                self._changed.notify_all()
