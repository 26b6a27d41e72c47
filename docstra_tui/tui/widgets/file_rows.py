"""The rows of the file tree: what is listed, open and ticked, and which rows that makes.

A model without a screen. Folders are listed by somebody else, when they are first opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from docstra_tui.context.tree import Listing

Kind = Literal["folder", "file", "note", "error"]

TICKED, UNTICKED, SOME = "☑", "☐", "◪"


@dataclass(frozen=True)
class Row:
    """One line of the tree."""

    path: str
    """Relative to the project, `/` between parts; of a note or error: its folder."""
    name: str
    """As the file system has it, not yet safe to show."""
    depth: int
    kind: Kind
    reason: str = ""
    """Why it cannot be picked, or what the note says."""

    @property
    def can_be_picked(self) -> bool:
        """True for files that can become context, and for folders."""
        return self.kind == "folder" or (self.kind == "file" and not self.reason)


class FileRows:
    """The state of the tree."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        """What is known, by folder; the root is the empty string."""
        self.open: set[str] = {""}
        self.ticked: set[str] = set()
        self.problems: dict[str, str] = {}
        """Why a ticked file could not be read, by path."""
        self._whole: set[str] = set()
        self._rows: list[Row] | None = None

    def put(self, folder: str, listing: Listing) -> None:
        """`folder` was listed."""
        self.listings[folder] = listing
        self._rows = None

    def needs_listing(self, folder: str) -> bool:
        """True when `folder` is open and nothing, or only an error, is known of it."""
        known = self.listings.get(folder)
        return known is None or bool(known.error)

    def toggle_open(self, folder: str, wanted: bool | None = None) -> None:
        """Open or close `folder`."""
        is_open = folder in self.open
        if wanted is None or wanted != is_open:
            self.open ^= {folder}
            self._rows = None

    def tick(self, paths: Iterable[str], wanted: bool) -> None:
        """Tick or untick files."""
        for path in paths:
            if wanted:
                self.ticked.add(path)
            else:
                self.ticked.discard(path)
                self.problems.pop(path, None)
                self._whole -= set(_ancestors(path))

    def tick_whole(self, folder: str, paths: Iterable[str]) -> None:
        """All files below `folder` are ticked now."""
        self.tick(paths, True)
        self._whole.add(folder)

    def untick_below(self, folder: str) -> None:
        """No file below `folder` stays ticked."""
        self.tick([path for path in self.ticked if path.startswith(folder + "/")], False)
        self._whole = {
            whole for whole in self._whole if whole != folder and not whole.startswith(folder + "/")
        }

    def has_ticks_below(self, folder: str) -> bool:
        """True when some file below `folder` is ticked."""
        start = folder + "/"
        return any(path.startswith(start) for path in self.ticked)

    def mark(self, row: Row) -> str:
        """The tick box of `row`; a space where there is none."""
        if not row.can_be_picked:
            return " "
        if row.kind == "file":
            return TICKED if row.path in self.ticked else UNTICKED
        if not self.has_ticks_below(row.path):
            return UNTICKED
        return TICKED if self._is_whole(row.path) else SOME

    def rows(self) -> list[Row]:
        """Every visible row, top to bottom."""
        if self._rows is None:
            self._rows = list(self._below("", 0))
        return self._rows

    def in_tree_order(self) -> tuple[str, ...]:
        """The ticked files as the tree shows them: folders before files, then by name."""
        return tuple(sorted(self.ticked, key=tree_order))

    def _is_whole(self, folder: str) -> bool:
        if folder in self._whole or any(parent in self._whole for parent in _ancestors(folder)):
            return True
        listing = self.listings.get(folder)
        if listing is None or listing.more:
            return False
        return all(
            self._is_whole(entry.path) if entry.is_folder else entry.path in self.ticked
            for entry in listing.entries
            if not entry.reason
        )

    def _below(self, folder: str, depth: int) -> Iterable[Row]:
        listing = self.listings.get(folder)
        if listing is None:
            yield Row(folder, "", depth, "note", "listing…")
            return
        for entry in listing.entries:
            kind: Kind = "folder" if entry.is_folder and not entry.reason else "file"
            yield Row(entry.path, entry.name, depth, kind, entry.reason)
            if kind == "folder" and entry.path in self.open:
                yield from self._below(entry.path, depth + 1)
        if listing.error:
            yield Row(folder, "", depth, "error", listing.error)
        elif listing.more:
            yield Row(folder, "", depth, "note", f"… {listing.more:,} more are not shown")
        elif not listing.entries:
            yield Row(folder, "", depth, "note", "nothing here")


def tree_order(path: str) -> tuple[tuple[int, str, str], ...]:
    """A sort key: folders before files on every level, names without regard to case."""
    parts = path.split("/")
    last = len(parts) - 1
    return tuple((int(i == last), part.casefold(), part) for i, part in enumerate(parts))


def _ancestors(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
