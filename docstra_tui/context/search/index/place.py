"""Where the indexes of projects are kept, who may write one, and which are not wanted any more."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from docstra_tui import paths

FILE = "index.db"
ROOT = "root"
"""Says which project it is of; its time is that of the last refresh."""
LOCK = "lock"
HURRY = "hurry"
"""There while somebody waits who is in a hurry: whoever builds in the background lets go."""

AGE_SECONDS = 60 * 24 * 3600.0
"""Of an index that nobody refreshed."""
ALL_BYTES = 3 << 30
"""Of all indexes but the one in use: the oldest go first."""

LOOK = 0.1
HURRY_SECONDS = 5.0
"""Whoever is in a hurry says so as often as it looks; one that says nothing for so long is gone."""


@dataclass(frozen=True)
class Kept:
    """An index on the disk."""

    folder: Path
    root: str
    """Empty where nobody knows."""
    size: int
    refreshed: float

    @property
    def is_orphan(self) -> bool:
        return not self.root or not os.path.isdir(self.root)


def parent() -> Path:
    """The folder of all indexes."""
    return paths.cache_dir() / "index"


def spare() -> Path:
    """Where they are while that cannot be written."""
    return paths.runtime_dir() / "index"


def folder_of(root: Path, above: Path | None = None) -> Path:
    """By the project's real path, so that it has one index whatever way leads to it."""
    real = os.fsencode(os.path.realpath(root))
    return (above or parent()) / hashlib.sha256(real).hexdigest()[:32]


def claim(folder: Path, root: Path) -> None:
    """Make the folder, and say whose it is. Raises `OSError`, `UnsafePath`."""
    paths.private_folder(folder)
    paths.write_private(folder / ROOT, json.dumps(os.path.realpath(root)))


@contextmanager
def held(folder: Path, *, is_urgent: bool = False, seconds: float | None = None) -> Iterator[bool]:
    """Be the only one who writes this index; False where somebody else still is after so many seconds.

    Where a file system has no locks, SQLite's own have to do. Raises `OSError`, also where the index was
    removed while it was waited for.
    """
    until = None if seconds is None else time.monotonic() + seconds
    with ExitStack() as undo:
        fd = paths.open_private(folder / LOCK, os.O_RDWR | os.O_CREAT)
        undo.callback(os.close, fd)
        while not (is_ours := (is_urgent or not is_hurried(folder)) and _lock(fd)):
            if until is not None and time.monotonic() > until:
                break
            if is_urgent:
                _hurry(folder)
            time.sleep(LOOK)
        if is_ours:
            if os.fstat(fd).st_ino != os.lstat(folder / LOCK).st_ino:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
            if is_urgent:
                with suppress(OSError):
                    os.unlink(folder / HURRY)
        yield is_ours


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here
        pass
    return True


def _hurry(folder: Path) -> None:
    os.close(paths.open_private(folder / HURRY, os.O_WRONLY | os.O_CREAT))
    os.utime(folder / HURRY)


def is_hurried(folder: Path) -> bool:
    """True while somebody in a hurry waits for it, and is alive to say so."""
    try:
        return abs(time.time() - os.lstat(folder / HURRY).st_mtime) < HURRY_SECONDS
    except OSError:
        return False


def is_held(folder: Path) -> bool:
    """True while somebody writes it."""
    try:
        with held(folder, seconds=0) as is_free:  # or somebody is about to
            return not is_free
    except OSError:
        return False


def kept() -> list[Kept]:
    """All indexes of this user, the one that was refreshed last first."""
    found: list[Kept] = []
    for above in (parent(), spare()):
        with suppress(OSError), os.scandir(above) as rows:
            found += [_kept(Path(row.path)) for row in rows if row.is_dir(follow_symlinks=False)]
    return sorted(found, key=lambda one: -one.refreshed)


def kept_of(root: Path) -> list[Kept]:
    """Those of one project: none, one, and one more while the usual place cannot be written."""
    places = (folder_of(root, above) for above in (parent(), spare()))
    return [_kept(folder) for folder in places if folder.is_dir()]


def _kept(folder: Path) -> Kept:
    root, refreshed, size = "", 0.0, 0
    with suppress(OSError, ValueError):
        said = json.loads((folder / ROOT).read_text("ascii"))
        root = said if isinstance(said, str) else ""
        refreshed = os.lstat(folder / ROOT).st_mtime
    with suppress(OSError), os.scandir(folder) as rows:
        size = sum(row.stat(follow_symlinks=False).st_size for row in rows)
    return Kept(folder, root, size, refreshed)


def remove(folder: Path, *, seconds: float = 5.0) -> bool:
    """Remove an index and all its words; False where somebody is still writing it, or it cannot be."""
    try:
        with held(folder, is_urgent=True, seconds=seconds) as is_ours:
            if is_ours:
                shutil.rmtree(folder)
            return is_ours
    except FileNotFoundError:
        return True
    except OSError:
        return False


def prune(but: Path) -> None:
    """Remove the indexes of projects that are gone, that nobody used for long, that take too much room."""
    total, now = 0, time.time()
    for one in kept():
        if one.folder == but:
            continue
        total += one.size
        if one.is_orphan or now - one.refreshed > AGE_SECONDS or total > ALL_BYTES:
            remove(one.folder, seconds=0)
