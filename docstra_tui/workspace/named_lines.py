"""Lines of commands with the names of what is there now: sets of files and templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

NAMED = {"/set load ": "set", "/set delete ": "set", "/run ": "template"}
"""What a line names that begins so."""


class NamedLines:
    """Reading blocks; what was read last is at hand."""

    def __init__(self, root: Callable[[], Path]) -> None:
        self._root = root
        self._known: dict[str, tuple[str, ...]] = {}

    def read(self) -> None:
        """Look what is there. Blocks."""
        from docstra_tui.workspace.files.tick_sets import TickSets
        from docstra_tui.workspace.templates.known import find_all

        root = self._root()
        templates = sorted(find_all(root).offered, key=lambda one: one.name)
        self._known = {"set": tuple(TickSets(root).all()), "template": tuple(one.name for one in templates)}

    def known(self, before: str) -> list[str]:
        """The lines that `before` may become."""
        start = next((start for start in NAMED if before.startswith(start)), None)
        return [f"{start}{name}" for name in self._known.get(NAMED[start], ())] if start else []

    def read_and_known(self, before: str) -> list[str]:
        """The same, of what is there now. Blocks."""
        if any(before.startswith(start) for start in NAMED):
            self.read()
        return self.known(before)
