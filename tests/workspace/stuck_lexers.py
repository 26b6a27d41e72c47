"""The colouring process with two languages more: one whose reader holds the interpreter's lock and never
comes back, as a regular expression may, and one that works for ever.

`python -c "from tests.workspace.stuck_lexers import main; main()" [FILE]`; FILE is made when one begins.
"""

from __future__ import annotations

import ctypes
import itertools
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docstra_tui.workspace.colouring import process as colouring_process

COMMAND = [sys.executable, "-c", "from tests.workspace.stuck_lexers import main; main()"]


class Stuck:
    """Sleeps, and lets no other thread and no handler of a signal have a turn."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[Any]:
        _note()
        ctypes.PyDLL(None).sleep(600)
        yield from ()


class Busy:
    """Works for ever. Where others work too, the limit of time would come before the processor's."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[Any]:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _note()
        for _ in itertools.count():
            pass
        yield from ()


def _note() -> None:
    for path in sys.argv[1:]:
        Path(path).touch()


def main() -> None:
    """As the process's own, with `stuck` and `busy`."""
    colouring_process.WAIT_SECONDS, colouring_process.WAITS = 0.5, 1
    usual = colouring_process.find_lexer
    stuck: dict[str, Any] = {"stuck": Stuck(), "busy": Busy()}
    colouring_process.find_lexer = lambda language: stuck.get(language) or usual(language)  # type: ignore[assignment]
    colouring_process.main()
