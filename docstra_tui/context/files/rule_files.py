"""The files that hold rules of what is ignored: found, and read as lines.

Git is never started: a repository's own configuration can make it run any program.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from docstra_tui.context.files.confined import open_folder
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

MAX_BYTES = 1_000_000
"""A longer file of rules is cut here."""

_MAX_RULES = 10_000
"""Of one file; the rest does not count."""

_POINTER_BYTES = 8192
"""A longer `.git` or `commondir` file points to nothing."""

logger = logging.getLogger("docstra_tui.context")


def working_tree(root: Path) -> Path | None:
    """The top of the git working tree that `root` lies in: the nearest folder with a repository, else the
    nearest that has a `.git` at all."""
    marked = [folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")]
    whole = (folder for folder in marked if repository_below(folder, "") is not None)
    return next(whole, marked[0] if marked else None)


def git_folder(top: Path) -> Path | None:
    """Where the repository of a working tree is kept: its `.git`, or what that points to."""
    pointer = _read(top, "", ".git", _POINTER_BYTES)
    if pointer is None:
        return top / ".git"
    if not pointer.startswith(b"gitdir: "):
        return None
    return _pointed_to(top, pointer.removeprefix(b"gitdir: "))


def repository_below(root: Path, folder: str) -> Path | None:
    """The git folder of a repository or submodule whose top is `folder`; None where git sees none: an empty
    `.git`, or one that points to nothing, belongs to the repository around it."""
    if not os.path.lexists(f"{root}/{folder}/.git"):  # nearly every folder
        return None
    place = git_folder(root / folder)
    return place if place is not None and _is_repository(place) else None


def read_exclude(place: Path) -> list[str]:
    """The rules of `info/exclude` in a git folder; in a linked worktree's, those of its repository.

    What `.git` points to is a repository's to say: nothing is read there but this one file of rules.
    """
    common = _read(place, "", "commondir", _POINTER_BYTES)
    if common:
        place = _pointed_to(place, common)
    return read_rules(place, "info", "exclude")


def _is_repository(place: Path) -> bool:
    try:
        fd = open_folder(place, "")
    except (OSError, ValueError, UnreadableFile):
        return False
    try:
        held = {name for name in ("HEAD", "commondir", "objects", "refs") if _holds(fd, name)}
    finally:
        os.close(fd)
    return "HEAD" in held and ("commondir" in held or {"objects", "refs"} <= held)


def _holds(fd: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except OSError:
        return False
    return True


def _pointed_to(base: Path, path: bytes) -> Path:
    return Path(os.path.normpath(base / os.fsdecode(path.rstrip(b"\r\n"))))


def read_rules(root: Path, folder: str, name: str) -> list[str]:
    """The lines of a file of rules; none when it is missing, unreadable, a link or not a file."""
    data = _read(root, folder, name, MAX_BYTES, is_cut=True)
    if data is None:
        return []
    lines = os.fsdecode(data.removeprefix(b"\xef\xbb\xbf")).split("\n")
    if len(data) == MAX_BYTES:
        lines.pop()  # half a rule may mean the opposite
    if len(data) == MAX_BYTES or len(lines) > _MAX_RULES:
        logger.warning(
            "%s is too long, its last rules do not count", shown_name(f"{folder}/{name}".lstrip("/"))
        )
    return [line.removesuffix("\r") for line in lines[:_MAX_RULES]]


def _read(root: Path, folder: str, name: str, limit: int, *, is_cut: bool = False) -> bytes | None:
    """What a regular file holds; None for anything else, and for more than `limit` unless it is cut."""
    try:
        parent = open_folder(root, folder)
    except (OSError, ValueError, UnreadableFile):
        return None
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=parent)
    except OSError:
        return None
    finally:
        os.close(parent)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or (found.st_size > limit and not is_cut):
            return None
        return os.read(fd, limit)
    except OSError:
        return None
    finally:
        os.close(fd)
