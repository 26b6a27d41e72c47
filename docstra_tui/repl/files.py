"""The files a person gave the chat: named once with `@`, read again before each question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from docstra_tui.context.files.reader import read_item
from docstra_tui.context.mentions import Mention
from docstra_tui.context.picks import Pick
from docstra_tui.errors import UnreadableFile
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.workspace.files.named_files import without_named
from docstra_tui.workspace.files.selection import ReadReport


class ChosenFiles:
    """Context items in the order in which they were named."""

    def __init__(self, root: Path, max_bytes: int, items: Iterable[ContextItem] = ()) -> None:
        self.root = root
        self._max_bytes = max_bytes
        self._items = {item.key: item for item in items if item.path is not None}

    @property
    def items(self) -> tuple[ContextItem, ...]:
        return tuple(self._items.values())

    @property
    def picks(self) -> tuple[Pick, ...]:
        """What each of them is of, in the same order."""
        return tuple(Pick(path, start, end) for path, start, end in self._items if path is not None)

    def add(self, picks: Iterable[Pick]) -> list[ContextItem]:
        """Read and keep these; those that are new or are different now. Raises `UnreadableFile`."""
        added: list[ContextItem] = []
        for pick in picks:
            item = self._read(*pick)
            if self._items.get(item.key) != item:
                added.append(item)
            self._items[item.key] = item
        return added

    def of(self, pick: Pick) -> ContextItem | None:
        """The item of a file or of lines, as it was last read."""
        return self._items.get((pick.path, pick.start_line, pick.end_line))

    def drop(self, mentions: Sequence[Mention]) -> tuple[ContextItem, ...]:
        """Leave out what is named; what that was."""
        left = set(without_named(self.picks, mentions, self.root))
        dropped = [pick for pick in self.picks if pick not in left]
        return tuple(self._items.pop((pick.path, pick.start_line, pick.end_line)) for pick in dropped)

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

    def read(self, session: ChatSession) -> ReadReport:
        """Read every file again and give them to `session`: before each turn, in its thread."""
        changed, wrong = self.refresh()
        session.set_context(self.items)
        left_out = {str(number): ("", error.message) for number, error in enumerate(wrong)}
        return ReadReport(tuple(item.label for item in changed), left_out)

    def read_now(self, pick: Pick) -> ContextItem:
        """A file or lines of it, whether or not they are among these. Raises `UnreadableFile`."""
        return self._read(*pick)

    def _read(self, path: str, start: int | None, end: int | None) -> ContextItem:
        return read_item(self.root, path, start_line=start, end_line=end, max_bytes=self._max_bytes)
