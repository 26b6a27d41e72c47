"""The folders of this program, the room on their disks, the settings, and the key for another server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from docstra_tui import paths, settings, themes
from docstra_tui.context.search.index import place as index_place
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.place import LONGEST_PATH
from docstra_tui.errors import DocstraError, UnsafePath
from docstra_tui.figures import size
from docstra_tui.llm.files import hub
from docstra_tui.llm.http.key import FILE, VARIABLE, clean_key, find_key
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import Check, Status, of_error, together
from docstra_tui.workspace.title import shown_path

FULL = 20_000_000
"""Bytes free, below which what is said may not be saved."""
LITTLE = 1_000_000_000
"""Bytes free, below which no model is fetched or converted."""
FEW_FILES = 1_000
"""New files that a disk still takes."""


def folders(case: Case) -> Check:
    """Each of ours: whether it is there or can be made, takes new files, and is nobody else's."""
    found = [
        *_private("sockets", paths.runtime_dir(), "DOCSTRA_RUNTIME_DIR"),
        *_private("sessions", paths.state_dir(), "DOCSTRA_STATE_DIR"),
        *_private("indexes", index_place.parent(), "DOCSTRA_CACHE_DIR"),
        *_writable("caches", paths.cache_dir(), "DOCSTRA_CACHE_DIR", "warn"),
        *_writable("settings", paths.config_dir(), "DOCSTRA_CONFIG_DIR", "warn"),
        *_short(case),
    ]
    fine = ", ".join(
        shown_path(place)
        for place in (paths.runtime_dir(), paths.state_dir(), paths.cache_dir(), paths.config_dir())
    )
    return together("folders", found, fine)


def _private(what: str, folder: Path, variable: str) -> Iterator[Check]:
    try:
        paths.check_private(folder)
    except UnsafePath as error:
        yield of_error("folders", "fail", error)
        return
    except OSError:  # it is not there yet
        pass
    yield from _writable(what, folder, variable, "fail")


def _writable(what: str, folder: Path, variable: str, status: Status) -> Iterator[Check]:
    if paths.can_be_written(folder):
        return
    detail = f"the folder of {what}, {shown_path(folder)}, cannot be written"
    if os.path.isdir(folder) and os.stat(folder).st_uid == os.getuid():
        cure = f"chmod 700 {folder}"
    else:
        cure = f"export {variable}=$(mktemp -d), or a folder of yours that stays"
    yield Check("folders", status, detail, cure)


def _short(case: Case) -> Iterator[Check]:
    """A socket's path has a length that no system exceeds."""
    path = EngineIdentity.from_settings(case.settings).socket
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        detail = f"the folder of sockets has too long a path ({length} bytes with a socket)"
        yield Check("folders", "fail", detail, "export DOCSTRA_RUNTIME_DIR=/tmp/docstra")


def disk(case: Case) -> Check:
    """The room where something is written."""
    found: list[Check] = []
    fine: dict[int, str] = {}
    for what, folder, may_grow in (
        ("sessions", paths.state_dir(), False),
        ("sockets", paths.runtime_dir(), False),
        ("caches", paths.cache_dir(), True),
        ("models", hub.cache_folder(), True),
    ):
        there = _there(folder)
        room = os.statvfs(there)
        free = room.f_bavail * room.f_frsize
        shown = f"{size(free)} free for {what} in {shown_path(there)}"
        fine.setdefault(os.stat(there).st_dev, shown)
        if free < FULL:
            found.append(Check("disk", "fail" if what == "sessions" else "warn", shown, f"df -h {there}"))
        elif may_grow and free < LITTLE:
            found.append(Check("disk", "warn", shown, "docstra-tui index clear --all"))
        elif room.f_files and room.f_favail < FEW_FILES:
            detail = f"only {room.f_favail:,} more files fit beside the {what} in {shown_path(there)}"
            found.append(Check("disk", "warn", detail, f"df -i {there}"))
    return together("disk", found, "; ".join(fine.values()))


def _there(folder: Path) -> Path:
    """It, or the nearest one above it that is there."""
    while not os.path.isdir(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def in_force(case: Case) -> Check:
    """Whether the settings are understood."""
    where = settings.config_path()
    if case.problem is not None:
        return of_error("settings", "fail", case.problem)
    theme, problem = themes.choose(case.settings.theme)
    if problem is not None:
        return of_error("settings", "warn", problem)
    what = shown_path(where) if where.is_file() else f"the defaults; {shown_path(where)} is not there"
    return Check("settings", "ok", f"{what}, theme {theme.name}")


def key(case: Case) -> Check:
    """Whether a key for another server can be read, and by nobody else."""
    try:
        found = bool(clean_key(find_key()))
    except DocstraError as error:
        return of_error("api key", "fail", error)
    if not found:
        return Check("api key", "ok", "none")
    is_in_variable = bool(case.environ.get(VARIABLE, "").strip())
    where = f"${VARIABLE}" if is_in_variable else f"{shown_path(paths.config_dir() / FILE)}, yours alone"
    return Check("api key", "ok", where)
