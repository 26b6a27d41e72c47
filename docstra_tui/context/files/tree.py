"""What a folder holds, as a person picks from it: folders first, ignored and hidden files left out.

Runs in a thread: one `scandir` a folder, no `stat` for ordinary files. Links are shown and never
followed. Knows nothing about how it is drawn.
"""

from __future__ import annotations

import heapq
import os
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.context.files.confined import kind_of, open_folder
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.git_names import MEANT_BY_GIT, is_git
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

ROWS = 2000
"""Rows of one folder that are worth drawing; the filter finds the rest."""


@dataclass(frozen=True)
class Entry:
    """One row of a folder."""

    path: str
    """Relative to the root, `/` between parts; may hold surrogates for bytes that are no UTF-8."""
    name: str
    is_folder: bool
    reason: str = ""
    """Why it cannot be picked, ready to show; empty when it can."""


@dataclass(frozen=True)
class Listing:
    """A folder's rows."""

    entries: tuple[Entry, ...]
    more: int = 0
    """Rows that are there and not listed."""
    error: str = ""
    """Why the folder could not be read, ready to show; empty when it could."""


TOGETHER = 20_000
"""Files of one folder that can be ticked together: no window holds more."""


@dataclass(frozen=True)
class Below:
    """What lies below a folder."""

    files: tuple[str, ...]
    """Those that can be picked, in the order of the tree."""
    closed: tuple[str, ...] = ()
    """Folders that could not be listed: what is in them is not among the files."""


def list_folder(
    root: Path, relative: str, rules: IgnoreRules, *, show_hidden: bool = False, limit: int = ROWS
) -> Listing:
    """The rows of one folder below `root` (empty `relative`: the root itself). Never raises."""
    relative = relative.strip("/")
    try:
        fd = open_folder(root, relative)
    except UnreadableFile as error:
        return Listing((), error=error.message)
    except OSError as error:
        return Listing((), error=_why(error))
    try:
        folders, files, reasons = _names(fd, relative, rules, show_hidden)
    except OSError as error:
        return Listing((), error=_why(error))
    finally:
        os.close(fd)
    prefix = f"{relative}/" if relative else ""
    first = _first(folders, limit)
    rows = [Entry(prefix + name, name, is_folder=True) for name in first]
    rows += [
        Entry(prefix + name, name, is_folder=False, reason=reasons.get(name, ""))
        for name in _first(files, limit - len(first))
    ]
    return Listing(tuple(rows), more=len(folders) + len(files) - len(rows))


def files_below(
    root: Path, relative: str, rules: IgnoreRules, *, show_hidden: bool = False, limit: int = TOGETHER
) -> Below:
    """Every file below a folder that can be picked; at most `limit`."""
    found: list[str] = []
    closed: list[str] = []
    # A stack of rows still to be visited, the next one last: no recursion, however deep the folders.
    waiting = [Entry(relative.strip("/"), "", is_folder=True)]
    while waiting and len(found) < limit:
        entry = waiting.pop()
        if entry.is_folder:
            listing = list_folder(root, entry.path, rules, show_hidden=show_hidden, limit=limit)
            waiting.extend(reversed(listing.entries))
            if listing.error:
                closed.append(entry.path)
        elif not entry.reason:
            found.append(entry.path)
    return Below(tuple(found), tuple(closed))


def files_to_tick(root: Path, relative: str, rules: IgnoreRules, *, show_hidden: bool = False) -> Below:
    """All files below a folder that can be picked. Raises `UnreadableFile` for more than `TOGETHER`:
    some of them would be no answer to "all of them"."""
    found = files_below(root, relative, rules, show_hidden=show_hidden, limit=TOGETHER + 1)
    if len(found.files) > TOGETHER:
        name = f"{shown_name(relative.strip('/'))}/" if relative.strip("/") else "The project"
        raise UnreadableFile(
            f"{name} holds more than {TOGETHER:,} files, too many for one prompt: pick folders in it."
        )
    return found


def _first(names: list[str], limit: int) -> list[str]:
    """In the order of the tree. Sorting a hundred thousand would hold up every other thread for 150 ms."""
    if len(names) <= limit:
        return sorted(names, key=_place)
    return heapq.nsmallest(limit, names, key=_place)


def _place(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _names(
    fd: int, relative: str, rules: IgnoreRules, show_hidden: bool
) -> tuple[list[str], list[str], dict[str, str]]:
    """Names of folders, names of everything else, and why some of these cannot be picked.

    Plain text only: a hundred thousand objects would make the garbage collector stop every thread.
    """
    prefix = f"{relative}/" if relative else ""
    folders: list[str] = []
    files: list[str] = []
    reasons: dict[str, str] = {}
    with os.scandir(fd) as found:
        for row in found:
            name = row.name
            if name.startswith(".") and not show_hidden:
                continue
            is_folder = row.is_dir(follow_symlinks=False)
            if rules.is_ignored(prefix + name, is_folder):
                continue
            if not relative and is_git(name):
                reasons[name] = MEANT_BY_GIT
                files.append(name)
                continue
            (folders if is_folder else files).append(name)
            if not is_folder and not row.is_file(follow_symlinks=False):
                reasons[name] = _reason(fd, row)
    return folders, files, reasons


def _reason(fd: int, row: os.DirEntry[str]) -> str:
    try:
        if row.is_symlink():
            return f"link → {shown_name(os.readlink(row.name, dir_fd=fd))}"
        return kind_of(row.stat(follow_symlinks=False).st_mode)
    except OSError as error:
        return _why(error)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
