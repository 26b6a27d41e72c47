"""The one thread that owns a model: loading and generating happen there, one after the other.

CUDA graphs are per thread, the random state and the default dtype are per process, and two
generations at once need twice the memory, so nothing ever runs beside anything else: answers that are
written together are one job's work. Knows nothing about text.
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
from enum import IntEnum
from typing import Any, TypeVar

from docstra_tui.background import fulfil
from docstra_tui.errors import ModelClosed

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Kind(IntEnum):
    """Who waits for a job: the first of these goes first."""

    ASKED = 0
    BATCH = 1
    """One of many that nobody watches; several run as one, and stand still for what is asked."""
    IDLE = 2
    """Work for when nobody waits: it begins after all others and yields to the next."""


class Job:
    """One request in the queue. `cancel` works while it waits, reads and writes."""

    def __init__(
        self, work: Callable[[Job], None], kind: Kind = Kind.ASKED, matter: object | None = None
    ) -> None:
        self._work = work
        self.kind = kind
        self.matter = matter
        """What it is about, for a job that takes others of its kind along."""
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
        self._work(self)


class InferenceThread:
    """Runs jobs one after the other: by kind, and in the order they came."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._ready = threading.Condition()
        self._begun: list[Job] = []
        """Begun and not ended yet, one that stands still and those it took along among them."""
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="inference", daemon=True)
        self._thread.start()
        # A daemon thread inside torch aborts the interpreter at exit: end it in order before.
        self._atexit = _close_at_exit(self)

    def submit(
        self, work: Callable[[Job], None], kind: Kind = Kind.ASKED, matter: object | None = None
    ) -> Job:
        """Queue `work`, which should not raise: nobody hears of it then, but for the log.

        When anything else comes, the idle job that runs is cancelled, which is its word for "keep what you
        have and come to an end". `matter` is for `another`.
        """
        job = Job(work, kind, matter)
        with self._ready:
            if self._closing:
                raise ModelClosed("The model is closed.", "Load it again.")
            behind = next((n for n, other in enumerate(self._jobs) if other.kind > kind), len(self._jobs))
            self._jobs.insert(behind, job)
            for begun in self._begun:
                if begun.kind is Kind.IDLE and kind is not Kind.IDLE:
                    begun.cancel()
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
            return sum(not (job.is_cancelled() or job.kind is Kind.IDLE) for job in self._jobs)

    # For a job that runs, in this thread

    def another(self, kind: Kind) -> Job | None:
        """The next job of this kind, if one waits: the running job takes it along and ends it (`ended`)."""
        with self._ready:
            job = next((job for job in self._jobs if job.kind is kind), None)
            if job is not None:
                self._jobs.remove(job)
                self._begun.append(job)
            return job

    def ended(self, job: Job) -> None:
        """Nothing more comes of it, though the job that took it along goes on."""
        with self._ready:
            self._begun = [begun for begun in self._begun if begun is not job]
        job.done.set()

    def let_past(self, kind: Kind) -> None:
        """Run what goes before jobs of this kind; where one calls it, it stands still."""
        while (job := self._next(before=kind)) is not None:
            self._run(job)

    def has_before(self, kind: Kind) -> bool:
        """True when something waits that goes before jobs of this kind."""
        with self._ready:
            return bool(self._jobs) and self._jobs[0].kind < kind

    def close(self, seconds: float = 2.0) -> bool:
        """Cancel everything and end the thread; False when it is stuck after `seconds`."""
        with self._ready:
            self._closing = True
            for job in [*self._jobs, *self._begun]:
                job.cancel()
            self._ready.notify()
        atexit.unregister(self._atexit)
        if threading.current_thread() is not self._thread:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while True:
            with self._ready:
                while not self._jobs and not self._closing:
                    self._ready.wait()
                if not self._jobs:
                    return
            if (job := self._next()) is not None:
                self._run(job)
            del job  # its closure may hold tensors

    def _next(self, before: Kind | None = None) -> Job | None:
        """Take the job whose turn it is, if it goes before those of that kind."""
        with self._ready:
            if not self._jobs or (before is not None and self._jobs[0].kind >= before):
                return None
            job = self._jobs.popleft()
            self._begun.append(job)
            return job

    def _run(self, job: Job) -> None:
        try:
            job.run()
        except BaseException as error:  # whatever it was, the others' turn comes
            with contextlib.suppress(BaseException):
                logger.error("a job raised", exc_info=error)
        finally:
            self.ended(job)


def _close_at_exit(thread: InferenceThread) -> Callable[[], Any]:
    reference = weakref.ref(thread)

    def close() -> None:
        living = reference()
        if living is not None:
            living.close()

    atexit.register(close)
    return close
