"""What a folder of a repository holds: regular files below it, and no link is followed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from docstra_tui.context.files.confined import open_file, open_folder
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

_MISSING = (errno.ENOENT, errno.ENOTDIR)


class Held:
    """What lies in `folder` below `base`, a place that is known to be the project's own."""

    def __init__(self, base: Path, folder: str = "") -> None:
        self._base, self._start = base, f"{folder}/" if folder else ""

    @property
    def place(self) -> Path:
        """The folder itself."""
        return self._base / self._start.rstrip("/")

    def below(self, folder: str) -> Held:
        """What lies in a folder of it."""
        return Held(self._base, self._start + folder)

    def open(self, name: str) -> int | None:
        """A descriptor of a regular file; None where there is none. Raises `UnreadableFile` for a link."""
        try:
            return open_file(self._base, self._start + name)
        except UnreadableFile as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in _MISSING and not self._is_link(name):
                return None
            raise

    def read(self, name: str, limit: int) -> bytes | None:
        """All of a regular file; None where there is none. Raises `UnreadableFile` for a link, and for more
        than `limit` bytes."""
        fd = self.open(name)
        if fd is None:
            return None
        try:
            parts: list[bytes] = []
            while limit >= 0 and (part := os.read(fd, min(limit + 1, 1 << 20))):
                parts.append(part)
                limit -= len(part)
        except OSError as error:
            raise UnreadableFile(f"{shown_name(name)} of the repository cannot be read.") from error
        finally:
            os.close(fd)
        if limit < 0:
            raise UnreadableFile(f"{shown_name(name)} of the repository is too large to be read.")
        return b"".join(parts)

    def names(self, name: str) -> list[str]:
        """What a folder holds; nothing where it is missing. Raises `UnreadableFile` for a link."""
        try:
            fd = open_folder(self._base, self._start + name)
        except OSError as error:
            if error.errno in _MISSING and not self._is_link(name):
                return []
            raise UnreadableFile(
                f"{shown_name(name)} of the repository is a link, or cannot be read."
            ) from error
        try:
            return sorted(os.listdir(fd))
        finally:
            os.close(fd)

    def _is_link(self, name: str) -> bool:
        """Whether some part of the path is a link: with `O_DIRECTORY` that is told as no folder."""
        parts = (self._start + name).split("/")
        return any(os.path.islink(self._base / "/".join(parts[: n + 1])) for n in range(len(parts)))
