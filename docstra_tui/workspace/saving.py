"""A text into a file that somebody named: theirs alone, whole or not at all, and never over another one
unless they say so.

The name is the user's: nothing here or above takes one from an answer.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.text import shown_name

FORBIDDEN = ("/proc", "/sys", "/dev")
"""Kernel interfaces: a file there is none."""


class NotSaved(DocstraError):
    """A file could not be written; what was there is as it was."""

    kind = "not_saved"


class IsThere(NotSaved):
    """There is a file of that name, or a link."""

    kind = "is_there"
    exit_code = 2

    def __init__(self, message: str, hint: str = "", *, is_link: bool = False) -> None:
        super().__init__(message, hint)
        self.is_link = is_link
        """Nobody is asked about a link: what it leads to is not what was named."""


def named(text: str, root: Path) -> Path:
    """The file that somebody typed; a relative name is below `root`. Raises `UsageError`."""
    typed = text.strip()
    if len(typed) > 1 and typed[0] == typed[-1] and typed[0] in "\"'":
        typed = typed[1:-1]
    if not typed or "\0" in typed:
        raise UsageError(f"No file can be called {shown_name(typed)}." if typed else "Which file?")
    try:
        expanded = os.path.expanduser(typed)
    except RuntimeError:
        expanded = typed
    path = root / expanded
    if typed.endswith("/") or os.path.isdir(path):
        raise UsageError(f"{shown_name(str(path))} is a folder.", "Name a file.")
    return path


def save(path: Path, text: str, *, replace: bool = False) -> None:
    """A file with mode 0600 that says this. Raises `IsThere` without `replace`, where there is something of
    that name; `NotSaved` for anything else. A link is replaced, never followed."""
    shown = shown_name(str(path))
    try:
        real = os.path.realpath(path.parent)
        if any(real == folder or real.startswith(f"{folder}/") for folder in FORBIDDEN):
            raise NotSaved(f"{shown} is no place for a file.")
        _refuse(path, shown, replace=replace)
        _write(path, text.encode("utf-8", "backslashreplace"), replace=replace)
    except FileExistsError:
        raise IsThere(f"{shown} is there already.") from None
    except OSError as error:
        raise NotSaved(f"{shown} cannot be written: {error.strerror or error}.") from error
    except ValueError as error:  # a name that no file system takes
        raise NotSaved(f"No file can be called {shown}.") from error


def _refuse(path: Path, shown: str, *, replace: bool) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not replace:
        is_link = stat.S_ISLNK(mode)
        raise IsThere(f"{shown} is {'a link' if is_link else 'there already'}.", is_link=is_link)
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise NotSaved(f"{shown} is no file.", "Name another one.")


def _write(path: Path, data: bytes, *, replace: bool) -> None:
    """Beside it first, so that a full disk or a kill leaves no half of it under the name."""
    made = path.with_name(f".docstra-tui-{os.getpid()}-{os.urandom(4).hex()}")
    fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(made, path)
            return
        try:
            os.link(made, path)  # fails where something is there by now
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
                raise
            # No second names on this file system.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            os.replace(made, path)
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)
