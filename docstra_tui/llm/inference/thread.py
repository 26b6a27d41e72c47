"""The one thread that owns a model: loading and generating happen there, one after the other.

CUDA graphs are per thread, the random state and the default dtype are per process, and two
generations at once need twice the memory, so nothing ever runs beside anything else. Knows nothing
about text.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from docstra_tui.background import fulfil
from docstra_tui.errors import ModelClosed

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Job:
    """One request in the queue. `cancel` works while it waits, reads and writes."""

    def __init__(self, work: Callable[[Job], None], *, idle: bool = False) -> None:
        self._work = work
        self.idle = idle
        """Work for when nobody waits: it begins after all others and yields to the next."""
        self._cancelled = threading.Event()
        self.done = threading.Event()
        """Set once it has ended, however."""

    def cancel(self) -> None:
        """Ask it to end; any thread, any time, never blocks."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def run(self) -> None:
        """Called by the inference thread."""
        try:
            self._work(self)
        finally:
            self.done.set()


class InferenceThread:
    """Runs jobs in the order they came."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._ready = threading.Condition()
        self._running: Job | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="inference", daemon=True)
        self._thread.start()
        # A daemon thread inside torch aborts the interpreter at exit: end it in order before.
        self._atexit = _close_at_exit(self)

    def submit(self, work: Callable[[Job], None], *, idle: bool = False) -> Job:
        """Queue `work`, which should not raise: nobody hears of it then, but for the log.

        Idle work waits until nothing else does; when something comes, the idle job that runs is
        cancelled, which is its word for "keep what you have and come to an end".
        """
        job = Job(work, idle=idle)
        with self._ready:
            if self._closing:
                raise ModelClosed("The model is closed.", "Load it again.")
            if idle:
                self._jobs.append(job)
            else:
                first_idle = next((n for n, other in enumerate(self._jobs) if other.idle), len(self._jobs))
                self._jobs.insert(first_idle, job)
                if self._running is not None and self._running.idle:
                    self._running.cancel()
            self._ready.notify()
        return job

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` in the thread and give back what it returns or raises."""
        outcome: Future[T] = Future()
        self.submit(lambda job: fulfil(outcome, function)).done.wait()
        return outcome.result(timeout=0)

    @property
    def waiting(self) -> int:
        """Jobs that have not begun and are still wanted."""
        with self._ready:
            return sum(not (job.is_cancelled() or job.idle) for job in self._jobs)

    def close(self, seconds: float = 2.0) -> bool:
        """Cancel everything and end the thread; False when it is stuck after `seconds`."""
        with self._ready:
            self._closing = True
            for job in [*self._jobs, *([self._running] if self._running else [])]:
                job.cancel()
            self._ready.notify()
        atexit.unregister(self._atexit)
        if threading.current_thread() is not self._thread:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while True:
            with self._ready:
                self._running = None
                while not self._jobs and not self._closing:
                    self._ready.wait()
                if not self._jobs:
                    return
                self._running = job = self._jobs.popleft()
            try:
                job.run()
            except BaseException as error:  # whatever it was, the others' turn comes
                with contextlib.suppress(BaseException):
                    logger.error("a job raised", exc_info=error)
            del job  # its closure may hold tensors


def _close_at_exit(thread: InferenceThread) -> Callable[[], Any]:
    reference = weakref.ref(thread)

    def close() -> None:
        living = reference()
        if living is not None:
            living.close()

    atexit.register(close)
    return close
