"""What became of a ticked file since it was read: each change is a state with its reason.

A ticked file is one snapshot: what is shown, counted and sent. Looking whether the disk still agrees
costs a `stat`; the file is read again only where that differs.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from docstra_tui.context.files.confined import inside, kind_of, open_file, open_folder, unreadable
from docstra_tui.context.files.decoding import HEAD, decode
from docstra_tui.context.files.reader import MAX_BYTES, largest, read_file
from docstra_tui.errors import UnreadableFile
from docstra_tui.llm.items import ContextItem
from docstra_tui.text import shown_name

UNSETTLED_NS = 2_000_000_000
"""A file written this short before it was read may be written again without its times showing it: file
systems count in steps of up to two seconds."""

READ_TOGETHER = 8_000_000
"""Characters of all ticked files together: several times the largest window there is."""

Kind = Literal["unchanged", "changed", "deleted", "unreadable", "binary", "huge", "too much"]


@dataclass(frozen=True)
class Stamp:
    """Which file it was, and in which condition."""

    dev: int
    ino: int
    size: int
    """Bytes."""
    mtime_ns: int
    ctime_ns: int
    """Changes with every write, also where a program sets the other time back."""

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """From a `stat`."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True)
class FileState:
    """How the disk stands to the snapshot."""

    kind: Kind
    reason: str = ""
    """A sentence, ready to show; empty for `unchanged` and `changed`."""
    size: int | None = None
    """Bytes, for `huge`."""

    @property
    def is_sendable(self) -> bool:
        """True when nothing has to be asked or said before the file is sent."""
        return self.kind in ("unchanged", "changed")


UNCHANGED = FileState("unchanged")
CHANGED = FileState("changed")


@dataclass(frozen=True)
class Ticked:
    """A file, or lines of it, that the user picked."""

    path: str
    """Relative to the root, `/` between parts."""
    start_line: int | None = None
    """As picked; None for the whole file."""
    end_line: int | None = None
    """Included."""
    item: ContextItem | None = None
    """The snapshot; None when it could never be read."""
    stamp: Stamp | None = None
    """Of the file that `item` was read from; with `newer`, of the file that that was read from."""
    read_ns: int = 0
    """When, in the clock of the file system."""
    encoding: str = "utf-8"
    """Of the file when it was last read."""
    note: str = ""
    """A sentence when that was guessed; else empty."""
    state: FileState = UNCHANGED
    newer: ContextItem | None = None
    """With `changed`: what is there now. It takes the snapshot's place only by `updated`."""

    def updated(self) -> Ticked:
        """With what is there now as the snapshot."""
        if self.newer is None:
            return self
        return replace(self, item=self.newer, newer=None, state=UNCHANGED)

    def with_content(self, item: ContextItem) -> Ticked:
        """With what was read just now: the first snapshot, the same as it, or what has come in its place."""
        if self.item is None:
            return replace(self, item=item, state=UNCHANGED, newer=None)
        if (self.item.key, self.item.sha256) == (item.key, item.sha256):
            return replace(self, state=UNCHANGED, newer=None)
        return replace(self, state=CHANGED, newer=item)

    def _is_settled(self) -> bool:
        return self.stamp is not None and self.read_ns - self.stamp.mtime_ns > UNSETTLED_NS


def tick(
    root: Path,
    path: str,
    start_line: int | None = None,
    end_line: int | None = None,
    *,
    max_bytes: int = MAX_BYTES,
) -> Ticked:
    """Read a file for the first time. Never raises: what is wrong with it is its state. For a worker."""
    return _looked_at(Ticked(path, start_line, end_line), root, max_bytes)


def not_read(path: str, start_line: int | None = None, end_line: int | None = None) -> Ticked:
    """A file that is left unread because of all that was read before it."""
    reason = (
        f"What is ticked before {shown_name(path)} is {READ_TOGETHER // 1_000_000} MB of text already, "
        "more than any model takes. Untick some of it."
    )
    return Ticked(path, start_line, end_line, state=FileState("too much", reason))


def refresh(
    ticked: Iterable[Ticked],
    root: Path,
    *,
    max_bytes: int = MAX_BYTES,
    stop: threading.Event | None = None,
) -> list[Ticked]:
    """The files whose state, or whose newer content, is another than it was; for a worker.

    What was left unread for all the others stays so, a huge file until it is ticked with a larger
    `max_bytes`. Never raises.
    """
    found: list[Ticked] = []
    for file in ticked:
        if stop is not None and stop.is_set():
            break
        now = _looked_at(file, root, max_bytes)
        if (now.state, now.item, now.newer) != (file.state, file.item, file.newer):
            found.append(now)
    return found


def _looked_at(file: Ticked, root: Path, max_bytes: int) -> Ticked:
    if file.state.kind == "too much":
        return file
    for _ in range(3):  # again when it was written to while it was read
        try:
            before = _stamp(root, file.path)
        except UnreadableFile as error:
            return replace(file, state=FileState("unreadable", error.message), stamp=None, newer=None)
        except OSError as error:
            return replace(file, state=_missing(file.path, error), stamp=None, newer=None)
        if before == file.stamp and file._is_settled() and file.state.kind != "huge":
            return file
        if before.size > largest(file.path, max_bytes):
            reason = f"{shown_name(file.path)} has {before.size:,} bytes; files up to {max_bytes:,} are read."
            return replace(file, state=FileState("huge", reason, before.size), stamp=before, newer=None)
        now = time.time_ns()
        try:
            read = read_file(
                root, file.path, start_line=file.start_line, end_line=file.end_line, max_bytes=max_bytes
            )
        except UnreadableFile as error:
            kind: Kind = "binary" if _is_binary(root, file.path) else "unreadable"
            state = FileState(kind, error.message)
            return replace(file, state=state, stamp=before, read_ns=now, newer=None)
        try:
            after = _stamp(root, file.path)
        except (OSError, UnreadableFile):
            continue
        if before == after:
            looked_at = replace(file, stamp=before, read_ns=now, encoding=read.encoding, note=read.note)
            return looked_at.with_content(read.item)
    reason = f"{shown_name(file.path)} changes while it is read."
    return replace(file, state=FileState("unreadable", reason), stamp=None, newer=None)


def _stamp(root: Path, path: str) -> Stamp:
    """Raises `OSError`, or `UnreadableFile` for what is no regular file below the root."""
    relative = inside(root, path)
    parent, _, name = relative.rpartition("/")
    fd = open_folder(root, parent)
    try:
        status = os.stat(name or ".", dir_fd=fd, follow_symlinks=False)
    finally:
        os.close(fd)
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile(f"{shown_name(path)} is {kind_of(status.st_mode)}.")
    return Stamp.of(status)


def _missing(path: str, error: OSError) -> FileState:
    if isinstance(error, FileNotFoundError):
        return FileState("deleted", f"There is no file {shown_name(path)} any more.")
    return FileState("unreadable", unreadable(path, error).message)


def _is_binary(root: Path, path: str) -> bool:
    """Whether a file that could not be read is no text."""
    try:
        fd = open_file(root, inside(root, path))
    except UnreadableFile:
        return False
    try:
        data = os.read(fd, MAX_BYTES)
    except OSError:
        return False
    finally:
        os.close(fd)
    if b"\0" in data[:HEAD]:
        return True
    try:
        decode(data, path)
    except UnreadableFile:
        return True
    return False
