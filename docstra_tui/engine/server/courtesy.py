"""Loading with good manners: the screen must not stutter while an engine imports torch.

Plain niceness is a one-way street: without privilege a process or thread that made itself nice can never
go back, and the threads that torch makes inherit it, so decoding would be slow for ever. Two things
can be undone, and both are done here:

- Linux's autogroup, where it is on (every engine is a session of its own, hence a group of its own):
  its niceness can go up and back to 0 without privilege. Between two sessions it is also the only niceness
  that counts there.
- A thread of its own for the imports, which are nearly all of the processor time of a start: it is
  nice, and ends. It makes no parallel region, so no pool of torch's inherits anything (only numpy's
  OpenBLAS, which answers do not use).

SCHED_IDLE cannot be left without privilege; SCHED_BATCH can, but changes no shares.

Measured on two cores that others kept busy, as the lateness of a 60 Hz screen with 4 ms of work a frame
while one engine loads: p99 30-41 ms with no manners, 21-22 with 10, but then a load took 25-76 s instead of
10-15. With 4 it was 17-31 ms against 16-23 and a load 10-20 s against 6-9: a small help, at a small price.
No frame was later than 56 ms in any of them; what this guards against is a machine without autogroup.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

from docstra_tui import background

NICENESS = 4
AUTOGROUP = "/proc/self/autogroup"


@contextlib.contextmanager
def polite() -> Iterator[None]:
    """Take a smaller share of the processors inside; harmless where the system has no such thing."""
    polite = _set_autogroup(NICENESS)
    try:
        yield
    finally:
        if polite:
            _set_autogroup(0)


def run_politely(work: Callable[[], None]) -> None:
    """Run `work` in a nice thread and wait; what it raises is raised here. The process may end before."""

    def nicely() -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        work()

    background.begin(nicely, "polite").result()


def _set_autogroup(niceness: int) -> bool:
    try:
        if os.getsid(0) != os.getpid():
            return False  # a group shared with whoever started us is not ours to change
        with open(AUTOGROUP, "w") as file:
            file.write(str(niceness))
    except OSError:
        return False
    return True
