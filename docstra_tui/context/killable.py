"""Questions to a parser that may crash, or never end: put to a process that takes only itself with it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

START_SECONDS = 10.0
"""For the process to start, on a machine with other work."""
ITEM_SECONDS = 3.0
"""For each question. A megabyte of ordinary source takes half a second; parsing gives itself up after one."""


def answers(module: str, questions: Sequence[object], start: float = START_SECONDS) -> list[Any]:
    """What `module` says to each question, in order; None to one that broke it. Blocks.

    `module` is run as a program, and answers as `child.answer_each` does. Raises `OSError` where no process
    can be started.
    """
    found: list[Any] = []
    while len(found) < len(questions):
        found += _ask(module, questions[len(found) :], start)
        if len(found) < len(questions):  # it ended in the middle of the next one
            found.append(None)
    return found


def _ask(module: str, questions: Sequence[object], start: float) -> list[Any]:
    # -P: the current folder is somebody's project, and must not lend its modules to ours.
    with (
        subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
        contextlib.ExitStack() as undo,
    ):
        undo.callback(process.kill)
        given = json.dumps(questions).encode()
        try:
            said, _ = process.communicate(given, start + ITEM_SECONDS * len(questions))
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        undo.pop_all()
    return [json.loads(line) for line in said.split(b"\n")[:-1][: len(questions)]]
