"""Lines of commands with the names of what is there now: sets of files and templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstra_tui.templates import Template

OF_SETS, RUN = ("/set load ", "/set delete "), "/run "
NAMED = (*OF_SETS, RUN)
"""How lines begin behind which something is named."""


class NamedLines:
    """Reading blocks; what was read last is at hand."""

    def __init__(self, root: Callable[[], Path]) -> None:
        self._root = root
        self._sets: tuple[str, ...] = ()
        self._templates: Mapping[str, Template] = {}

    def read(self) -> None:
        """Look what is there. Blocks."""
        from docstra_tui.workspace.files.tick_sets import TickSets
        from docstra_tui.workspace.templates.known import find_all

        root = self._root()
        self._sets = tuple(TickSets(root).all())
        self._templates = {one.name: one for one in find_all(root).offered}

    def known(self, before: str) -> list[str]:
        """The lines that `before` may become."""
        if before.startswith(RUN):
            from docstra_tui.workspace.templates.filling import lines_of

            return lines_of(self._templates, before)
        return [f"{start}{name}" for start in OF_SETS if before.startswith(start) for name in self._sets]

    def read_and_known(self, before: str) -> list[str]:
        """The same, of what is there now. Blocks."""
        if any(before.startswith(start) for start in NAMED):
            self.read()
        return self.known(before)
