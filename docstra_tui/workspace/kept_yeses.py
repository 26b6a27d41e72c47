"""What somebody said yes to, for good: a file of lines in the state folder that nobody else can write."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection

from docstra_tui import paths
from docstra_tui.errors import DocstraError


class KeptYeses:
    """One such file. Where it cannot be written nothing is remembered."""

    def __init__(self, name: str) -> None:
        self._name = name

    def lines(self) -> list[str]:
        """All of them; none of a file that somebody else could have written."""
        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(paths.state_dir() / self._name, flags), encoding="utf-8") as file:
                status = os.fstat(file.fileno())
                is_ours = status.st_uid == os.getuid() and not status.st_mode & 0o022
                return file.read().splitlines() if is_ours and stat.S_ISREG(status.st_mode) else []
        except (OSError, UnicodeDecodeError):
            return []

    def drop(self, lines: Collection[str]) -> bool:
        """These no longer; False where none was there. Raises `OSError`, `UnsafePath`."""
        before = self.lines()
        after = [line for line in before if line not in lines]
        if after == before:
            return False
        folder = paths.private_folder(paths.state_dir())
        paths.write_private(folder / self._name, "".join(f"{line}\n" for line in after))
        return True

    def add(self, line: str) -> None:
        """One more."""
        try:
            descriptor = paths.open_private(paths.private_folder(paths.state_dir()) / self._name)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except (OSError, DocstraError):  # also a full disk
            pass
