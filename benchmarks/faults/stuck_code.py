"""Answers full of code that can never be coloured: what they cost the answer, the keys and the way out.

The reader of such code is a stand-in: it holds the interpreter's lock and never comes back, or works for
ever, as the regular expressions of some languages do on a few dozen characters.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.faults.exits import places
from benchmarks.report import Report
from tests.llm.http.hostile import hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal
from tests.workspace import stuck_lexers

NAME = "code that can never be coloured"
BLOCKS = 20
RATE = 40.0
"""Pieces a second."""
KEYS = "how many keys are heard meanwhile"
HEARD_SECONDS = 1.0
"""A key that takes longer to the screen counts as not heard."""
END_SECONDS = 3.0
"""How long SIGTERM may take."""
START = """
import sys
from docstra_tui.workspace.colouring import colouring
from docstra_tui.cli import main
colouring.COMMAND = {command!r}
sys.exit(main({words!r}))
"""


def count(report: Report) -> None:
    """One answer with many such blocks, keys all the while, and a signal while one of them is read."""
    with tempfile.TemporaryDirectory(prefix="docstra-stuck-") as name, hostile() as server:
        folder = Path(name)
        (folder / "project").mkdir()
        languages = ("stuck", "busy", "python")
        text = "".join(f"```{languages[n % 3]}\nx = {n}\n```\n\nText {n}.\n\n" for n in range(BLOCKS))
        text += "THE END\n\n```stuck\nx\n```\n"
        answer_with(server, streams([text[at : at + 4] for at in range(0, len(text), 4)], RATE))
        words = [str(folder / "project"), "--base-url", server.url]
        code = START.format(command=stuck_lexers.COMMAND, words=words)
        terminal = Terminal([sys.executable, "-c", code], env=places(folder))
        try:
            terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
            terminal.send("Go on", "enter")
            terminal.wait_for("Text 0.")
            unheard, longest = _type(terminal)
            lost = not _comes(terminal, "THE END", 60.0)
            helpers = psutil.Process(terminal.process.pid).children()
            os.kill(terminal.process.pid, signal.SIGTERM)
            stayed = not _ends(terminal)
            left = [helper for helper in psutil.wait_procs(helpers, timeout=END_SECONDS)[1]]
        finally:
            terminal.close()
    report.add("stuck_blocks", float(BLOCKS * 2 // 3 + 1), "blocks that can never be coloured")
    report.add("stuck_answers_lost", float(lost), "answers that did not come to their end", "0")
    report.add(
        "stuck_keys_unheard", float(unheard), f"of {len(KEYS)} keys, later than {HEARD_SECONDS} s", "0"
    )
    report.add("stuck_key_longest_s", longest, "s, a key to the screen, the longest")
    report.add("stuck_signals_unheard", float(stayed), "SIGTERM that did not end the app", "0")
    report.add("stuck_processes_left", float(len(left)), "processes that outlived the app", "0")


def _type(terminal: Terminal) -> tuple[int, float]:
    """Type, a key at a time; how many came too late, and the longest wait."""
    unheard, longest = 0, 0.0
    for end in range(1, len(KEYS) + 1):
        terminal.send(KEYS[end - 1])
        began = time.monotonic()
        is_heard = _comes(terminal, KEYS[:end].rstrip(), 5.0)
        longest = max(longest, time.monotonic() - began)
        unheard += not is_heard or time.monotonic() - began > HEARD_SECONDS
        time.sleep(0.1)
    return unheard, longest


def _comes(terminal: Terminal, words: str, seconds: float) -> bool:
    try:
        terminal.wait_for(words, seconds)
    except AssertionError:
        return False
    return True


def _ends(terminal: Terminal) -> bool:
    try:
        return terminal.wait_end(END_SECONDS) == 128 + signal.SIGTERM
    except subprocess.TimeoutExpired:
        return False
