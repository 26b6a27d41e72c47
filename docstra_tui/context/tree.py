"""What a folder holds, as a person picks from it: folders first, ignored and hidden files left out.

Runs in a thread: one `scandir` a folder, no `stat` for ordinary files. Links are shown and never
followed. Knows nothing about how it is drawn.
"""

from __future__ import annotations

import heapq
import os
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.context.confined import kind_of, open_folder
from docstra_tui.context.ignore import IgnoreRules
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
        entries = _entries(fd, relative, rules, show_hidden)
    except OSError as error:
        return Listing((), error=_why(error))
    finally:
        os.close(fd)
    if len(entries) > limit:
        # Sorting all of a hundred thousand rows would hold up every other thread for 150 ms.
        first = heapq.nsmallest(limit, entries, key=_place)
    else:
        first = sorted(entries, key=_place)
    return Listing(tuple(first), more=len(entries) - len(first))


def files_below(
    root: Path, relative: str, rules: IgnoreRules, *, show_hidden: bool = False, limit: int = 20_000
) -> tuple[str, ...]:
    """Every file below a folder that can be picked, in the order of the tree; at most `limit`."""
    found: list[str] = []
    # A stack of rows still to be visited, the next one last: no recursion, however deep the folders.
    waiting = [Entry(relative.strip("/"), "", is_folder=True)]
    while waiting and len(found) < limit:
        entry = waiting.pop()
        if entry.is_folder:
            listing = list_folder(root, entry.path, rules, show_hidden=show_hidden, limit=limit)
            waiting.extend(reversed(listing.entries))
        elif not entry.reason:
            found.append(entry.path)
    return tuple(found)


def _place(entry: Entry) -> tuple[bool, str, str]:
    return not entry.is_folder, entry.name.casefold(), entry.name


def _entries(fd: int, relative: str, rules: IgnoreRules, show_hidden: bool) -> list[Entry]:
    prefix = f"{relative}/" if relative else ""
    entries: list[Entry] = []
    with os.scandir(fd) as found:
        for row in found:
            name = row.name
            if name.startswith(".") and not show_hidden:
                continue
            path = prefix + name
            is_folder = row.is_dir(follow_symlinks=False)
            if rules.is_ignored(path, is_folder):
                continue
            reason = "" if is_folder or row.is_file(follow_symlinks=False) else _reason(fd, row)
            entries.append(Entry(path, name, is_folder, reason))
    return entries


def _reason(fd: int, row: os.DirEntry[str]) -> str:
    try:
        if row.is_symlink():
            return f"link → {shown_name(os.readlink(row.name, dir_fd=fd))}"
        return kind_of(row.stat(follow_symlinks=False).st_mode)
    except OSError as error:
        return _why(error)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
