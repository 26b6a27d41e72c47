"""What stands at the right of ticked files and of the folders that hold them: tokens, or what is wrong."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from docstra_tui.context.picks import Pick
from docstra_tui.llm.measure import WINDOWS_COUNTED
from docstra_tui.workspace.files.badges import Badge, badge_of
from docstra_tui.workspace.files.snapshots import pick_of
from docstra_tui.workspace.files.token_counts import Count, TokenCounts, total

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked

Tone = Literal["error", "warning", "muted"]


@dataclass(frozen=True)
class Note:
    """A few letters and how they are meant."""

    text: str
    tone: Tone = "muted"
    reason: str = ""
    """A sentence for the line under the tree; empty when there is nothing to say."""


READING = Note("reading…")


class TickNotes:
    """Answers for one moment; made anew when something is different."""

    def __init__(
        self,
        by_path: Mapping[str, Sequence[Ticked]] = MappingProxyType({}),
        costs: Mapping[Pick, int] = MappingProxyType({}),
        counts: TokenCounts | None = None,
    ) -> None:
        self._counts = counts
        self._costs = costs
        self._by_path = by_path
        self._sorted: list[str] | None = None
        self._folders: dict[str, Note] = {}
        self._total: str | None = None

    def of_lines(self, path: str, start: int | None, end: int | None) -> Note:
        """The note of one pick."""
        for file in self._by_path.get(path, ()):
            if (file.start_line, file.end_line) == (start, end):
                return self._note(file)
        return READING

    def of_file(self, path: str) -> Note:
        """The note of a ticked file, with all of its picked lines."""
        files = self._by_path.get(path)
        if not files:
            return READING
        if len(files) == 1:
            return self._note(files[0])
        for file in files:
            badge = badge_of(file)
            if badge is not None and badge.tone != "muted":
                return self._note(file)
        return Note(str(total([self._count(file) for file in files])))

    def of_folder(self, folder: str) -> Note:
        """The sum of all that is ticked below."""
        known = self._folders.get(folder)
        if known is None:
            if self._sorted is None:
                self._sorted = sorted(self._by_path)
            start = bisect_left(self._sorted, folder + "/")
            end = bisect_left(self._sorted, folder + "0")  # the character after the slash
            counted = (
                self._count(file)
                for path in self._sorted[start:end]
                for file in self._by_path[path]
                if file.state.is_sendable
            )
            known = self._folders[folder] = Note(str(total(counted) or ""))
        return known

    @property
    def total(self) -> str:
        """The sum of all that is sent."""
        if self._counts is not None and self._counts.is_beyond:
            return f"> {WINDOWS_COUNTED} windows"
        if self._total is None:
            files = (file for of_path in self._by_path.values() for file in of_path)
            self._total = str(total(self._count(file) for file in files if file.state.is_sendable) or "")
        return self._total

    def _note(self, file: Ticked) -> Note:
        count = self._count(file)
        tokens = str(count) if count is not None else "…"
        badge: Badge | None = badge_of(file, self._cost(file))
        if badge is None:
            return Note(tokens)
        if file.state.kind == "unchanged":
            return Note(f"{badge.word} {tokens}", badge.tone, badge.reason)
        return Note(badge.word, badge.tone, badge.reason)

    def _count(self, file: Ticked) -> Count | None:
        item = file.newer or file.item
        if item is None or self._counts is None:
            return None
        return self._counts.of(item)

    def _cost(self, file: Ticked) -> str:
        """What a changed file makes the model read again: itself and everything behind it."""
        cost = self._costs.get(pick_of(file))
        return "" if cost is None else str(Count(cost))
