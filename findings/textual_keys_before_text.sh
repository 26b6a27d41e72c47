#!/usr/bin/env bash
# Textual inserts a printable key as soon as the widget has it, but looks up the binding of a key such as Backspace only
# after the key has passed the queues of all the widget's parents. Keys that arrive together, as a slow link delivers
# typing, are therefore done in another order than typed: a Backspace deletes the letter that was typed after it. It
# matters to every program with a text field that is used over SSH. It must hold each key back until the one before it
# has been through all queues, or have its fields do their own bindings when the key comes.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --quiet textual==8.2.8
cat >"$tmp/app.py" <<'PYTHON'
import sys
from pathlib import Path

from textual.app import App
from textual.widgets import Input, TextArea

widget, ready, result = {"Input": Input, "TextArea": TextArea}[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])


class Plain(App):
    BINDINGS = [("f2", "finish", "Finish")]

    def compose(self):
        yield widget()

    def on_mount(self):
        field = self.query_one(widget)
        field.cursor_blink = False  # the screen falls quiet
        field.focus()
        self.call_after_refresh(lambda: ready.touch())

    def action_finish(self):
        field = self.query_one(widget)
        self.exit(field.value if widget is Input else field.text)


result.write_text(str(Plain().run()))
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
QUIET, LIMIT = 0.7, 30.0  # seconds: without output before the next keys; for one run of the app


def typed(widget, bursts):
    """What the field holds once each of the bursts was written and the screen was quiet after it."""
    ready, result = folder / "ready", folder / "result"
    ready.unlink(missing_ok=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, str(folder / "app.py"), widget, str(ready), str(result)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    waiting, end, last = [*bursts, b"\x1bOQ"], time.monotonic() + LIMIT, time.monotonic()
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                if not os.read(terminal, 65536):
                    break
            except OSError:  # the app has gone
                break
            last = time.monotonic()
        elif waiting and ready.exists() and time.monotonic() - last > QUIET:
            os.write(terminal, waiting.pop(0))
            last = time.monotonic()
    else:
        os.kill(pid, signal.SIGKILL)
        sys.exit("the app did not end in time")
    os.waitpid(pid, 0)
    os.close(terminal)
    return result.read_text()


print(f"textual {version('textual')}")
print("expected: a b c Backspace Backspace x leave 'ax', however they arrive")
as_described = True
for widget in ("Input", "TextArea"):
    apart = typed(widget, [b"a", b"b", b"c", b"\x7f", b"\x7f", b"x"])
    together = typed(widget, [b"abc\x7f\x7fx"])
    print(f"seen in {widget}: one by one {apart!r}, in one write {together!r}")
    as_described = as_described and apart == "ax" and together != "ax"
print("as described" if as_described else "no longer as described")
sys.exit(not as_described)
PYTHON
