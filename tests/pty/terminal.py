"""A real pseudo-terminal with a program in it, and a screen that reads its bytes (pyte).

What only a terminal can show is tested through this: Textual's own test harness never touches one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyte
from wcwidth import wcwidth

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "space": " ",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f6": "\x1b[17~",
    "f3": "\x1bOR",
    "f9": "\x1b[20~",
    "backspace": "\x7f",
}


class _Screen(pyte.Screen):
    """Half of a wide character of which the other half was overwritten is empty, as on terminals. pyte ends
    there."""

    @property
    def display(self) -> list[str]:
        return ["".join(self._shown(self.buffer[y])) for y in range(self.lines)]

    def _shown(self, line: Any) -> Iterator[str]:
        cells = [line[x].data for x in range(self.columns)]
        is_behind_wide = False
        for data, behind in zip(cells, [*cells[1:], " "], strict=True):
            is_wide = bool(data) and wcwidth(data[0]) == 2 and not behind
            if not is_behind_wide:
                yield data if is_wide or (data and wcwidth(data[0]) < 2) else " "
            is_behind_wide = is_wide


class _AnsweringScreen(_Screen):
    """Answers what the program asks the terminal."""

    def __init__(self, terminal: Terminal, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self._terminal = terminal

    def write_process_input(self, data: str) -> None:
        self._terminal.write(data.encode())


class Terminal:
    """One program on a terminal of `columns` × `rows`.

    A thread reads all the time (unless `reading` is cleared, which is how a stalled link looks to the
    program), so `screen` is always current and `raw` has every byte.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        answers: bool = False,
    ) -> None:
        """`answers`: say where the cursor is when the program asks, as terminals do."""
        self._screen = _AnsweringScreen(self, columns, rows) if answers else _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._lines: list[str] | None = None
        """The rows as they were last read, until something comes: pyte looks at every cell."""
        self.raw = bytearray()
        """Every byte the program wrote."""
        self.reading = threading.Event()
        self.reading.set()
        self._is_closed = threading.Event()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        """The line settings before the program started."""
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        for name in ("COLUMNS", "LINES"):  # set in a worker of xdist, and taken for the terminal's size
            environment.pop(name, None)
        environment.update(env or {})
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        self._slave = slave
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        """The screen's rows, as text."""
        with self._lock:
            if self._lines is None:
                self._lines = list(self._screen.display)
            return list(self._lines)

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def is_reversed(self, text: str, nth: int = 0) -> bool:
        """True where the row that has `text` (of several: the `nth`) shows it reversed."""
        with self._lock:
            rows = [y for y, line in enumerate(self._screen.display) if text in line]
            if len(rows) <= nth:
                return False
            start = self._screen.display[rows[nth]].index(text)
            row = self._screen.buffer[rows[nth]]
            return all(row[x].reverse for x in range(start, start + len(text)))

    def send(self, *keys: str) -> None:
        """Type; a name of `KEYS` or `ctrl+x` is that key, anything else is text."""
        for key in keys:
            data = chr(ord(key[5]) & 0x1F) if key.startswith("ctrl+") else KEYS.get(key, key)
            os.write(self.master, data.encode())

    def write(self, data: bytes) -> None:
        """What a terminal sends, in one write."""
        os.write(self.master, data)

    def wait_for(self, what: str | Callable[[str], bool], seconds: float = 30.0) -> str:
        """Wait until the screen has `what`; the screen. Fails with the screen as it was."""
        found = what if callable(what) else lambda text: what in text
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            text = self.text
            if found(text):
                return text
            if self.process.poll() is not None and not found(self.text):
                raise AssertionError(f"the program ended with {self.process.returncode}:\n{self.text}")
            time.sleep(0.02)
        name = what if isinstance(what, str) else "what was waited for"
        raise AssertionError(f"{name!r} did not come within {seconds} s:\n{self.text}")

    def wait_end(self, seconds: float = 10.0) -> int:
        """Wait for the program to end; its exit code."""
        code = self.process.wait(seconds)
        time.sleep(0.1)  # the last bytes are still in the terminal
        return code

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size, as a window manager does."""
        with self._lock:
            self._screen.resize(rows, columns)
            self._lines = None
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal, as a dropped link does."""
        self._close()

    def modes_left_on(self) -> set[str]:
        """Private modes that were switched on and never off again."""
        import re

        state: dict[str, str] = {}
        for modes, switch in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", bytes(self.raw)):
            for mode in modes.decode().split(";"):
                state[mode] = switch.decode()
        on_by_default = {"7", "25"}
        return {
            mode
            for mode, switch in state.items()
            if (switch == "h") != (mode in on_by_default) and not (mode in on_by_default and switch == "h")
        }

    def line_settings(self) -> list[object]:
        """The terminal's settings now (echo, canonical mode and so on)."""
        return list(termios.tcgetattr(self._slave))

    def close(self) -> None:
        """End the program, whatever it does."""
        self.reading.set()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
        self._close()

    def _close(self) -> None:
        """The reader ends first: the next pipe or terminal may have the same number, and its bytes would be
        taken for this one's."""
        self._is_closed.set()
        if self._slave >= 0:
            os.close(self._slave)
        self._reader.join()
        if self.master >= 0:
            os.close(self.master)
        self._slave = self.master = -1

    def _read(self) -> None:
        master = self.master
        while not self._is_closed.is_set():
            if not self.reading.wait(0.2):
                continue
            try:
                ready, _, _ = select.select([master], [], [], 0.1)
                data = os.read(master, 65536) if ready else b""
            except (OSError, ValueError) as error:
                if isinstance(error, OSError) and error.errno == errno.EINTR:
                    continue
                return
            if data:
                with self._lock:
                    self.raw += data
                    self._stream.feed(data)
                    self._lines = None


def app(*arguments: str) -> list[str]:
    """The command that starts this project's program."""
    return [sys.executable, "-m", "docstra_tui", *arguments]


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
