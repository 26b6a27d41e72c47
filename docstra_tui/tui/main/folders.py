"""Listing folders for the tree, in the background, with the project's ignore rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.files.ignore import IgnoreRules
    from docstra_tui.context.files.tree import Listing


@dataclass(frozen=True)
class Below:
    """What lies below a folder, in the order of the tree."""

    paths: tuple[str, ...]
    secret: tuple[str, ...]
    """Files that may hold secrets; not among the others."""
    closed: tuple[str, ...]
    """Folders that could not be listed."""


class Folders:
    """What the tree asks for, answered."""

    def __init__(self, root: Path, ignore: Sequence[str], tree: FileTree, jobs: JobQueue) -> None:
        self._root = root
        self._ignore = tuple(ignore)
        self._tree = tree
        self._jobs = jobs
        self._rules: IgnoreRules | None = None
        self.show_hidden = False
        self.show_ignored = False

    def show(self, folder: str) -> None:
        """List `folder` into the tree."""

        def failed(error: Exception) -> None:
            from docstra_tui.context.files.tree import Listing

            reason = getattr(error, "message", "") or str(error) or type(error).__name__
            self._tree.put(folder, Listing(entries=(), more=0, error=reason[:200]))

        self._jobs.do(
            lambda: self._list(folder),
            lambda listing: self._tree.put(folder, listing),
            failed,
            key=f"list {folder}",
        )

    def show_again(self, folders: Sequence[str], *, hidden: bool, ignored: bool) -> None:
        """Other files are wanted: list the folders that are open, the root first."""
        self.show_hidden, self.show_ignored = hidden, ignored
        self._rules = None
        for folder in sorted(folders):
            self.show(folder)

    def below(self, folder: str, done: Callable[[Below], None]) -> None:
        """Every file below `folder`, given to `done`."""
        self._jobs.do(
            lambda: self._below(folder),
            done,
            lambda error: self._tree.app.notify(sanitize_line(str(error))[:200], severity="error"),
            key=f"below {folder}",
        )

    def rules(self) -> IgnoreRules:
        """Made once, in a jobs: it reads the project's ignore files."""
        rules = self._rules  # another jobs may want new ones meanwhile
        if rules is None:
            from docstra_tui.context.files.ignore import IgnoreRules, NothingIgnored

            ignored = self.show_ignored
            rules = NothingIgnored(self._root) if ignored else IgnoreRules(self._root, self._ignore)
            self._rules = rules
        return rules

    def _below(self, folder: str) -> Below:
        from docstra_tui.context.files.tree import files_to_tick
        from docstra_tui.context.secrets import may_hold_secrets

        found = files_to_tick(self._root, folder, self.rules(), show_hidden=self.show_hidden)
        secret = tuple(path for path in found.files if may_hold_secrets(path))
        left_out = set(secret)
        paths = tuple(path for path in found.files if path not in left_out)
        return Below(paths, secret, found.closed)

    def _list(self, folder: str) -> Listing:
        from docstra_tui.context.files.tree import list_folder

        if folder == "":
            self._rules = None  # the rules may have been edited
        return list_folder(self._root, folder, self.rules(), show_hidden=self.show_hidden)
