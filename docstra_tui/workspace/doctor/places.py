"""The folders of this program, the room on their disks, the settings, and the key for another server."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from docstra_tui import paths, settings, themes
from docstra_tui.context.search.index import place as index_place
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.place import LONGEST_PATH
from docstra_tui.errors import DocstraError, UnsafePath
from docstra_tui.figures import size
from docstra_tui.llm.files import hub
from docstra_tui.llm.http.key import FILE, VARIABLE, clean_key, find_key, in_file, in_variable
from docstra_tui.remotes import COMMON_KEY, Remote
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import (
    Check,
    Status,
    aside,
    changed,
    elsewhere,
    made_writable,
    of_error,
    together,
    typed,
)
from docstra_tui.workspace.title import shown_path

FULL = 20_000_000
"""Bytes free, below which what is said may not be saved."""
LITTLE = 1_000_000_000
"""Bytes free, below which no model is fetched or converted."""
FEW_FILES = 1_000
"""New files that a disk still takes."""


def folders(case: Case) -> Check:
    """Each of ours: whether it is there or can be made, takes new files, and is nobody else's."""
    private = {
        "DOCSTRA_RUNTIME_DIR": paths.runtime_dir(),
        "DOCSTRA_STATE_DIR": paths.state_dir(),
        "DOCSTRA_CACHE_DIR": index_place.parent(),
    }
    found = [*_open(private), *_unwritable(), *_short(case)]
    shown = (paths.runtime_dir(), paths.state_dir(), paths.cache_dir(), paths.config_dir())
    return together("folders", found, ", ".join(map(shown_path, shown)))


def _open(folders: Mapping[str, Path]) -> Iterator[Check]:
    """Those that are not ours alone, by their variable; no program of ours uses them so."""
    for variable, folder in folders.items():
        try:
            paths.check_private(folder)
        except UnsafePath as error:
            yield replace(of_error("folders", "fail", error), cure=_made_private(folder, variable))
        except OSError:  # it is not there yet
            pass


def _made_private(folder: Path, variable: str) -> str:
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        return aside(folder)
    if status.st_uid != os.getuid():
        return elsewhere([variable])
    # Its mode is not ours to advise on where it may be everybody's, such as /tmp.
    if paths.is_named_ours(folder) or folder == index_place.parent():
        return f"chmod 700 {typed(folder)}"
    return f"export {variable}={typed(folder / paths.APP)}"


def _unwritable() -> Iterator[Check]:
    """Those that take no new files, by the folder that is to blame."""
    places: tuple[tuple[str, Path, str, Status], ...] = (
        ("sockets", paths.runtime_dir(), "DOCSTRA_RUNTIME_DIR", "fail"),
        ("sessions", paths.state_dir(), "DOCSTRA_STATE_DIR", "fail"),
        ("caches", paths.cache_dir(), "DOCSTRA_CACHE_DIR", "warn"),
        ("settings", paths.config_dir(), "DOCSTRA_CONFIG_DIR", "warn"),
    )
    apart: dict[Path, list[tuple[str, Path, str, Status]]] = {}
    for place in places:
        is_said = place[3] == "fail" and os.path.lexists(place[1]) and not os.path.isdir(place[1])
        if not is_said and not paths.can_be_written(place[1]):
            apart.setdefault(paths.nearest(place[1]), []).append(place)
    for there, rows in apart.items():
        worst: Status = "fail" if any(row[3] == "fail" for row in rows) else "warn"
        detail = f"nothing can be written in {shown_path(there)}: no {', no '.join(row[0] for row in rows)}"
        yield Check("folders", worst, detail, made_writable(there, [row[2] for row in rows]))


def _short(case: Case) -> Iterator[Check]:
    """A socket's path has a length that no system exceeds."""
    path = EngineIdentity.from_settings(case.settings).socket
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        detail = f"the folder of sockets has too long a path ({length} bytes with a socket)"
        yield Check("folders", "fail", detail, "export DOCSTRA_RUNTIME_DIR=/tmp/docstra")


def disk(case: Case) -> Check:
    """The room where something is written."""
    found: dict[int, Check] = {}
    fine: dict[int, str] = {}
    for what, folder, may_grow in (
        ("sessions", paths.state_dir(), False),
        ("sockets", paths.runtime_dir(), False),
        ("caches", paths.cache_dir(), True),
        ("models", hub.cache_folder(), True),
    ):
        there = _there(folder)
        device = os.stat(there).st_dev
        room = os.statvfs(there)
        free = room.f_bavail * room.f_frsize
        shown = f"{size(free)} free for {what} in {shown_path(there)}"
        fine.setdefault(device, shown)
        if free < FULL:
            check = Check("disk", "fail" if what == "sessions" else "warn", shown, f"df -h {typed(there)}")
        elif may_grow and free < LITTLE:
            check = Check("disk", "warn", shown, "docstra-tui index clear --all")
        elif room.f_files and room.f_favail < FEW_FILES:
            detail = f"only {room.f_favail:,} more files fit beside the {what} in {shown_path(there)}"
            check = Check("disk", "warn", detail, f"df -i {typed(there)}")
        else:
            continue
        found.setdefault(device, check)
    return together("disk", list(found.values()), "; ".join(fine.values()))


def _there(folder: Path) -> Path:
    """It, or the nearest one above it that is there."""
    while not os.path.isdir(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def in_force(case: Case) -> Check:
    """Whether the settings are understood."""
    where = settings.config_path()
    if case.problem is not None:
        if str(where) in case.problem.message:
            return Check("settings", "fail", str(case.problem).rstrip("."), "docstra-tui config edit")
        return of_error("settings", "fail", case.problem)
    theme, problem = themes.choose(case.settings.theme)
    if problem is not None:
        other = changed("theme", f"docstra-tui config set theme {typed(theme.name)}", case.given)
        return Check("settings", "warn", f"{problem.message} {problem.hint}".rstrip(" ."), other)
    what = shown_path(where) if where.is_file() else f"the defaults; {shown_path(where)} is not there"
    return Check("settings", "ok", f"{what}, theme {theme.name}")


def key(case: Case) -> Check:
    """Whether the key for the server that answers can be read, and the keys in files by nobody else."""
    server = case.settings.server
    try:
        found, where = _key_of(server)
    except DocstraError as error:
        return of_error("api key", "fail", error)
    open_ones = []
    for one in case.settings.remotes.values():
        try:
            _key_of(one)
        except UnsafePath as error:
            open_ones.append(of_error("api key", "fail", error))
        except DocstraError:  # of a server that does not answer now
            pass
    return together("api key", open_ones, where if found else "none")


def _key_of(server: Remote | None) -> tuple[bool, str]:
    """Whether there is one, and where. Raises `UnsafePath`, `SettingsError`."""
    if server is None or server.key_env == COMMON_KEY:
        is_in_variable = bool(os.environ.get(VARIABLE, "").strip())
        where = f"${VARIABLE}" if is_in_variable else f"{shown_path(paths.config_dir() / FILE)}, yours alone"
        return bool(clean_key(find_key())), where
    if server.key_env:
        return bool(clean_key(in_variable(server.key_env))), f"${server.key_env}"
    if not server.key_file:
        return False, ""
    return bool(clean_key(in_file(server.key_file))), f"{server.key_file}, yours alone"
