"""Which process is meant: its number together with the moment it began, for numbers are given out again.

Also finds engines by the words they were started with, where a lock or a socket can no longer tell.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from docstra_tui.engine.client.identity import EngineIdentity

MODULE = "docstra_tui.engine"
"""What an engine's process runs: the word before its options."""

T = TypeVar("T")


@dataclass(frozen=True)
class Mark:
    """One process, for ever."""

    pid: int
    started: str
    """When it began, in the system's own words: only good for comparing."""


class Started(msgspec.Struct, frozen=True):
    """What an engine of any version was told when it started, as far as it can be read."""

    socket: str = ""
    log: str = ""
    identity: EngineIdentity = msgspec.field(default_factory=EngineIdentity)


def mark_of(pid: int) -> Mark | None:
    """The process that has this number now; None where there is none, or only what is left of one."""
    if pid <= 0:
        return None
    if sys.platform != "linux":
        return _mark_elsewhere(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()  # a name may have spaces and brackets
    except OSError:
        return None
    if fields[0] in (b"Z", b"X"):
        return None
    return Mark(pid, fields[19].decode())


def is_running(mark: Mark) -> bool:
    """True while that very process lives."""
    return mark_of(mark.pid) == mark


def kill(mark: Mark, how: signal.Signals = signal.SIGKILL) -> None:
    """End that very process, whatever it does, or tell it to with SIGTERM; nothing where it is gone and its
    number is another's."""
    if not hasattr(os, "pidfd_open"):
        if is_running(mark):
            with contextlib.suppress(OSError):
                os.kill(mark.pid, how)
        return
    try:
        handle = os.pidfd_open(mark.pid)
    except OSError:
        return
    try:
        if is_running(mark):  # looked at while the handle holds it: the number cannot change hands now
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, how)
    finally:
        os.close(handle)


def engines_in(folder: Path) -> Iterator[tuple[Started, Mark]]:
    """This user's engines with their socket in `folder`, from the system's list of processes."""
    import psutil

    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid():
                continue
            words = process.cmdline()
        except psutil.Error:  # it ended while it was looked at
            continue
        if len(words) < 3 or MODULE not in words[:-1]:
            continue
        started = loosely(words[-1].encode("utf-8", "surrogateescape"), Started)
        mark = mark_of(process.pid)
        if started is not None and started.socket and Path(started.socket).parent == folder and mark:
            yield started, mark


def loosely(encoded: bytes, shape: type[T]) -> T | None:
    """A struct from JSON of any version: fields that are unknown, missing or of another type do not
    count. None where it is no JSON object, or nothing without a default is left of it."""
    try:
        found = msgspec.json.decode(encoded)
        return _loose(found, shape) if isinstance(found, dict) else None
    except (msgspec.MsgspecError, TypeError, UnicodeError, RecursionError):
        return None


def _loose(found: dict[str, object], shape: type[T]) -> T:
    kept: dict[str, object] = {}
    for field in msgspec.structs.fields(shape):  # type: ignore[arg-type]
        value = found.get(field.name)
        kind = field.type
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            kept[field.name] = _loose(value, kind)
        elif field.name in found:
            with contextlib.suppress(msgspec.MsgspecError):
                kept[field.name] = msgspec.convert(value, field.type)
    return shape(**kept)


def _mark_elsewhere(pid: int) -> Mark | None:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Mark(pid, f"{process.create_time():.2f}")
    except psutil.Error:
        return None
