"""The folders of a project as the tree shows them: listed in the background, with its ignore rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.secrets import may_hold_secrets
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
    """Answers on the screen's thread."""

    def __init__(
        self, root: Path, ignore: Sequence[str], jobs: JobQueue, listed: Callable[[str, Listing], None]
    ) -> None:
        """`listed` gets each folder with what is in it."""
        self._root = root
        self._ignore = tuple(ignore)
        self._jobs = jobs
        self._listed = listed
        self._rules: IgnoreRules | None = None
        self.show_hidden = False
        self.show_ignored = False

    def show(self, folder: str) -> None:
        """List `folder`."""

        def failed(error: Exception) -> None:
            from docstra_tui.context.files.tree import Listing

            reason = getattr(error, "message", "") or str(error) or type(error).__name__
            self._listed(folder, Listing(entries=(), more=0, error=reason[:200]))

        self._jobs.do(
            lambda: self._list(folder),
            lambda listing: self._listed(folder, listing),
            failed,
            key=f"list {folder}",
        )

    def show_again(self, folders: Sequence[str], *, hidden: bool, ignored: bool) -> None:
        """Other files are wanted: list the folders that are open, the root first."""
        self.show_hidden, self.show_ignored = hidden, ignored
        self._rules = None
        for folder in sorted(folders):
            self.show(folder)

    def below(self, folder: str, done: Callable[[Below], None], failed: Callable[[Exception], None]) -> None:
        """Every file below `folder`, given to `done`."""
        self._jobs.do(
            lambda: files_to_send(self._root, folder, self.rules(), show_hidden=self.show_hidden),
            done,
            failed,
            key=f"below {folder}",
        )

    def rules(self) -> IgnoreRules:
        """Made once, in the background: it reads the project's ignore files."""
        rules = self._rules  # somebody else may want new ones meanwhile
        if rules is None:
            from docstra_tui.context.files.ignore import IgnoreRules, NothingIgnored

            ignored = self.show_ignored
            rules = NothingIgnored(self._root) if ignored else IgnoreRules(self._root, self._ignore)
            self._rules = rules
        return rules

    def _list(self, folder: str) -> Listing:
        from docstra_tui.context.files.tree import list_folder

        if folder == "":
            self._rules = None  # the rules may have been edited
        return list_folder(self._root, folder, self.rules(), show_hidden=self.show_hidden)


def files_to_send(root: Path, folder: str, rules: IgnoreRules, *, show_hidden: bool = False) -> Below:
    """Every file below a folder that is not left out by `rules`. Blocks. Raises `UnreadableFile`."""
    from docstra_tui.context.files.tree import files_to_tick

    found = files_to_tick(root, folder, rules, show_hidden=show_hidden)
    secret = tuple(path for path in found.files if may_hold_secrets(path))
    left_out = set(secret)
    return Below(tuple(path for path in found.files if path not in left_out), secret, found.closed)
