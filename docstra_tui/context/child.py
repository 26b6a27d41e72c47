"""A process over a stranger's bytes, as it sees itself: what it may take, and how it answers `killable`."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from collections.abc import Callable

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Where numpy's libraries read how many threads they start: each takes address space, and on a machine of
many processors they would take all there is."""


def bound(memory: int) -> None:
    """No core file, and no more than `memory` bytes of address space. Before numpy is loaded."""
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


def answer_each(answer: Callable[..., object]) -> None:
    """Reads one JSON list of questions, each a list, and writes a JSON line for each: what `answer` says to
    it, null where memory or a parser is missing."""
    for question in json.load(sys.stdin.buffer):
        try:
            said = answer(*question)
        except (ImportError, MemoryError):
            said = None
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
