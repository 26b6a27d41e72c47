"""A process over a stranger's bytes, as it sees itself: what it may take, and how it answers `killable`."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections.abc import Callable


def bound(memory: int) -> None:
    """No core file, and no more than `memory` bytes of address space."""
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


def answer_each(answer: Callable[..., object], otherwise: object) -> None:
    """Reads one JSON list of questions, each a list, and writes a JSON line for each: what `answer` says to
    it, `otherwise` where memory or a parser is missing."""
    for question in json.load(sys.stdin.buffer):
        try:
            said = answer(*question)
        except (ImportError, MemoryError):
            said = otherwise
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
