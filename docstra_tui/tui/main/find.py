"""Search in files on the screen: in what the tree shows, ticked in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.picks import Pick
from docstra_tui.settings import ContextSettings
from docstra_tui.tui.main.dialogs import Dialogs

if TYPE_CHECKING:
    from docstra_tui.context.search.find.hits import Wanted
    from docstra_tui.context.search.find.order import Order
    from docstra_tui.tui.main.files import Files
    from docstra_tui.workspace.colouring.code_colours import CodeColours
    from docstra_tui.workspace.command_line import CommandLine
    from docstra_tui.workspace.files.watched_selection import WatchedSelection


class Find:
    """As `FindFiles` has it, too. What was looked for last is there when it is opened again."""

    def __init__(
        self,
        root: Path,
        settings: ContextSettings,
        files: Files,
        selection: WatchedSelection,
        colours: CodeColours,
        dialogs: Dialogs,
    ) -> None:
        self._root = root
        self._settings = settings
        self._pane = files
        self._selection = selection
        self._colours = colours
        self._dialogs = dialogs
        self._last: tuple[Wanted, int] | None = None

    def find(self, line: CommandLine) -> None:
        """Look for what is written. Raises `UsageError`."""
        from docstra_tui.context.search.find.hits import Wanted
        from docstra_tui.tui.screens.find import FindScreen
        from docstra_tui.workspace.finding import DEFINITION, wanted_of

        before, reach = self._last or (Wanted(""), DEFINITION)
        wanted = wanted_of(line.text) if line.text else before
        screen = FindScreen(self._root, self, self._colours, wanted, reach, is_again=not line.text)

        def left(_: None) -> None:
            self._last = screen.wanted, screen.reach

        self._dialogs.ask(screen, left)

    def order(self, wanted: Wanted) -> Order:
        """In the files that the tree shows."""
        from docstra_tui.context.search.find.order import Order

        folders = self._pane.folders
        return Order(
            str(self._root),
            wanted,
            tuple(self._settings.ignore),
            show_hidden=folders.show_hidden,
            show_ignored=folders.show_ignored,
            max_bytes=self._settings.max_file_bytes,
        )

    def max_bytes_of(self, path: str) -> int:
        return self._selection.max_bytes_of(path)

    def ticked_lines(self, path: str) -> Sequence[tuple[int, int]] | None:
        ticks = self._pane.tree_view.model
        return ticks.lines_of(path) if ticks.is_ticked(path) else None

    def toggle(self, path: str, lines: tuple[int, int] | None, at: int | None) -> None:
        tree, ticked = self._pane.tree_view, self.ticked_lines(path)
        holding = [one for one in ticked or () if at is not None and one[0] <= at <= one[1]]
        if ticked is not None and (at is None or not ticked):
            tree.untick(Pick(path))
        elif holding:
            tree.untick(Pick(path, *holding[0]))
        else:
            tree.put_picks([Pick(path, *(lines or (None, None)))])

    def show(self, path: str, line: int) -> None:
        self._pane.preview(path, line)
