"""Has the model sum turns up, one after the other, in a thread; can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.llm.answer import AnswerStream
    from docstra_tui.session.fitting import Fitting


class SummaryWriter:
    """For one conversation. Everything but the writing runs on the screen's thread."""

    def __init__(self, fitting: Fitting, deliver: Deliver) -> None:
        self._fitting = fitting
        self._jobs = JobQueue("summary", deliver)
        self._lock = threading.Lock()
        self._stream: tuple[int, AnswerStream] | None = None
        self._stopped: set[int] = set()
        self.writing: dict[int, int] = {}
        """Turns that are being summed up, with the pieces that came so far."""

    def write(
        self, number: int, done: Callable[[int, str, int], None], failed: Callable[[Exception], None]
    ) -> None:
        """Sum up a turn: `done(number, summary, tokens)`; what was stopped is not heard of again."""
        self._stopped.discard(number)
        self.writing[number] = 0

        def came(found: tuple[str, int] | None) -> None:
            if found is not None and self.writing.pop(number, None) is not None:
                done(number, *found)

        def went_wrong(error: Exception) -> None:
            if self.writing.pop(number, None) is not None:
                failed(error)

        self._jobs.do(lambda: self._write(number), came, went_wrong, key=str(number))

    def stop(self, number: int) -> None:
        """Forget about this one."""
        if self.writing.pop(number, None) is None:
            return
        with self._lock:
            self._stopped.add(number)
            running = self._stream
        if running is not None and running[0] == number:
            running[1].cancel()

    def stop_all(self) -> None:
        """Forget about all."""
        for number in tuple(self.writing):
            self.stop(number)

    def close(self) -> None:
        """Stop what runs. Never blocks."""
        self.stop_all()
        self._jobs.close()

    def _write(self, number: int) -> tuple[str, int] | None:
        """In the background; None when it was stopped."""
        with self._lock:
            if number in self._stopped:
                return None
            stream = self._fitting.summarise(number)
            self._stream = (number, stream)
        try:
            for count, _ in enumerate(stream, 1):
                if number in self.writing:
                    self.writing[number] = count
        finally:
            with self._lock:
                self._stream = None
        if number in self._stopped or stream.finish_reason == "cancelled":
            return None
        summary = stream.text.strip()
        return summary, self._fitting.weigh_summary(summary) if summary else 0
