"""The last steps, when the screen is gone: save, let go, rescue, each with a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession

LAST_SECONDS = 1.2
"""Saving and letting go may take so long."""
RESCUE_SECONDS = 1.0
"""And so long a copy of what could not be saved."""


def what_is_lost(sessions: Iterable[ChatSession]) -> tuple[str, ...]:
    """What to say about turns that no disk has, of which a copy is made; empty when all is saved."""
    from docstra_tui.workspace.sessions.unsaved import unsaved, words

    lost = unsaved(sessions)
    if not lost:
        return ()
    from docstra_tui.session.rescue import rescue

    copies: dict[str | None, Path | None] = {}

    def copy() -> None:
        for session in lost:
            copies[session.id] = rescue(session)

    within(RESCUE_SECONDS, copy)
    return tuple(line for session in lost for line in words(session, copies.get(session.id)))


def is_stuck() -> bool:
    """True when a thread would keep the interpreter from ending."""
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        others = [
            thread
            for thread in threading.enumerate()
            if thread is not threading.main_thread() and not thread.daemon
        ]
        if not others:
            return False
        time.sleep(0.02)
    return True


def within(seconds: float, work: Callable[[], None]) -> None:
    """Do `work`, but wait no longer than this: a disk that hangs must not keep a terminal."""
    thread = threading.Thread(target=work, name="last-steps", daemon=True)
    thread.start()
    thread.join(seconds)
