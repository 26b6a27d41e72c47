"""The files that the words of a command line name: one, lines of one, or all below a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.language import is_code
from docstra_tui.context.files.reader import read_file, read_named
from docstra_tui.context.git_names import is_git
from docstra_tui.errors import UnreadableFile, UsageError
from docstra_tui.llm.items import ContextItem
from docstra_tui.text import shown_name
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.files.folders import files_to_send

Note = Callable[[str], None]
"""Takes a sentence for standard error."""

NAMED = 5
"""Files that a note names; it counts the others."""


@dataclass(frozen=True)
class Naming:
    """How words become files."""

    limit: int
    """Bytes of a file that are read at most."""
    note: Note
    ignore: Sequence[str] = ()
    """More patterns than a project's own, of what a folder does not give."""
    only_code: bool = False
    """A folder gives its code, and no data and no prose."""
    without: Path | None = None
    """A folder that a folder around it does not give: what is written goes there."""

    def one(self, name: str) -> ContextItem:
        """A file, or lines of it. Raises `UsageError`, `UnreadableFile`."""
        if is_git(name) and not os.path.lexists(name):
            return self._of_git(name)
        name = _found(name)
        path, colon, lines = name.rpartition(":")
        if colon and not os.path.lexists(name):
            found = re.fullmatch(r"(\d+)(?:-(\d*))?", lines)
            is_range = found is not None and 0 < int(found[1]) <= int(found[2] or found[1])
            if not is_range and (found is not None or os.path.isfile(path)):
                raise UsageError(f"{lines!r} is no range of lines.", f"Write {path}:10-40.")
        return read_named(name, max_bytes=self.limit, note=self.note)

    def all(self, names: Sequence[str]) -> tuple[ContextItem, ...]:
        """What these name, files and folders. Raises `UsageError`, `UnreadableFile`."""
        found: list[ContextItem] = []
        for name in names:
            if is_folder(name):
                known = {item.key for item in found}
                found += [item for item in self._below(Path(_found(name))) if item.key not in known]
            else:
                found.append(self.one(name))
        return tuple(found)

    def _of_git(self, name: str) -> ContextItem:
        """What git says of the current folder. Raises `UnreadableFile`."""
        changes = GitItems(Path.cwd(), self.ignore)
        try:
            for words in changes.left_out(name, self.limit):
                self.note(words)
            return changes.item(name, self.limit)
        finally:
            changes.close()

    def _below(self, folder: Path) -> list[ContextItem]:
        """The files below a folder, in the order of the tree; of the others it is said which."""
        root, here = os.path.realpath(folder), os.path.realpath(os.getcwd())
        is_below = os.path.commonpath([root, here]) == here
        base = here if is_below else root
        inside = os.path.relpath(root, base)
        below = files_to_send(
            Path(base), "" if inside == "." else inside, IgnoreRules(Path(base), self.ignore)
        )
        is_within = self.without is not None and Path(root) in self.without.parents
        items: list[ContextItem] = []
        skipped: dict[str, list[str]] = {
            "may hold secrets": list(below.secret),
            "could not be listed": list(below.closed),
        }
        for path in below.paths:
            if is_within and self.without in Path(base, path).parents:
                continue
            try:
                item = read_file(Path(base), path, max_bytes=self.limit).item
            except UnreadableFile:
                skipped.setdefault("could not be read as text", []).append(path)
                continue
            if not item.content.strip():
                skipped.setdefault("empty", []).append(path)
            elif self.only_code and not is_code(item.language):
                skipped.setdefault("no code", []).append(path)
            else:
                items.append(item if is_below else replace(item, path=os.path.join(base, path)))
        for why, paths in skipped.items():
            if paths:
                self.note(f"{shown_name(str(folder))}: left out ({why}): {_listed(paths)}")
        if not items:
            what = "code" if self.only_code else "text"
            raise UnreadableFile(
                f"{shown_name(str(folder))} holds no {what} that its project does not ignore.",
                "Name the files themselves.",
            )
        return items


def is_folder(name: str) -> bool:
    """True for a word that names a folder."""
    return name != "-" and os.path.isdir(_found(name))


def _found(name: str) -> str:
    if name == "-":
        raise UsageError(
            "-f takes a file; standard input is read without -f.",
            "Put - behind the question. A file called - is ./-",
        )
    if not os.path.lexists(name):
        name = os.path.expanduser(name)  # in quotes, or behind `=`, no shell has done it
    return name


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - NAMED
    return ", ".join(map(shown_name, paths[:NAMED])) + (f" and {more:,} more" if more > 0 else "")
