"""The rows of the file tree: what is listed, open and ticked, and which rows that makes.

A model without a screen. Folders are listed by somebody else, when they are first opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from docstra_tui.workspace.files.ticks import Ticks, ancestors

if TYPE_CHECKING:
    from docstra_tui.context.files.tree import Listing

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


class FileRows(Ticks):
    """The state of the tree: which of its files are ticked, and what is listed, open and found."""

    def __init__(self) -> None:
        super().__init__()
        self.listings: dict[str, Listing] = {}
        """What is known, by folder; the root is the empty string."""
        self.open: set[str] = {""}
        self.found: list[Row] | None = None
        """What the filter found; None while nothing is looked for."""
        self._rows: list[Row] | None = None
        self._looked_into: set[str] = set()
        """Folders that nobody opened, listed or being listed for their mark alone."""

    def put(self, folder: str, listing: Listing) -> None:
        """`folder` was listed."""
        self.listings[folder] = listing
        self._rows = None

    def needs_listing(self, folder: str) -> bool:
        """True when nothing, or an error, or what was there earlier is known of `folder`, which is open."""
        known = self.listings.get(folder)
        is_old = folder in self._looked_into
        self._looked_into.discard(folder)
        return known is None or bool(known.error) or is_old

    def to_look_into(self) -> list[str]:
        """Folders that nobody opened, of which a mark depends that is shown: some of their files are ticked,
        of all of them if there are no others. Each is named once."""
        found = {
            unknown
            for row in self.rows()
            if row.kind == "folder" and (unknown := self._unknown_of(row.path)) is not None
        }
        new = sorted(found - self._looked_into)
        self._looked_into.update(new)
        return new

    def forget_closed(self) -> None:
        """Other files are to be shown: what is known of folders that are not open holds no longer."""
        self.listings = {folder: known for folder, known in self.listings.items() if folder in self.open}
        self._looked_into.clear()

    def toggle_open(self, folder: str, wanted: bool | None = None) -> None:
        """Open or close `folder`."""
        is_open = folder in self.open
        if wanted is None or wanted != is_open:
            self.open ^= {folder}
            self._rows = None

    def mark(self, row: Row) -> str:
        """The tick box of `row`; a space where there is none."""
        if not row.can_be_picked:
            return " "
        if row.kind == "file":
            ranges = self._files.get(row.path)
            return UNTICKED if ranges is None else SOME if ranges else TICKED
        if not self.has_ticks_below(row.path):
            return UNTICKED
        return TICKED if self._is_whole(row.path) else SOME

    # Rows

    def rows(self) -> list[Row]:
        """Every visible row, top to bottom."""
        if self.found is not None:
            return self.found
        if self._rows is None:
            self._rows = list(self._under("", 0))
        return self._rows

    def _is_whole(self, folder: str) -> bool:
        if folder in self._whole or any(parent in self._whole for parent in ancestors(folder)):
            return True
        listing = self.listings.get(folder)
        if listing is None or listing.more or listing.error:
            return False
        return all(
            self._is_whole(entry.path) if entry.is_folder else self._files.get(entry.path, [(1, 1)]) == []
            for entry in listing.entries
            if not entry.reason
        )

    def _unknown_of(self, folder: str) -> str | None:
        """The first folder that has to be listed to know whether this one is ticked as a whole."""
        if not self.has_ticks_below(folder) or self._is_whole(folder):
            return None
        listing = self.listings.get(folder)
        if listing is None:
            return folder
        entries = [entry for entry in listing.entries if not entry.reason]
        if listing.more or any(self._files.get(one.path) != [] for one in entries if not one.is_folder):
            return None
        return next(filter(None, (self._unknown_of(one.path) for one in entries if one.is_folder)), None)

    def _under(self, folder: str, depth: int) -> Iterable[Row]:
        listing = self.listings.get(folder)
        if listing is None:
            yield Row(folder, "", depth, "note", "listing…")
            return
        for entry in listing.entries:
            kind: Kind = "folder" if entry.is_folder and not entry.reason else "file"
            yield Row(entry.path, entry.name, depth, kind, entry.reason)
            if kind == "folder" and entry.path in self.open:
                yield from self._under(entry.path, depth + 1)
        if listing.error:
            yield Row(folder, "", depth, "error", listing.error)
        elif listing.more:
            yield Row(folder, "", depth, "note", f"{listing.more:,} more, / to filter")
        elif not listing.entries:
            yield Row(folder, "", depth, "note", "nothing here")
