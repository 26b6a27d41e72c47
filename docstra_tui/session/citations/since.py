"""The files that an answer was about, as they are now: those that are others than when they were sent."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from docstra_tui.context.files.confined import inside
from docstra_tui.context.files.reader import MAX_BYTES, read_item
from docstra_tui.context.git_names import is_git
from docstra_tui.errors import UnreadableFile
from docstra_tui.llm.items import ContextItem

ROOM = 50_000_000
"""Characters that are read again at most; of what comes after them it is not known whether it changed."""


class Since:
    """The files below a folder, each read once. Reads block; for one thread."""

    def __init__(self, root: Path | None) -> None:
        """Without a folder nothing is known."""
        self._root = root
        self._read: dict[str, str | None] = {}
        self._unknown: set[str] = set()
        self._room = ROOM

    def of(self, items: Iterable[ContextItem]) -> Mapping[str, str | None]:
        """Text by path of those that differ from what was sent, None where one is gone."""
        texts: dict[str, set[str]] = {}
        sizes: dict[str, int] = {}
        for item in items:
            # What an outline or the cells of a notebook were made from is not known here.
            if item.path is not None and not item.detail and not is_git(item.path):
                texts.setdefault(item.path, set()).add(item.content if item.start_line is None else "")
                sizes[item.path] = max(sizes.get(item.path, 0), len(item.content))
        found = {}
        for path, sent in texts.items():
            text = self._now(path, sizes[path])
            if path not in self._unknown and (text is None or text not in sent):
                found[path] = text
        gone = sum(text is None for text in found.values())
        # Nothing of it is there: that is another folder, and not one in which all was deleted.
        return {} if gone == len(texts) > 1 else found

    def _now(self, path: str, size: int) -> str | None:
        if path in self._read or path in self._unknown:
            return self._read.get(path)
        text = None
        try:
            if self._root is None or self._room <= 0:
                raise UnreadableFile("It is not looked at.")
            whole = self._root / inside(self._root, path)
            if whole.parent.is_dir() and not os.path.lexists(whole):
                self._read[path] = None
                return None
            text = read_item(self._root, path, max_bytes=max(MAX_BYTES, 5 * size)).content
        except (UnreadableFile, OSError, ValueError):
            self._unknown.add(path)
            return None
        self._read[path] = text
        self._room -= len(text)
        return text
