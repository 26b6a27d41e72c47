"""What is looked for in the file tree, and what waits for it to be found."""

from __future__ import annotations

from collections.abc import Callable


class FileFilter:
    """Rows are found by somebody else, a moment after each letter."""

    def __init__(self) -> None:
        self.query: str | None = None
        """What is looked for; None while the tree is shown."""
        self.row_before = 0
        """Where the cursor of the tree was when it began."""
        self._found_query = ""
        self._waiting: list[Callable[[], object]] = []
        """Keys that came before what they are about was found."""

    @property
    def has_found(self) -> bool:
        """True while the rows are those of what is looked for."""
        return bool(self.query) and self._found_query == self.query

    @property
    def is_waited_for(self) -> bool:
        """Keys wait for its rows."""
        return bool(self._waiting)

    def look_for(self, query: str | None) -> None:
        """Something else, or nothing any more; what waited for the rows before is forgotten."""
        self.query, self._found_query = query, ""
        self._waiting.clear()

    def find(self, query: str) -> bool:
        """`query` was found; True when it was not yet."""
        is_new, self._found_query = query != self._found_query, query
        return is_new

    def waits(self, act: Callable[[], object]) -> bool:
        """True while what is looked for is not found yet: `act` is for its rows, not for those before."""
        waits = bool(self.query) and not self.has_found
        if waits:
            self._waiting.append(act)
        return waits

    def act(self) -> None:
        """Do what waited for the rows."""
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()
