"""What a terminal says of itself when it is asked: where its cursor is (how long that takes), which keys it
tells apart, what else it can do.

Asked only where it is ours to ask: a terminal on both sides, this process in front, nothing typed yet. Its
lines are as they were afterwards, and what it says late goes to nobody.
"""

from __future__ import annotations

import os
import re
import select
import termios
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

PLACE = b"\x1b[6n"
KEYS = b"\x1b[?u"
ABILITIES = b"\x1b[c"
"""Every terminal answers this one: what it has not answered by then it does not know."""

NONE = ("", "dumb", "unknown")
"""TERM of what answers nothing."""

SECONDS = 1.0
"""A terminal further away than this is not heard; one that does not answer holds nobody up for longer."""
READ = 4096

_PLACE = re.compile(rb"\x1b\[\d+;\d+R")
_KEYS = re.compile(rb"\x1b\[\?\d+u")
_ABILITIES = re.compile(rb"\x1b\[\?([\d;]*)c")
CLIPBOARD = b"52"


@dataclass(frozen=True)
class Answers:
    """Of one terminal."""

    why_not: str = ""
    """Why it was not asked; empty where it was."""
    seconds: float | None = None
    """From the question to its answer; None where none came."""
    tells_keys: bool | None = None
    """True where it can tell Shift+Enter from Enter; None where nobody knows."""
    takes_copies: bool | None = None
    """True where it says that it takes a copy (OSC 52); most that do not say so do all the same."""


def ask(environ: Mapping[str, str], read: int = 0, write: int = 1, seconds: float = SECONDS) -> Answers:
    """Blocks for as long as the terminal needs, but no longer than `seconds`. Raises nothing."""
    if reason := why_not(environ, read, write):
        return Answers(reason)
    try:
        before = termios.tcgetattr(read)
        try:
            quiet = [*before[:3], before[3] & ~(termios.ICANON | termios.ECHO), *before[4:]]
            termios.tcsetattr(read, termios.TCSANOW, quiet)
            return _asked(environ, read, write, seconds)
        finally:
            termios.tcsetattr(read, termios.TCSANOW, before)
    except (termios.error, OSError) as error:
        return Answers(f"it cannot be asked: {error}")


def why_not(environ: Mapping[str, str], read: int = 0, write: int = 1) -> str:
    """Why it is not to be asked; empty where it is. Known at once."""
    try:
        if not (os.isatty(read) and os.isatty(write)):
            return "there is no terminal here"
        if environ.get("TERM", "") in NONE:
            return "TERM names none that answers"
        if not _is_in_front(read):
            return "it is not ours while we run in the background"
        if select.select([read], [], [], 0)[0]:
            return "something was typed already"
        if not select.select([], [write], [], 0)[1]:
            return "it takes nothing now"
    except OSError as error:
        return f"it cannot be asked: {error.strerror}"
    return ""


def _is_in_front(read: int) -> bool:
    """False where the system would stop us for touching the terminal."""
    try:
        return os.tcgetpgrp(read) == os.getpgrp()
    except OSError:  # it is not the one that we were started from
        return True


def _asked(environ: Mapping[str, str], read: int, write: int, seconds: float) -> Answers:
    # What it is to give up, the console of Linux takes for "put the cursor back".
    keys = KEYS if environ.get("TERM") != "linux" else b""
    os.write(write, PLACE + keys + ABILITIES)
    began, took, came = monotonic(), None, b""
    while (left := began + seconds - monotonic()) > 0 and not _ABILITIES.search(came):
        if not select.select([read], [], [], left)[0]:
            break
        some = os.read(read, READ)
        if not some:
            break
        came += some
        if took is None and _PLACE.search(came):
            took = monotonic() - began
    said = _ABILITIES.search(came)
    if said is None:
        with suppress(termios.error):
            termios.tcflush(read, termios.TCIFLUSH)
        return Answers(seconds=took)
    can = CLIPBOARD in said[1].split(b";")
    return Answers(seconds=took, tells_keys=bool(_KEYS.search(came)), takes_copies=can or None)
