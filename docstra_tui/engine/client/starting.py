"""A new engine's process: detached from this terminal, with a log and nothing secret."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path

import msgspec

from docstra_tui import paths
from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.errors import EngineError

LARGEST_LOG = 1_000_000
"""Bytes; a longer log is set aside as `.1` when an engine starts."""

MEMORY = (
    "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=536870912"
)
"""How glibc gives memory to the engine: what one layer let go of serves the next, in another thread than the
first too. A prompt of 3,700 tokens is read in 1.65 s in place of 1.84 (medians of three, 2 cores, bfloat16).
Large pages (`hugetlb=1`) with it make copying a cache ten times slower. Other libraries do not know it."""

PLACES = ("DOCSTRA_RUNTIME_DIR", "DOCSTRA_STATE_DIR", "DOCSTRA_CONFIG_DIR", "DOCSTRA_CACHE_DIR")


def start(options: EngineOptions, secret: Collection[str] = ()) -> subprocess.Popen[bytes]:
    """The process, which goes on when this one ends; `secret` are variables that it has not, with
    DOCSTRA_API_KEY. Raises `EngineError`."""
    kept_back = {"DOCSTRA_API_KEY", *secret}
    environment = {name: value for name, value in os.environ.items() if name not in kept_back}
    for name in PLACES:  # the engine works in another folder
        if environment.get(name):
            environment[name] = os.path.abspath(os.path.expanduser(environment[name]))
    environment.setdefault("GLIBC_TUNABLES", MEMORY)
    # Without -P the working folder, which may be a stranger's repository, could bring its own torch.py.
    command = [sys.executable, "-P", "-m", "docstra_tui.engine", msgspec.json.encode(options).decode()]
    log = _open_log(Path(options.log))
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=environment,
        )
    except OSError as error:
        raise EngineError(f"The engine cannot be started: {error}.") from error
    finally:
        os.close(log)
    # Someone has to take note of its end, or it stays a zombie for as long as this process lives.
    threading.Thread(target=process.wait, name="engine-reaper", daemon=True).start()
    return process


def _open_log(path: Path) -> int:
    try:
        paths.private_folder(path.parent.parent)
        paths.private_folder(path.parent)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        fd = paths.open_private(path)
        with contextlib.suppress(OSError):
            os.utime(fd)  # nobody takes it for an old one before the engine has its place
        return fd
    except OSError as error:
        raise EngineError(f"The engine's log {path} cannot be written: {error.strerror}.") from error
