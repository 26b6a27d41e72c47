"""An engine's place in the file system: a lock it holds for life, and a socket that only its user can open.

The lock decides who is the engine; a socket without a locked lock beside it is a dead one's. Both live
in a folder that temporary-file cleaners visit, so the holder looks after them (`keep`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
import stat
import time
from pathlib import Path

import msgspec

from docstra_tui import paths
from docstra_tui.engine.client.identity import LockNote
from docstra_tui.engine.client.processes import loosely
from docstra_tui.errors import EngineError

LONGEST_PATH = 99
"""Bytes; the system's own limit is 107 here and 103 elsewhere."""

OURS = re.compile(r"[0-9a-f]{16}\.(?:lock|sock)")
"""An engine's files by their names; the folder may be one that other programs use too."""

LARGEST_NOTE = 65536
"""Bytes."""

LOCK_TRIES = 6
LOCK_PAUSE_SECONDS = 0.05
"""Someone who only looks whether a lock is free holds it for a moment."""


def lock_path(socket_path: Path) -> Path:
    """The lock that belongs to a socket."""
    return socket_path.with_suffix(".lock")


def sockets_in(folder: Path) -> set[Path]:
    """The sockets of engines that are there or were, whether or not there still is a file."""
    try:
        return {path.with_suffix(".sock") for path in folder.iterdir() if OURS.fullmatch(path.name)}
    except OSError:
        return set()


class Place:
    """A lock that is held and the socket beside it. Make one with `claim`."""

    def __init__(self, socket_path: Path, lock: int, note: LockNote) -> None:
        self.socket_path = socket_path
        self._lock = lock
        self._note = note
        self._write_note()

    @classmethod
    def claim(cls, socket_path: Path, note: LockNote) -> Place | None:
        """Take the place, or None when another engine has it. Raises `EngineError`, `UnsafePath`."""
        if len(os.fsencode(socket_path)) > LONGEST_PATH:
            raise EngineError(
                f"The engine's socket path is too long ({len(os.fsencode(socket_path))} bytes): "
                f"{socket_path}.",
                "Set DOCSTRA_RUNTIME_DIR to a shorter folder, such as /tmp/docstra.",
            )
        paths.private_folder(socket_path.parent)
        for attempt in range(LOCK_TRIES):
            if attempt:
                time.sleep(LOCK_PAUSE_SECONDS)
            lock = take_lock(lock_path(socket_path))
            if lock is not None:
                return cls(socket_path, lock, note)
        return None

    def listen(self) -> socket.socket:
        """A fresh listening socket, mode 0600 from its first moment; a dead engine's is removed."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket_path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # On Linux the file gets its socket's mode; a umask would be in force for every thread meanwhile,
        # and a folder that the loader makes in that moment could not be entered.
        with contextlib.suppress(OSError):
            os.fchmod(listener.fileno(), 0o600)
        listener.bind(os.fspath(self.socket_path))
        os.chmod(self.socket_path, 0o600)  # elsewhere: late, but the folder is closed to others anyway
        listener.listen(128)
        return listener

    def keep(self) -> bool | None:
        """Look after the place, now and then.

        True: all is there (and looks used). None: the socket's path is gone, `listen` again. False:
        another engine has taken the place meanwhile; serve who is attached and leave.
        """
        try:
            paths.private_folder(self.socket_path.parent)
            if not self._lock_is_ours():
                lock = take_lock(lock_path(self.socket_path))
                if lock is None:
                    return False
                os.close(self._lock)
                self._lock = lock
                self._write_note()
            if not stat.S_ISSOCK(os.lstat(self.socket_path).st_mode):
                return None
            os.utime(lock_path(self.socket_path))
            os.utime(self.socket_path)
        except FileNotFoundError:
            return None
        return True

    def hide(self) -> None:
        """Remove the socket: nobody new comes in. The lock is held on, until the model is given back."""
        if self._lock >= 0 and self._lock_is_ours():
            with contextlib.suppress(OSError):
                os.unlink(self.socket_path)

    def leave(self) -> None:
        """Remove socket and lock, and let go. Harmless when called twice."""
        if self._lock < 0:
            return
        if self._lock_is_ours():
            for path in (self.socket_path, lock_path(self.socket_path)):
                with contextlib.suppress(OSError):
                    os.unlink(path)
        os.close(self._lock)
        self._lock = -1

    def _lock_is_ours(self) -> bool:
        return _is_same_file(self._lock, lock_path(self.socket_path))

    def _write_note(self) -> None:
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, msgspec.json.encode(self._note), 0)


def take_lock(path: Path) -> int | None:
    """A descriptor that holds the lock, or None when another process does."""
    while True:
        fd = paths.open_private(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        if _is_same_file(fd, path):
            return fd
        os.close(fd)  # its last holder removed it between our open and our lock


def read_note(path: Path) -> LockNote | None:
    """What the lock's holder wrote, as far as this version understands it; None when it is not (yet)
    readable."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return loosely(os.read(fd, LARGEST_NOTE), LockNote)
    except OSError:
        return None
    finally:
        os.close(fd)


def remove_stale(socket_path: Path) -> bool:
    """Remove what a dead engine left; False when a living one holds the place."""
    lock = take_lock(lock_path(socket_path))
    if lock is None:
        return False
    try:
        for path in (socket_path, lock_path(socket_path)):
            with contextlib.suppress(OSError):
                os.unlink(path)
    finally:
        os.close(lock)
    return True


def _is_same_file(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.lstat(path))
    except OSError:
        return False
