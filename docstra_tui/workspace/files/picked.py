"""What is known about the chosen files at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docstra_tui.context.picks import Pick

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.context.fitting.budget import Budget


@dataclass(frozen=True)
class Picked:
    """What became of the chosen files."""

    files: tuple[Ticked, ...] = ()
    """Those that were read, with their states, in the order of the tree."""
    by_path: Mapping[str, Sequence[Ticked]] = field(default_factory=dict)
    """The same by their paths, each with all of its picked lines."""
    budget: Budget | None = None
    """Tokens of the prompt so far; None when nobody could count."""
    is_kept_back: bool = False
    """True when it is not counted elsewhere before somebody decided about what may be secret."""
    costs: Mapping[Pick, int] = field(default_factory=dict)
    """Tokens that sending a changed file again makes the model read."""


def grouped(files: Iterable[Ticked]) -> dict[str, list[Ticked]]:
    """Files by their paths; not for the screen's thread, as there may be thousands."""
    found: dict[str, list[Ticked]] = {}
    for file in files:
        found.setdefault(file.path, []).append(file)
    return found
