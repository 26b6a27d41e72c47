"""The files a person gave the chat: named once with `@`, read again before each question."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from docstra_tui.context.confined import inside
from docstra_tui.context.mentions import find_mentions
from docstra_tui.context.reader import read_item
from docstra_tui.errors import UnreadableFile
from docstra_tui.llm.items import ContextItem


class ChosenFiles:
    """Context items in the order in which they were named."""

    def __init__(self, root: Path, max_bytes: int, items: Iterable[ContextItem] = ()) -> None:
        self.root = root
        self._max_bytes = max_bytes
        self._items = {item.key: item for item in items if item.path is not None}

    @property
    def items(self) -> tuple[ContextItem, ...]:
        return tuple(self._items.values())

    def add_mentioned(self, text: str) -> tuple[list[ContextItem], list[UnreadableFile]]:
        """Read and keep the files that `text` mentions: those that are new, and what went wrong."""
        added: list[ContextItem] = []
        wrong: list[UnreadableFile] = []
        for mention in find_mentions(text):
            try:
                item = self._read(mention.path, mention.start_line, mention.end_line)
            except UnreadableFile as error:
                wrong.append(error)
                continue
            if self._items.get(item.key) != item:
                added.append(item)
            self._items[item.key] = item
        return added, wrong

    def add(self, path: str) -> ContextItem:
        """Read and keep one file, `path` or `@path:10-40`. Raises `UnreadableFile`."""
        mentions = find_mentions(path if path.startswith("@") else f"@{path}")
        if len(mentions) != 1:
            raise UnreadableFile(f"{path!r} names no file.")
        mention = mentions[0]
        item = self._read(mention.path, mention.start_line, mention.end_line)
        self._items[item.key] = item
        return item

    def drop(self, path: str) -> int:
        """Leave out every item of `path`, or the one called so with its lines; how many there were."""
        wanted = path.removeprefix("@")
        try:
            wanted = inside(self.root, wanted) or wanted
        except UnreadableFile:
            pass
        keys = [key for key, item in self._items.items() if wanted in (item.path, item.label)]
        for key in keys:
            del self._items[key]
        return len(keys)

    def refresh(self) -> tuple[list[ContextItem], list[UnreadableFile]]:
        """Read every file again: those that changed, and what went wrong. One that cannot be read stays."""
        changed: list[ContextItem] = []
        wrong: list[UnreadableFile] = []
        for key, item in self._items.items():
            assert item.path is not None
            try:
                now = self._read(item.path, item.start_line, item.end_line)
            except UnreadableFile as error:
                wrong.append(error)
                continue
            if now.sha256 != item.sha256 and now.key == key:
                self._items[key] = now
                changed.append(now)
        return changed, wrong

    def _read(self, path: str, start: int | None, end: int | None) -> ContextItem:
        return read_item(self.root, path, start_line=start, end_line=end, max_bytes=self._max_bytes)
