"""Opening what lies below a folder, and nothing else: no link is followed, nothing special is opened.

The path is walked component by component from the root's own descriptor, so a folder that is swapped
for a link between looking and reading leads nowhere. Knows nothing about contents.
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
from pathlib import Path

from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

FORBIDDEN = ("/proc", "/sys", "/dev")
"""Kernel interfaces: reading can block, have effects, or tell secrets of other processes."""

_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of(mode: int) -> str:
    """`a folder`, `a link`, `a named pipe`, …; empty for a regular file."""
    kind = stat.S_IFMT(mode)
    return "" if kind == stat.S_IFREG else _KINDS.get(kind, "not a regular file")


def inside(root: Path, path: str) -> str:
    """`path` relative to `root` with `/` between parts; empty for the root itself.

    Takes `./a`, `a/../b` and an absolute path below the root. Raises `UnreadableFile` for anything
    outside. The file system is not asked: links are refused later, when it is opened.
    """
    if "\0" in path:
        raise UnreadableFile(f"No file can be called {shown_name(path)}.")
    base = os.path.abspath(root)
    full = posixpath.normpath(posixpath.join(base, path))
    if full == base:
        return ""
    prefix = base if base.endswith("/") else base + "/"
    if not full.startswith(prefix):
        raise UnreadableFile(
            f"{shown_name(path)} lies outside {shown_name(base)}.",
            "Start docstra-tui on a folder that holds it, or name it with -f.",
        )
    return full[len(prefix) :]


def open_folder(root: Path, relative: str) -> int:
    """A descriptor of a folder below `root`, to be listed. Raises `OSError` or `UnreadableFile`."""
    parent, name = _open_parent(root, relative)
    if not name:
        return parent
    try:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=parent)
    finally:
        os.close(parent)


def open_file(root: Path, relative: str) -> int:
    """A descriptor of a regular file below `root`.

    Never blocks on a pipe and never touches a device. Raises `UnreadableFile` in the user's words.
    """
    shown = shown_name(relative or ".")
    try:
        parent, name = _open_parent(root, relative)
    except OSError as error:
        raise unreadable(relative, error) from error
    try:
        if not name:
            raise UnreadableFile(f"{shown} is a folder.", "Name a file in it.")
        _refuse_special(shown, os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=parent)
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, fd)
            _refuse_special(shown, os.fstat(fd).st_mode)
            undo.pop_all()
        return fd
    except OSError as error:
        raise unreadable(relative, error) from error
    finally:
        os.close(parent)


def unreadable(path: str, error: OSError) -> UnreadableFile:
    """What an `OSError` means for somebody who wanted to read `path`."""
    shown = shown_name(path or ".")
    match error.errno:
        case errno.ENOENT | errno.ESTALE:
            return UnreadableFile(f"There is no file {shown}.", "It may have been moved or deleted.")
        case errno.EACCES | errno.EPERM:
            return UnreadableFile(f"{shown} may not be read: {error.strerror}.", "Its owner can allow it.")
        case errno.ELOOP | errno.ENOTDIR:
            return UnreadableFile(
                f"A part of the path {shown} is a link, or no folder.", "Name the file by its real path."
            )
        case errno.ENAMETOOLONG:
            return UnreadableFile(f"The name {shown[:80]}… is too long to be a file.")
        case _:
            return UnreadableFile(f"{shown} cannot be read: {error.strerror or error}.")


def _open_parent(root: Path, relative: str) -> tuple[int, str]:
    """The folder that holds `relative`, and the last part of it; the root and `""` for the root."""
    real = os.path.realpath(root)
    if any(real == place or real.startswith(place + "/") for place in FORBIDDEN) or (
        real == "/" and any(f"/{relative}/".startswith(place + "/") for place in FORBIDDEN)
    ):
        raise UnreadableFile(f"{shown_name(real)} belongs to the kernel; nothing is read from there.")
    parts = [part for part in relative.split("/") if part]
    if any(part in (".", "..") for part in parts):
        raise UnreadableFile(f"{shown_name(relative)} is not a plain path below the folder.")
    # The root itself is what the user named: it may be a link.
    flags = os.O_RDONLY if not parts else getattr(os, "O_PATH", os.O_RDONLY)
    fd = os.open(root, flags | os.O_DIRECTORY | os.O_CLOEXEC)
    with contextlib.ExitStack() as undo:
        undo.callback(os.close, fd)
        for part in parts[:-1]:
            deeper = os.open(part, _WALK, dir_fd=fd)
            undo.close()
            fd = deeper
            undo.callback(os.close, fd)
        undo.pop_all()
    return fd, parts[-1] if parts else ""


def _refuse_special(shown: str, mode: int) -> None:
    kind = kind_of(mode)
    if not kind:
        return
    if stat.S_ISDIR(mode):
        hint = "Name a file in it."
    elif stat.S_ISLNK(mode):
        hint = "Name the file it leads to."
    else:
        hint = "Only regular files can be read."
    raise UnreadableFile(f"{shown} is {kind}.", hint)
