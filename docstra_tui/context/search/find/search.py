"""Search in files: whoever wants something starts the process that looks, hears what it finds, and can have
it killed at any time."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator

from docstra_tui.context.search.find.hits import Ended, Event
from docstra_tui.context.search.find.order import Order, read

SILENT_SECONDS = 15.0
"""It says how far it is many times in a second; for so long it says nothing where a disk does not answer."""

_PART = 1 << 16


class FileSearch:
    """One search. `events` in a worker, `stop` from any thread."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Give up, at once."""
        with self._lock:
            self._stopped.set()
            if self._process is not None:
                self._process.kill()

    def events(self) -> Iterator[Event]:
        """What is found, as it is found; the last one is `Ended`, unless somebody stopped it. Blocks."""
        with self._lock:
            if self._stopped.is_set():
                return
            try:
                process = self._process = _started()
            except OSError as error:
                yield Ended(problem=f"The search cannot be started: {error.strerror or error}.")
                return
        assert process.stdin is not None and process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(self._order.as_json().encode())
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            yield from self._heard(process.stdout.fileno())
        finally:
            process.kill()
            process.stdout.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1.0)

    def _heard(self, fd: int) -> Iterator[Event]:
        waiting = select.poll()
        waiting.register(fd, select.POLLIN)
        rest = b""
        while not self._stopped.is_set():
            ready = waiting.poll(SILENT_SECONDS * 1000)
            part = os.read(fd, _PART) if ready else b""
            if not part:
                if not self._stopped.is_set():
                    problem = "broke off" if ready else f"stood still for {SILENT_SECONDS:g} s"
                    yield Ended(problem=f"The search {problem}. What was found before is shown.")
                return
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                if self._stopped.is_set():
                    return
                event = read(line)
                yield event
                if isinstance(event, Ended):
                    return


def _started() -> subprocess.Popen[bytes]:
    # -P: the current folder is somebody's project, and must not lend its modules to ours.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "docstra_tui.context.search.find.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
