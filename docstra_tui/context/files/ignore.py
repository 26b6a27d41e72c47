"""Which files a project ignores: `.gitignore` in every folder, `.git/info/exclude`, extra patterns.

A repository inside another, a submodule too, has its own rules and none of the one around it; whether it is
there at all, that one says.
The user's global excludes and sparse checkouts are not looked at.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.context.files.patterns import Patterns
from docstra_tui.context.files.rule_files import (
    git_folder,
    read_exclude,
    read_rules,
    repository_below,
    working_tree,
)


@dataclass(frozen=True)
class _Folder:
    """What one folder says about what lies below it."""

    rules: Patterns
    exclude: Patterns | None = None
    """Where a repository begins: its `info/exclude`, and no rule from above it counts."""


class IgnoreRules:
    """The rules in force below `root`; each folder's are read once. Any thread.

    Make a new one to see edited rules. Where `root` lies inside a git working tree, the rules of the
    folders above it count too.
    """

    def __init__(self, root: Path, extra: Sequence[str] = ()) -> None:
        self.root = Path(os.path.abspath(root))
        self._above = ""
        """From the top of the working tree to `root`: `` or `src/`."""
        self._top = working_tree(self.root)
        if self._top is not None and self._top != self.root:
            self._above = self.root.relative_to(self._top).as_posix() + "/"
        self._extra = Patterns(extra)
        self._read: dict[str, _Folder] = {}
        self._folders: dict[str, bool] = {"": False}
        self._lock = threading.RLock()

    def is_ignored(self, relative: str, is_folder: bool) -> bool:
        """True for a path (relative to the root, `/` between parts) that the project ignores.

        Nothing below an ignored folder can be taken back.
        """
        relative = relative.strip("/")
        if not relative:
            return False
        with self._lock:
            parent, _, name = relative.rpartition("/")
            if name == ".git" or self._is_folder_ignored(parent):
                return True
            if is_folder:
                return self._is_folder_ignored(relative)
            return self._decide(relative, "")

    def _is_folder_ignored(self, relative: str) -> bool:
        unknown = []
        at = relative
        while (known := self._folders.get(at)) is None:
            unknown.append(at)
            at = at.rpartition("/")[0]
        for folder in reversed(unknown):
            known = known or folder.rpartition("/")[2] == ".git" or self._decide(folder, "/")
            self._folders[folder] = known
        return known

    def _decide(self, relative: str, slash: str) -> bool:
        verdict = self._extra.verdict(relative + slash)
        if verdict is not None:
            return verdict
        # The nearest .gitignore decides, then those above it, then .git/info/exclude.
        full = self._above + relative
        folder = full
        while folder:
            folder = folder.rpartition("/")[0]
            found, below = self._folder(folder), full[len(folder) :].lstrip("/") + slash
            verdict = found.rules.verdict(below)
            if verdict is None and found.exclude is not None:
                return bool(found.exclude.verdict(below))
            if verdict is not None:
                return verdict
        return False

    def _folder(self, folder: str) -> _Folder:
        """By its path relative to the top of the working tree."""
        found = self._read.get(folder)
        if found is None:
            top = self._top or self.root
            place = repository_below(top, folder) if folder else git_folder(top)
            exclude = Patterns(read_exclude(place)) if place is not None else None
            found = self._read[folder] = _Folder(Patterns(read_rules(top, folder, ".gitignore")), exclude)
        return found


class NothingIgnored(IgnoreRules):
    """For looking at everything; git's own folder stays out all the same."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))

    def is_ignored(self, relative: str, is_folder: bool) -> bool:
        return ".git" in relative.split("/")
