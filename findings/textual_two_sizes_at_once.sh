#!/usr/bin/env bash
# Textual looks at the terminal's size inside its handler of SIGWINCH, and puts what it saw into the app's queue there.
# Python runs a handler in the middle of another one. So where a window changes twice within a fraction of a millisecond,
# as while its edge is dragged or a multiplexer tries a layout, the second change can be told before the first: the app
# then stays at a size that the terminal no longer has, until the next change. A full-screen program that believes in
# more rows than there are makes the terminal scroll with each paint. It matters to whoever builds on Textual: ask for
# the size in the event loop, not in the handler.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet textual==8.2.8
cat >"$tmp/app.py" <<'PYTHON'
import sys
from pathlib import Path

from textual.app import App
from textual.widgets import Static


class Plain(App):
    def compose(self):
        yield Static("a line")

    def on_mount(self):
        self.set_interval(0.02, self.tell)

    def tell(self):
        told = Path(sys.argv[1])
        new = told.with_suffix(".new")
        new.write_text(f"{self.size.width} {self.size.height}")
        new.replace(told)


Plain().run()
PYTHON
"$tmp/venv/bin/python" - "$tmp" <<'PYTHON'
import fcntl
import os
import pty
import random
import signal
import struct
import sys
import termios
import threading
import time
from importlib.metadata import version
from pathlib import Path

folder = Path(sys.argv[1])
told = folder / "told"
LARGE, SMALL = "200 50", "120 40"
TRIES = 3000  # seen 15 times in 600


def resize(terminal, size):
    columns, rows = map(int, size.split())
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_all(terminal):
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass


def told_within(size, seconds):
    """Whether the app says that it has this size by then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if told.exists() and told.read_text() == size:
            return True
        time.sleep(0.01)
    return False


pid, terminal = pty.fork()
if pid == 0:
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    os.environ["TERM"] = "xterm-256color"
    os.execv(sys.executable, [sys.executable, str(folder / "app.py"), str(told)])
threading.Thread(target=read_all, args=(terminal,), daemon=True).start()
resize(terminal, SMALL)
assert told_within(SMALL, 60), "the app did not begin"
stays = 0
for tries in range(1, TRIES + 1):
    resize(terminal, LARGE)
    time.sleep(random.random() * 0.0006)
    resize(terminal, SMALL)
    time.sleep(0.1)  # by then it has heard of both
    if not told_within(SMALL, 3):
        stays = tries
        break
last = told.read_text()
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)

print(f"textual {version('textual')}, Python {sys.version.split()[0]}")
print("expected: after 200 x 50 and 120 x 40 right behind it the app is 120 x 40, each time")
print(f"seen: at try {stays} it said {last} for three seconds" if stays else f"seen: 120 x 40 in {TRIES} tries")
as_described = stays > 0 and last == LARGE
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
