"""Lines of commands with the names of what is there now: sets of files, templates, and servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import settings
from docstra_tui.errors import DocstraError
from docstra_tui.remotes import HERE

if TYPE_CHECKING:
    from docstra_tui.templates import Template

OF_SETS, RUN, REMOTE = ("/set load ", "/set delete "), "/run ", "/remote "
NAMED = (*OF_SETS, RUN, REMOTE)
"""How lines begin behind which something is named."""


class NamedLines:
    """Reading blocks; what was read last is at hand."""

    def __init__(self, root: Callable[[], Path]) -> None:
        self._root = root
        self._sets: tuple[str, ...] = ()
        self._templates: Mapping[str, Template] = {}
        self._remotes: tuple[str, ...] = ()

    def read(self) -> None:
        """Look what is there. Blocks."""
        from docstra_tui.workspace.files.tick_sets import TickSets
        from docstra_tui.workspace.templates.known import find_all

        root = self._root()
        self._sets = tuple(TickSets(root).all())
        self._templates = {one.name: one for one in find_all(root).offered}
        with suppress(DocstraError):  # of what somebody writes there just now
            self._remotes = (*settings.load().remotes, HERE)

    def known(self, before: str) -> list[str]:
        """The lines that `before` may become."""
        if before.startswith(RUN):
            from docstra_tui.workspace.templates.filling import lines_of

            return lines_of(self._templates, before)
        if before.startswith(REMOTE):
            return [REMOTE + name for name in self._remotes]
        return [f"{start}{name}" for start in OF_SETS if before.startswith(start) for name in self._sets]

    def read_and_known(self, before: str) -> list[str]:
        """The same, of what is there now. Blocks."""
        if any(before.startswith(start) for start in NAMED):
            self.read()
        return self.known(before)
