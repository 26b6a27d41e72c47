"""The processes that read files for an index, and what becomes of a file that breaks one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from docstra_tui.context.search.index.extracted import AS_LINES, Extracted, Order, Wanted, name_only
from docstra_tui.context.search.index.messages import LOOK, Inbox, send

BATCH = 24
"""Files that a worker hears of together."""
LETTERS = 5_000
"""Of their paths: two such messages fit into a pipe, so that whoever sends them never waits."""
PIPE = 1 << 20
"""Bytes of answers that a worker need not wait with, where the system allows so many."""
SILENCE = 60.0
"""Seconds without an answer: the processor's time is bounded by the worker itself, so the disk is stuck."""
WAITING = 24
"""Answers, of several files each, that wait to be put in: what is read while a transaction ends. More would
only fill the memory."""
FAILURES = 20
"""In a row: it is no file that breaks the processes."""
BROKEN = "its parser broke"

# -P: the current folder is somebody's project, and must not lend its modules to ours.
COMMAND = (sys.executable, "-P", "-m", "docstra_tui.context.search.index.worker")

Result = tuple[Wanted, Extracted]


def count_of_workers() -> int:
    """One for each processor, up to four: what is behind them is one process that writes."""
    with contextlib.suppress(AttributeError, OSError):
        return max(1, min(4, len(os.sched_getaffinity(0))))
    return max(1, min(4, os.cpu_count() or 1))


class Workers:
    """For one refresh: `read` once, in one thread; `stop` from any."""

    def __init__(
        self, root: Path, *, is_low: bool, count: int | None = None, command: Sequence[str] = COMMAND
    ) -> None:
        self._command = command
        self._order = Order(os.fsencode(root), is_low)
        self._count = count or count_of_workers()
        self._todo: deque[Wanted] = deque()
        self._alone: deque[Wanted] = deque()
        """Those of which one has broken a process."""
        self._done: queue.Queue[list[Result] | OSError | None] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._failures = 0
        """In a row, of all processes."""

    def stop(self) -> None:
        """Nothing more is read, soon."""
        self._stop.set()

    def read(self, files: Sequence[Wanted]) -> Iterator[Result]:
        """What is known of each, in no order. Raises `OSError` where no process can be started, or where it
        was stopped."""
        self._todo.extend(files)
        count = max(1, min(self._count, (len(files) + BATCH - 1) // BATCH))
        for number in range(count):
            threading.Thread(target=self._serve, name=f"worker {number}", daemon=True).start()
        try:
            while count:
                match self._next():
                    case None:
                        count -= 1
                    case OSError() as error:
                        raise error
                    case results:
                        yield from results
        finally:
            self.stop()
            with contextlib.suppress(queue.Empty):  # whoever waits for room sees that it is over
                while True:
                    self._done.get_nowait()

    def _next(self) -> list[Result] | OSError | None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Empty):
                return self._done.get(timeout=LOOK)
        return OSError("nothing more is read")

    # In the thread of one worker

    def _serve(self) -> None:
        outcome: OSError | None = None
        try:
            while not self._stop.is_set() and (batch := self._next_batch()):
                self._with_one_process(batch)
        except OSError as error:
            outcome = error
        self._give(outcome)

    def _next_batch(self) -> list[Wanted]:
        with contextlib.suppress(IndexError):
            return [self._alone.popleft()]
        return self._more()

    def _more(self) -> list[Wanted]:
        batch: list[Wanted] = []
        letters = 0
        with contextlib.suppress(IndexError):
            while len(batch) < BATCH and letters < LETTERS:
                batch.append(self._todo.popleft())
                letters += len(batch[-1].path)
        return batch

    def _with_one_process(self, batch: list[Wanted]) -> None:
        """Until nothing is left to be read, or until a file broke it."""
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
        inbox = Inbox(process.stdout)
        with process, contextlib.ExitStack() as undo:
            undo.callback(process.kill)
            try:
                send(process.stdin, self._order)
                while batch and not self._stop.is_set():
                    send(process.stdin, batch)
                    is_alone = len(batch) == 1
                    while batch:
                        # The next ones are there when these are done: nobody waits for the other then.
                        if not is_alone and len(batch) <= BATCH and (more := self._more()):
                            batch = batch + more
                            send(process.stdin, more)
                        found = _answer(inbox, self._stop)
                        if self._stop.is_set():
                            return
                        if not found or len(found) > len(batch):
                            self._is_broken(batch)
                            return
                        self._failures = 0
                        if not self._give(list(zip(batch, found, strict=False))):
                            return
                        batch = batch[len(found) :]
                    batch = self._next_batch()
            except BrokenPipeError:
                self._is_broken(batch)

    def _is_broken(self, batch: list[Wanted]) -> None:
        """By one of these."""
        self._failures += 1
        if self._failures > FAILURES:
            raise OSError("the processes that read files end at once")
        if len(batch) > 1:
            self._alone.extend(batch)
        elif batch[0].failures == AS_LINES:
            self._give([(batch[0], name_only(batch[0].path, BROKEN))])
        else:
            # At once: many in a row that break a parser would look like processes that all end.
            self._alone.appendleft(msgspec.structs.replace(batch[0], failures=batch[0].failures + 1))

    def _give(self, result: list[Result] | OSError | None) -> bool:
        """False where nobody takes it any more."""
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._done.put(result, timeout=LOOK)
                return True
        return False


def _answer(inbox: Inbox, stop: threading.Event) -> list[Extracted] | None:
    """The next one; None when the worker is gone, is silent or speaks nonsense."""
    try:
        return msgspec.msgpack.decode(inbox.next(SILENCE, stop), type=list[Extracted])
    except msgspec.DecodeError:
        return None
