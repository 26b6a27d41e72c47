"""How much of the machine a process of the index takes where somebody else works on it."""

from __future__ import annotations

import contextlib
import os

NICE = 10
"""Of the process that writes: one that waits long for the processor holds the lock of its file as long."""

MEMORY = 2 << 30
"""Bytes of address space."""


def step_aside(*, is_idle: bool) -> None:
    """Let everybody else go first; with `is_idle` only use what nobody wants, of the disk too."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    if is_idle and hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
