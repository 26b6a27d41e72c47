"""Files that may hold secrets and are wanted: which were asked about, and which may be sent where.

Where is the origin of an address, `http://gpu:8000`: what may go over https may not go over http. What
stays on this machine goes nowhere, which is the empty string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.text import shown_name


class _Asked(NamedTuple):
    where: str
    path: str


class SecretFiles:
    """For as long as the program runs."""

    def __init__(self) -> None:
        self._asked: set[_Asked] = set()
        self._agreed: set[_Asked] = set()

    def to_ask(self, paths: Iterable[str], where: str) -> list[str]:
        """Those of `paths` that somebody has to hear of before they go there; each is told once."""
        asked = [path for path in dict.fromkeys(paths) if may_hold_secrets(path)]
        asked = [path for path in asked if _Asked(where, path) not in self._asked]
        self._asked.update(_Asked(where, path) for path in asked)
        return asked

    def agree(self, paths: Iterable[str], where: str) -> None:
        """Somebody said yes to these."""
        self._agreed.update(_Asked(where, path) for path in paths)

    def refuse(self, paths: Iterable[str], where: str) -> None:
        """Somebody said no: wanted once more, they are asked about once more."""
        self._asked.difference_update(_Asked(where, path) for path in paths)

    def agreed(self, where: str) -> list[str]:
        """What may be sent there."""
        return [asked.path for asked in self._agreed if asked.where == where]

    def forget_unwanted(self, is_wanted: Callable[[str], bool]) -> None:
        """What is not wanted any more is asked about once it is again."""
        self._asked = {asked for asked in self._asked if is_wanted(asked.path)}


def few_names(paths: list[str] | tuple[str, ...]) -> str:
    """The first of them by name, and how many more."""
    shown = ", ".join(shown_name(path) for path in paths[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown
