"""Every engine of this user, whatever it serves, whichever version it is, whatever became of its files."""

from __future__ import annotations

import contextlib
from pathlib import Path

from docstra_tui import paths
from docstra_tui.engine.client import old_logs, place, processes
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.lifecycle import Engine

UNKNOWN = EngineIdentity(model="unknown", version="")
"""Of an engine whose note cannot be read."""


def list_engines() -> list[Engine]:
    """The living ones; what dead ones left is removed: sockets and locks at once, logs in the end."""
    folder = paths.runtime_dir().absolute()
    started = {Path(told.socket): told for told, _ in processes.engines_in(folder)}
    engines = []
    for socket in sorted(_left_in(folder) | set(started)):
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
    old_logs.remove(paths.log_dir().absolute(), {engine.log for engine in engines})
    return engines


def sweep() -> None:
    """Remove what dead engines left, as a list of the living ones does; quick where there is nothing."""
    held = {
        socket: place.is_held(place.lock_path(socket)) for socket in _left_in(paths.runtime_dir().absolute())
    }
    if not all(held.values()):
        list_engines()  # one whose lock a cleaner took is known by its process
        return
    notes = [place.read_note(place.lock_path(socket)) for socket in held]
    old_logs.remove(paths.log_dir().absolute(), {Path(note.log) for note in notes if note is not None})


def models() -> set[str]:
    """The names of the models that engines have or load now, by what stands in their locks."""
    locks = [place.lock_path(socket) for socket in _left_in(paths.runtime_dir().absolute())]
    notes = [place.read_note(lock) for lock in locks if place.is_held(lock)]
    return {note.identity.model for note in notes if note is not None}


def _left_in(folder: Path) -> set[Path]:
    """The sockets of engines that are there or were."""
    try:
        return {path.with_suffix(".sock") for path in folder.iterdir() if path.suffix in (".lock", ".sock")}
    except OSError:
        return set()


def _of(socket: Path, told: processes.Started | None) -> Engine:
    """Known by what it was started with, if at all."""
    if told is None:
        return Engine(UNKNOWN, socket, paths.log_dir().absolute() / f"engine-{socket.stem}.log")
    return Engine(told.identity, socket, Path(told.log))
