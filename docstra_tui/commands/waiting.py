"""The line that says how long the first word of an answer takes. Terminals only."""

from __future__ import annotations

import threading
from time import monotonic

from docstra_tui.commands.console import Console
from docstra_tui.llm.base import BaseLLM
from docstra_tui.workspace.wording import waiting_for

STEP_SECONDS = 1.0


class Waiting:
    """Within its block, until the first `end`, the line is rewritten each second."""

    def __init__(self, console: Console, llm: BaseLLM) -> None:
        self._console = console
        self._llm = llm
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Waiting:
        if self._console.err_is_terminal:
            threading.Thread(target=self._run, args=(monotonic(),), name="waiting", daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    def end(self) -> None:
        """Take the line away: something came."""
        if not self._ended.is_set():
            self._ended.set()
            with self._lock:
                self._console.end_progress()

    def _run(self, started: float) -> None:
        while not self._ended.wait(STEP_SECONDS):
            with self._lock:
                if not self._ended.is_set():
                    self._console.progress(waiting_for(self._llm, monotonic() - started))
