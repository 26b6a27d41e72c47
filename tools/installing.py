"""pip, told in few words: what it fetches and how large that is, how long it takes, and all of it in a log.

Usage: python tools/installing.py LOG ARGUMENTS-OF-PIP-INSTALL. On a terminal one line changes; elsewhere
what is large has a line. The log is private (0600): pip writes an index's address into it. Its end is shown
when pip fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TextIO

FETCHING = re.compile(
    r"^\s*(?:Downloading|Using cached) (?:\S*/)?([\w.+]+-[\w.+!]+)\S*(?: \(([\d.]+) ([kMG]?B)\))?"
)
COLLECTED = re.compile(r"^Collecting ([\w.-]+)")
INSTALLING = re.compile(r"^Installing collected packages: (.+)")
UNITS = {"B": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}

LARGE = 20.0
"""Megabytes from which a file is worth a line where lines stay."""
END_SHOWN = 15
WIDTH = 78


class Told:
    """What pip has said so far, in a line."""

    def __init__(self, out: TextIO, *, changes: bool) -> None:
        self._out = out
        self._changes = changes
        self._began = time.monotonic()
        self._doing = "looks what is needed"
        self._collected = 0
        self._shown = ""

    def hear(self, line: str) -> None:
        """A line of pip's."""
        if COLLECTED.match(line):
            self._collected += 1
            self._doing = f"looks what is needed, {self._collected} so far"
        elif found := FETCHING.match(line):
            name, size, unit = found.groups()
            megabytes = float(size) * UNITS[unit] if size else 0.0
            self._doing = f"fetches {name.replace('-', ' ')}" + (
                f", {megabytes:,.0f} MB" if megabytes >= 1 else ""
            )
            if megabytes >= LARGE and not self._changes:
                self._out.write(f"  {self._doing}\n")
        elif found := INSTALLING.match(line):
            self._doing = f"unpacks {len(found[1].split(','))} packages"
            if not self._changes:
                self._out.write(f"  {self._doing}\n")
        self._out.flush()

    def show(self) -> None:
        """The line as it is now, over the one before."""
        if self._changes:
            self._shown = f"  {self.seconds} s: {self._doing}"[:WIDTH]
            self._out.write(f"\r\x1b[K{self._shown}")
            self._out.flush()

    def end(self, words: str) -> None:
        """In place of what changed."""
        self._out.write(("\r\x1b[K" if self._changes else "") + words + "\n")
        self._out.flush()

    @property
    def seconds(self) -> int:
        """Since it began."""
        return round(time.monotonic() - self._began)


def main(log: Path, arguments: list[str]) -> int:
    """pip's exit status."""
    told = Told(sys.stdout, changes=sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb")
    last: deque[str] = deque(maxlen=END_SHOWN)
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    log.unlink(missing_ok=True)
    kept = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(kept, "w", encoding="utf-8", buffering=1) as whole:
        pip = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        over = threading.Event()
        clock = threading.Thread(target=_tick, args=(told, over), daemon=True)
        clock.start()
        assert pip.stdout is not None
        for line in pip.stdout:
            whole.write(line)
            last.append(line)
            told.hear(line)
        status = pip.wait()
        over.set()
        clock.join()
    if status == 0:
        told.end(f"  done in {told.seconds} s")
    else:
        told.end("".join(last) + f"pip failed; all that it said is in {log}")
    return status


def _tick(told: Told, over: threading.Event) -> None:
    while not over.wait(0.3):
        told.show()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
