"""A queue of jobs: one background thread that does jobs in their order and hands the results to the screen.

Plain daemon threads, not Textual's thread workers: those live in asyncio's default executor, whose
threads are joined when the loop closes, so one that hangs in a dead network mount would keep the
program from leaving.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

Deliver = Callable[[Callable[[], None]], object]
"""Runs a callable on the screen's thread, later; may be called from any thread and never blocks."""


@dataclass(frozen=True)
class _Job:
    key: str
    work: Callable[[], Any]
    done: Callable[[Any], object]
    failed: Callable[[Exception], object]


class JobQueue:
    """Jobs one after the other; a job that waits is replaced by a newer one with the same key."""

    def __init__(self, name: str, deliver: Deliver) -> None:
        self._name = name
        self._deliver = deliver
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def do(
        self,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[Exception], object],
        *,
        key: str = "",
    ) -> None:
        """Run `work` in the thread, then `done(result)` or `failed(error)` on the screen's thread."""
        with self._changed:
            if self._closed:
                return
            if key:
                self._jobs = deque(job for job in self._jobs if job.key != key)
            self._jobs.append(_Job(key, work, done, failed))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Forget what waits; the job in hand ends by itself."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job = self._jobs.popleft()
            try:
                result = job.work()
            except Exception as error:  # who asked hears of it, and the next job has its turn
                self._hand_over(job.failed, error)
            else:
                self._hand_over(job.done, result)

    def _hand_over(self, receiver: Callable[[Any], object], value: Any) -> None:
        def call() -> None:
            receiver(value)

        if not self._closed:
            later(self._deliver, call)


def later(deliver: Deliver, call: Callable[[], None]) -> None:
    """Have it called on the face's thread, while there is a face."""
    try:
        deliver(call)
    except RuntimeError:  # the loop closed in between: nobody is left to tell
        pass
