#!/usr/bin/env bash
# Textual looks at the terminal's size 1/120 s after it heard of a change, and lays out and paints where the size is
# another one. A window that becomes smaller and has its old size again within that time, as when a window manager tries
# a place, is the same to it, and nothing is painted. But the terminal has dropped the rows and columns there was no
# room for: they stay empty until something else changes there. It matters to full-screen programs that sit idle. They
# must repaint after every change that they hear of, also one that brings the same size.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet textual==8.2.8
cat >"$tmp/app.py" <<'PYTHON'
from textual.app import App
from textual.widgets import Static


class Plain(App):
    def compose(self):
        yield Static("\n".join(f"line {number}" for number in range(24)))


Plain().run()
PYTHON
"$tmp/venv/bin/python" - "$tmp" <<'PYTHON'
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from importlib.metadata import version
from pathlib import Path

folder = Path(sys.argv[1])
QUIET = 1.5  # seconds without output: the screen is done


def written(terminal):
    """What the app writes until it is quiet."""
    data, last = b"", time.monotonic()
    while time.monotonic() - last < QUIET:
        if select.select([terminal], [], [], 0.05)[0]:
            data += os.read(terminal, 65536)
            last = time.monotonic()
    return data


def resized(terminal, *sizes):
    """What the app writes after these (rows, columns) at once."""
    for rows, columns in sizes:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return written(terminal)


pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm-256color"
    os.execv(sys.executable, [sys.executable, str(folder / "app.py")])
heard = []
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
first = b""
while b"line 20" not in first:
    first += written(terminal)
for sizes in ([(10, 40), (24, 80)], [(24, 81)]):
    heard.append(resized(terminal, *sizes).count(b"line "))
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)

print(f"textual {version('textual')}")
print("expected: the lines are painted after 10 x 40 and 24 x 80 at once, as after any other size")
print(f"seen: {heard[0]} lines painted then, {heard[1]} after 24 x 81")
as_described = heard[0] == 0 and heard[1] > 20
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
