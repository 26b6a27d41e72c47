"""The texts of a project's files, one after the other, in the order of its tree. In the child only.

What the tree does not show is not read, and neither are files that may hold secrets, links, and what is too
large or no text: it is counted. A folder's files are opened from its own descriptor, so that whatever is
swapped meanwhile leads nowhere.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docstra_tui.context.files.confined import open_folder
from docstra_tui.context.files.decoding import decode
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.index import LIMIT
from docstra_tui.context.files.notebook import ENDING, LARGEST, cells_of
from docstra_tui.context.files.tree import list_folder
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import UnreadableFile

PARTS = 500_000
"""Lists and objects of a notebook: millions of them, which no notebook has, take ten seconds to read."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ProjectFiles:
    """Read once."""

    def __init__(self, root: Path, rules: IgnoreRules, *, show_hidden: bool, max_bytes: int) -> None:
        self._root = root
        self._rules = rules
        self._show_hidden = show_hidden
        self._max_bytes = max_bytes
        self.left_out: Counter[str] = Counter()
        """`binary`, `large`, `secret`, `closed`."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Path and text of each."""
        for folder, names in self._folders():
            prefix = f"{folder}/" if folder else ""
            try:
                fd = open_folder(self._root, folder)
            except (OSError, UnreadableFile):
                self.left_out["closed"] += len(names)
                continue
            try:
                for name in names:
                    if may_hold_secrets(prefix + name):
                        self.left_out["secret"] += 1
                    elif (text := self._whole(fd, name)) is not None:
                        yield prefix + name, text
            finally:
                os.close(fd)

    def _folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder with its files, behind the folders in it."""
        # A stack of folders still to be listed, and of listed ones with their files: no recursion.
        waiting: list[tuple[str, list[str] | None]] = [("", None)]
        while waiting:
            folder, names = waiting.pop()
            if names is not None:
                yield folder, names
                continue
            listing = list_folder(self._root, folder, self._rules, show_hidden=self._show_hidden, limit=LIMIT)
            self.left_out["closed"] += bool(listing.error)
            names = [row.name for row in listing.entries if not row.is_folder and not row.reason]
            if names:
                waiting.append((folder, names))
            waiting += [(row.path, None) for row in reversed(listing.entries) if row.is_folder]

    def _whole(self, folder: int, name: str) -> str | None:
        """As `_text`; what takes more memory than there is, is too large."""
        try:
            return self._text(folder, name)
        except MemoryError:
            self.left_out["large"] += 1
            return None

    def _text(self, folder: int, name: str) -> str | None:
        """None for what is left out."""
        is_notebook = name.lower().endswith(ENDING)
        try:
            data = _read(folder, name, max(self._max_bytes, LARGEST) if is_notebook else self._max_bytes)
        except OSError:
            self.left_out["closed"] += 1
            return None
        if data is None:
            self.left_out["large"] += 1
            return None
        try:
            text = decode(data, "")[0]
        except UnreadableFile:
            self.left_out["binary"] += 1
            return None
        if is_notebook and text.count("[") + text.count("{") > PARTS:
            self.left_out["large"] += 1
            return None
        cells = cells_of(text) if is_notebook else None
        return cells[0] if cells is not None else text


def _read(folder: int, name: str, most: int) -> bytes | None:
    """None for more than that. Raises `OSError`, also for what is no regular file."""
    fd = os.open(name, _FLAGS, dir_fd=folder)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(name)
        if found.st_size > most:
            return None
        parts, left = [], most + 1
        while left > 0 and (part := os.read(fd, min(left, max(found.st_size, 4096) + 1))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts) if left > 0 else None
    finally:
        os.close(fd)
