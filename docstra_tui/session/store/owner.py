"""Who is writing an answer: a name for this process that another one can check for life.

Two terminals share one file of sessions; an answer that is half written there is either in the making
or was left by a process that died.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

FAR_SECONDS = 3600.0
"""A process on another host cannot be asked; after an hour without a saved word it is taken for dead."""

_open_stores: set[str] = set()


def new_owner() -> str:
    """A name for one open store of this process; `forget` it when the store closes."""
    owner = f"{_place()} {os.getpid()} {_started(os.getpid())} {os.urandom(4).hex()}"
    _open_stores.add(owner)
    return owner


def forget(owner: str) -> None:
    """The store that had this name is closed."""
    _open_stores.discard(owner)


def is_owner(text: str) -> bool:
    """True for what `new_owner` may have given, in this process or another."""
    parts = text.split(" ")
    return len(parts) == 4 and parts[1].isdigit()


def is_alive(owner: str, updated: float, far_seconds: float = FAR_SECONDS) -> bool:
    """False when whoever had this name is gone. `updated` is when it last wrote (seconds since 1970); one
    that cannot be asked is trusted for `far_seconds` after that."""
    if not is_owner(owner):
        return False
    place, pid, started, _ = owner.split(" ")
    if place != _place():
        same_host = place.split("/")[0] == _place().split("/")[0]
        rebooted = same_host and place.split("/")[1:2] != _place().split("/")[1:2]
        # Of a clock that was ahead of ours, or was put back since, nothing can be said: nobody waits for it.
        return not rebooted and abs(time.time() - updated) < far_seconds
    if int(pid) == os.getpid() and started == _started(os.getpid()):
        return owner in _open_stores
    return _started(int(pid)) == started


def _place() -> str:
    """Host, boot and process namespace: within one of these a process number means something."""
    return f"{socket.gethostname().replace(' ', '_').replace('/', '_')}/{_boot()}/{_namespace()}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "-"


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid").removeprefix("pid:")
    except OSError:
        return "-"


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty when there is no such process."""
    try:
        # The name may hold spaces and brackets: count from behind it.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[19].decode() if fields[0] not in (b"Z", b"X") else ""
    except (OSError, IndexError):
        pass
    if os.path.isdir("/proc/self"):
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "-"
