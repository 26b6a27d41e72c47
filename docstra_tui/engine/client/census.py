"""Every engine of this user, whatever it serves, whichever version it is, whatever became of its files."""

from __future__ import annotations

import contextlib
from pathlib import Path

from docstra_tui import paths
from docstra_tui.engine.client import old_logs, place, processes
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.lifecycle import Engine
from docstra_tui.errors import UnsafePath

UNKNOWN = EngineIdentity(model="unknown", version="")
"""Of an engine whose note cannot be read."""


def list_engines() -> list[Engine]:
    """The living ones; what dead ones left is removed: sockets and locks at once, logs in the end."""
    folder = paths.runtime_dir().absolute()
    started = {Path(told.socket): told for told, _ in processes.engines_in(folder)}
    engines = []
    is_ours = _is_ours(folder)
    for socket in sorted(place.sockets_in(folder) | set(started)):
        lock = place.lock_path(socket)
        if paths.is_locked(lock):
            note, told = place.read_note(lock), started.get(socket)
            if note is not None:
                engines.append(Engine(note.identity, socket, Path(note.log)))
            else:
                engines.append(_of(socket, told))
        elif socket in started:
            engines.append(_of(socket, started[socket]))
        elif is_ours:
            with contextlib.suppress(OSError):
                place.remove_stale(socket)
    old_logs.remove(paths.log_dir().absolute(), {engine.log for engine in engines})
    return engines


def sweep() -> None:
    """Remove what dead engines left, as a list of the living ones does; quick where there is nothing."""
    sockets = place.sockets_in(paths.runtime_dir().absolute())
    held = {socket: paths.is_locked(place.lock_path(socket)) for socket in sockets}
    if not all(held.values()):
        list_engines()  # one whose lock a cleaner took is known by its process
        return
    notes = [place.read_note(place.lock_path(socket)) for socket in held]
    old_logs.remove(paths.log_dir().absolute(), {Path(note.log) for note in notes if note is not None})


def models() -> set[str]:
    """The names of the models that engines have or load now, by what stands in their locks."""
    locks = [place.lock_path(socket) for socket in place.sockets_in(paths.runtime_dir().absolute())]
    notes = [place.read_note(lock) for lock in locks if paths.is_locked(lock)]
    return {note.identity.model for note in notes if note is not None}


def _is_ours(folder: Path) -> bool:
    """False for another user's folder, a link and what others may enter: no engine of ours was there."""
    try:
        paths.check_private(folder)
    except (UnsafePath, OSError):
        return False
    return True


def _of(socket: Path, told: processes.Started | None) -> Engine:
    """Known by what it was started with, if at all."""
    if told is None:
        return Engine(UNKNOWN, socket, paths.log_dir().absolute() / f"engine-{socket.stem}.log")
    return Engine(told.identity, socket, Path(told.log))
