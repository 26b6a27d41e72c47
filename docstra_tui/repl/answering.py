"""An answer in the making, printed as it comes; until its first word, how long that takes."""

from __future__ import annotations

import contextlib
import queue
import threading
import time

from docstra_tui.llm.base import BaseLLM
from docstra_tui.repl.printer import Printer
from docstra_tui.session.running import RunningTurn
from docstra_tui.workspace.wording import waiting_for

STEP_SECONDS = 1.0
"""Between two looks at how long the first word takes."""

LAST_PIECES_SECONDS = 3.0
"""How long the end of a stopped answer is waited for on the way out."""

Pieces = queue.SimpleQueue[str | None]
"""What came, and None for the end."""


def show(running: RunningTurn, printer: Printer, llm: BaseLLM) -> None:
    """Print the pieces as a thread reads them; Ctrl+C stops the answer and keeps the part."""
    pieces: Pieces = queue.SimpleQueue()

    def read() -> None:
        try:
            for piece in running:
                pieces.put(piece)
        finally:
            pieces.put(None)

    reader = threading.Thread(target=read, name="answer", daemon=True)
    reader.start()
    started: float | None = time.monotonic()
    try:
        is_going = True
        while is_going:
            try:
                waiting = [_next(pieces, printer, llm, started)]
                while not pieces.empty():
                    waiting.append(pieces.get())
            except KeyboardInterrupt:
                running.cancel()
                continue
            is_going, started = waiting[-1] is not None, None
            printer.piece("".join(piece for piece in waiting if piece is not None))
    finally:
        if not running.ended:  # a signal, or a terminal that is gone
            running.cancel()
            reader.join(LAST_PIECES_SECONDS)


def _next(pieces: Pieces, printer: Printer, llm: BaseLLM, silent_since: float | None) -> str | None:
    while silent_since is not None:
        with contextlib.suppress(queue.Empty):
            return pieces.get(timeout=STEP_SECONDS)
        printer.progress(waiting_for(llm, time.monotonic() - silent_since))
    return pieces.get()
