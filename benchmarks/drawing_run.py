"""One app on a pseudo-terminal: what it wrote, and what it reports about itself."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS, ROWS = 120, 40


@dataclass(frozen=True)
class Run:
    """What one run took."""

    cpu_s: float
    bytes: int
    lag_s: float
    report: dict[str, Any]


def run(name: str, tokens: int, rate: float, *, turns: int = 0, keys: Sequence[str] = ()) -> Run | None:
    """Run `name` to its end; None when it took three times as long as the text and a minute.

    `keys` are typed one after the other, ten a second, as long as the text comes.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    report, report_end = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.drawing_app", name, str(tokens), str(rate), str(turns)],
        stdin=slave,
        stdout=slave,
        stderr=slave,  # Textual draws on it
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
        preexec_fn=lambda: _prepare(report_end),
        pass_fds=(3, report_end),
    )
    os.close(slave)
    os.close(report_end)
    try:
        return _watch(master, report, time.monotonic() + 60 + 3 * tokens / rate, _typing(keys))
    finally:
        child.kill()
        child.wait()
        os.close(master)
        os.close(report)


def _prepare(report_end: int) -> None:
    os.dup2(report_end, 3)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _typing(keys: Sequence[str]) -> Iterator[bytes]:
    while keys:
        for key in keys:
            yield key.encode()


def _watch(master: int, report: int, deadline: float, keys: Iterator[bytes]) -> Run | None:
    written, before, lines = 0, 0, b""
    started, next_key = False, 0.0
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master, report], [], [], 0.05)
        if master in ready:
            try:
                written += len(os.read(master, 1 << 16))
            except OSError:
                return None
        if report in ready:
            data = os.read(report, 1 << 20)
            if not data:
                return None
            lines += data
            if not started and b"start\n" in lines:
                started, before = True, written
            if lines.count(b"\n") >= 2:
                figures = json.loads(lines.splitlines()[1])
                return Run(figures["cpu_s"], written - before, figures["lag_s"], figures)
        if started and time.monotonic() > next_key:
            next_key = time.monotonic() + 0.1
            key = next(keys, b"")
            if key:
                os.write(master, key)
    return None
