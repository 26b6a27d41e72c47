"""Which files differ between two trees, and between a tree and what is staged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from docstra_tui.context.git.history import FOLDER, Row, is_plain, tree_rows
from docstra_tui.context.git.objects import Objects
from docstra_tui.context.git.staging import Entry, Staged, is_folder
from docstra_tui.errors import UnreadableFile

MOST_FOLDERS = 200_000
DEEPEST = 200


class Change(NamedTuple):
    """A file that is not the same on both sides."""

    path: str
    """From the top of the working tree; bytes that are no UTF-8 as Python carries them."""
    old: Row | None
    """None where it is new."""
    new: Row | None
    """None where it is gone."""


class ByFolder:
    """What is staged, by the folders it lies in: made once for each index."""

    def __init__(self, staged: Staged) -> None:
        self.staged = staged
        self.files: dict[str, dict[str, Entry]] = {"": {}}
        """By folder, then by name; a whole folder of a sparse index stands among the files around it."""
        self.folders: dict[str, set[str]] = {"": set()}
        """The folders in each folder."""
        self.conflicts: dict[str, dict[int, Entry]] = {}
        names: dict[str, Entry] = self.files[""]
        last = ""
        for path, entry in staged.entries.items():
            folder, _, name = os.fsdecode(path.rstrip(b"/")).rpartition("/")
            if folder != last:
                names, last = self._folder(folder), folder
            names[name] = entry
        for path, sides in staged.conflicts.items():
            self.conflicts[os.fsdecode(path)] = sides
            self._folder(os.fsdecode(path).rpartition("/")[0])

    def _folder(self, folder: str) -> dict[str, Entry]:
        names = self.files.get(folder)
        if names is None:
            names = self.files[folder] = {}
            self.folders[folder] = set()
            while folder:
                above, _, name = folder.rpartition("/")
                is_known = above in self.folders
                self.files.setdefault(above, {})
                self.folders.setdefault(above, set()).add(name)
                if is_known:
                    break
                folder = above
        return names

    def entry(self, path: str) -> Entry:
        """What is staged of a file. Raises `KeyError`."""
        folder, _, name = path.rpartition("/")
        return self.files[folder][name]

    def below(self, folder: str) -> Iterator[tuple[str, Entry]]:
        """Every file of a folder and of those in it."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            start = f"{here}/" if here else ""
            yield from ((start + name, entry) for name, entry in self.files.get(here, {}).items())
            waiting += [start + name for name in self.folders.get(here, ())]


class Comparison:
    """Reads trees of one repository, as many as are allowed."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._read = 0

    def of_trees(self, old: bytes | None, new: bytes | None, folder: str = "") -> Iterator[Change]:
        """From one tree to another; None for none."""
        if old == new:
            return
        before, after = self._rows(old, folder), self._rows(new, folder)
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name), after.get(name)
            if was == now:
                continue
            path = f"{folder}/{name}" if folder else name
            old_file, old_folder = _parted(was)
            new_file, new_folder = _parted(now)
            if old_file != new_file:
                yield Change(path, old_file, new_file)
            yield from self.of_trees(old_folder, new_folder, path)

    def of_staged(self, tree: bytes | None, staged: ByFolder) -> Iterator[Change]:
        """From a tree to what is staged. A folder that the index knows to be as in the tree is not read."""
        yield from self._staged(tree, staged, "")

    def _staged(self, tree: bytes | None, staged: ByFolder, folder: str) -> Iterator[Change]:
        if tree is not None and staged.staged.folders.get(os.fsencode(folder)) == tree:
            return
        before = self._rows(tree, folder)
        files, folders = staged.files.get(folder, {}), staged.folders.get(folder, set())
        for name in sorted(before.keys() | files.keys() | folders):
            path = f"{folder}/{name}" if folder else name
            was, entry = before.get(name), files.get(name)
            old, deeper = _parted(was)
            if entry is not None and is_folder(entry):
                if deeper != entry.name:
                    yield from self.of_trees(deeper, entry.name, path)
                continue
            new = Row(entry.mode, entry.name) if entry is not None and not entry.is_later else None
            if old != new and path not in staged.conflicts:
                yield Change(path, old, new)
            if name in folders or deeper is not None:
                yield from self._staged(deeper, staged, path)

    def _rows(self, tree: bytes | None, folder: str) -> dict[str, Row]:
        self._read += tree is not None
        if self._read > MOST_FOLDERS or folder.count("/") > DEEPEST:
            raise UnreadableFile("The repository has more folders, or deeper ones, than are compared.")
        if tree is None:
            return {}
        return {os.fsdecode(name): row for name, row in tree_rows(self._objects, tree) if is_plain(name)}


def _parted(row: Row | None) -> tuple[Row | None, bytes | None]:
    """A file, or the tree of a folder."""
    if row is None or row.mode != FOLDER:
        return row, None
    return None, row.name
