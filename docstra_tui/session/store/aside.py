"""A damaged file of sessions on its way aside.

Several programs may meet the same damage, and any of them may end in the middle. One of them moves the file
away, and until what can be read of it is in the new file its name says so: whoever opens the new one next
goes on with it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from docstra_tui.paths import open_private

PENDING, KEPT = ".damaged-", ".corrupt-"
"""What is added to a damaged file's name before, and after, it was looked through."""

JOURNALS = ("-journal", "-wal", "-shm")

LOCK_SECONDS = 8.0
"""A program that holds the lock for longer is stopped, or its disk is: what is left of a file of 80 MB
is brought over in one second (measured on two cores)."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock on the damaged files of `path`. Where there is none to be had, go on without: the new
    file has a lock of its own, and a row is brought over once."""
    fd = -1
    with suppress(OSError):
        fd = open_private(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while fd >= 0:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
            except OSError:  # a file system without locks
                pass
            break
        yield
    finally:
        if fd >= 0:
            os.close(fd)


def move(path: Path, place: tuple[int, int] | None) -> bool:
    """Move the damaged file (and its journal) at `path` away; False when the one of that device and inode is
    not there any more. Raises `OSError`."""
    with alone(path):
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return False
        if place is not None and (status.st_dev, status.st_ino) != place:
            return False
        stamp = first = time.strftime("%Y%m%d-%H%M%S")
        number = 1
        while any(os.path.lexists(f"{path}{kind}{stamp}") for kind in (PENDING, KEPT)):
            number += 1
            stamp = f"{first}-{number}"
        _rename(str(path), f"{path}{PENDING}{stamp}")
        return True


def pending(path: Path) -> list[Path]:
    """The damaged files that were not looked through to the end, oldest first."""
    found = path.parent.glob(f"{path.name}{PENDING}*")
    return sorted(one for one in found if not one.name.endswith(JOURNALS))


def kept_as(damaged: Path) -> Path:
    """What a file that `pending` gave is called when it was looked through."""
    return damaged.with_name(damaged.name.replace(PENDING, KEPT))


def is_done(damaged: Path) -> None:
    """Such a file was looked through. Raises nothing: the next program would only do it again."""
    with suppress(OSError):
        _rename(str(damaged), str(kept_as(damaged)))


def _rename(before: str, after: str) -> None:
    for ending in JOURNALS:
        if os.path.lexists(before + ending):
            os.replace(before + ending, after + ending)
    os.replace(before, after)
