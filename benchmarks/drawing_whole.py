"""The whole app on a pseudo-terminal while an answer comes over the network: its CPU and its bytes.

The answer comes from a server on loopback in this process, a piece an event; only the app is
counted, with everything it does: reading the stream, drawing, colouring code, the status bar, saving.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

import psutil

from benchmarks.drawing_run import COLUMNS, ROWS, Run
from benchmarks.drawing_text import pieces
from tests.llm.http.hostile import hostile
from tests.pty.answers import answer_with, streams

SETTLE_SECONDS = 2.0
"""After the first frames, before the question is typed: starting is another benchmark's business."""


def run_whole(tokens: int, rate: float) -> Run | None:
    """Ask once; None when the answer did not come in time."""
    begun, ended = threading.Event(), threading.Event()
    with hostile() as server, tempfile.TemporaryDirectory(prefix="docstra-drawing-") as folder:
        answer_with(server, streams(pieces(tokens), rate, begun=begun, ended=ended))
        with _App(Path(folder), server.url) as app:
            app.wait_quiet(SETTLE_SECONDS)
            app.type("How does the client retry?\r")
            if not begun.wait(10):
                return None
            cpu, written = app.cpu(), app.written
            if not ended.wait(30 + 2 * tokens / rate):
                return None
            time.sleep(0.5)
            return Run(app.cpu() - cpu, app.written - written, 0.0, {})


def idle_share(seconds: float) -> float:
    """The share of a core that the app takes while nothing happens."""
    with (
        hostile() as server,
        tempfile.TemporaryDirectory(prefix="docstra-drawing-") as folder,
        _App(Path(folder), server.url) as app,
    ):
        app.wait_quiet(SETTLE_SECONDS)
        before = app.cpu()
        time.sleep(seconds)
        return (app.cpu() - before) / seconds


class _App:
    """The app on an empty project, with places of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        project = folder / "project"
        project.mkdir()
        (project / "client.py").write_text("def retry(times):\n    return times + 1\n")
        places = {
            f"DOCSTRA_{name}_DIR": str(folder / name) for name in ("RUNTIME", "STATE", "CONFIG", "CACHE")
        }
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (ROWS, COLUMNS))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "docstra_tui", str(project), "--base-url", url],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **places, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)
        self._process = psutil.Process(self._child.pid)
        self.written = 0
        """Bytes the app wrote."""
        self._last = time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> _App:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                ready, _, _ = select.select([self._master], [], [], 0.2)
                data = os.read(self._master, 1 << 16) if ready else b""
            except (OSError, ValueError):
                return
            if data:
                self.written += len(data)
                self._last = time.monotonic()

    def cpu(self) -> float:
        """CPU seconds so far, of the app's process and of those that it started."""
        times = [process.cpu_times() for process in (self._process, *self._process.children())]
        return float(sum(time.user + time.system for time in times))

    def wait_quiet(self, seconds: float) -> None:
        """Wait until something was written and nothing more for `seconds`."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.written > 1000 and time.monotonic() - self._last > seconds:
                return
            time.sleep(0.05)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())
