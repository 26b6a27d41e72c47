"""Every engine of this user, whatever it serves, whichever version it is, whatever became of its files."""

from __future__ import annotations

import contextlib
from pathlib import Path

from docstra_tui import paths
from docstra_tui.engine.client import place, processes
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.lifecycle import Engine

UNKNOWN = EngineIdentity(model="unknown", version="")
"""Of an engine whose note cannot be read."""


def list_engines() -> list[Engine]:
    """The living ones; what dead ones left is removed."""
    folder = paths.runtime_dir().absolute()
    started = {Path(told.socket): told for told, _ in processes.engines_in(folder)}
    try:
        left = {path.with_suffix(".sock") for path in folder.iterdir() if path.suffix in (".lock", ".sock")}
    except OSError:
        left = set()
    engines = []
    for socket in sorted(left | set(started)):
        lock = place.lock_path(socket)
        if place.is_held(lock):
            note, told = place.read_note(lock), started.get(socket)
            if note is not None:
                engines.append(Engine(note.identity, socket, Path(note.log)))
            else:
                engines.append(_of(socket, told))
        elif socket in started:
            engines.append(_of(socket, started[socket]))
        else:
            with contextlib.suppress(OSError):
                place.remove_stale(socket)
    return engines


def _of(socket: Path, told: processes.Started | None) -> Engine:
    """Known by what it was started with, if at all."""
    if told is None:
        return Engine(UNKNOWN, socket, paths.log_dir().absolute() / f"engine-{socket.stem}.log")
    return Engine(told.identity, socket, Path(told.log))
