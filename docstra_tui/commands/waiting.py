"""The line that says what is done until the first word of an answer comes. Terminals only."""

from __future__ import annotations

import threading
from time import monotonic

from docstra_tui.commands.console import Console
from docstra_tui.llm.answer import Reading
from docstra_tui.llm.base import BaseLLM
from docstra_tui.workspace.wording import read_so_far, thought_words, waiting_for

STEP_SECONDS = 1.0


class Waiting:
    """Within its block, until the first `end`, the line is rewritten each second."""

    def __init__(self, console: Console, llm: BaseLLM) -> None:
        self._console = console
        self._llm = llm
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._thinks_since: float | None = None
        self._is_writing = False

    def __enter__(self) -> Waiting:
        if self._console.err_is_terminal:
            threading.Thread(target=self._run, args=(monotonic(),), name="waiting", daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    def reads(self, reading: Reading) -> None:
        """So much of the prompt is read."""
        self._reading = reading

    def thinks(self) -> None:
        """The model thinks, and that is not shown."""
        if self._thinks_since is None:
            self._thinks_since = monotonic()
        self._is_writing = False

    def writes(self) -> None:
        """The model writes what is not shown yet."""
        self._is_writing = True

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
                    self._console.progress(self._words(started))

    def _words(self, started: float) -> str:
        if self._is_writing:
            return "writing…"
        if self._thinks_since is not None:
            return thought_words(monotonic() - self._thinks_since, None, 0, is_open=True)[0]
        if self._reading is not None:
            return read_so_far(self._reading)
        return waiting_for(self._llm, monotonic() - started)
