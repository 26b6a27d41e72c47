"""What of a project's files is not as it was committed, for the tree: a letter beside each name."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Container, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.workspace.files.tick_notes import Tone

TOGETHER = 2_000
"""Changed files that are ticked at one key: more are no day of work but another checkout."""


class ChangeMark(NamedTuple):
    """What stands beside a changed file."""

    letter: str
    tone: Tone
    reason: str
    """A sentence for the line under the tree."""


_NEW = ChangeMark("?", "muted", "New: not in git yet.")
_ADDED = ChangeMark("A", "warning", "New, and staged.")
_CONFLICT = ChangeMark("U", "error", "In conflict: merged by nobody yet.")
_STAGED = ChangeMark("M", "warning", "Changed, and staged.")
_PARTLY = ChangeMark("M", "warning", "Staged, then changed again.")
_CHANGED = ChangeMark("M", "warning", "Changed, and not staged.")


class ChangeMarks:
    """Answers for one moment; made anew when git says something else."""

    def __init__(
        self, states: Mapping[str, str] = MappingProxyType({}), files: Container[str] | None = None
    ) -> None:
        """`states` as `context.git.reader.Changes` has them. Of these paths only `files` are in the tree as
        files: the others are gone, or links, or submodules; None: all."""
        self._marks = {
            path: mark_of(state) for path, state in states.items() if files is None or path in files
        }
        self._sorted = sorted(self._marks)
        self.secret = tuple(path for path in self._sorted if may_hold_secrets(path))
        """Those that are ticked one by one."""
        secret = frozenset(self.secret)
        self.to_tick = tuple(path for path in self._sorted if path not in secret)

    @property
    def refusal(self) -> str:
        """Why they are not ticked together: a sentence; empty where they are."""
        count = len(self.to_tick)
        if count > TOGETHER:
            return f"{count:,} files are changed, too many for one prompt: pick some of them."
        return "" if count or self.secret else "No file is changed since the last commit."

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChangeMarks) and self._marks == other._marks

    __hash__ = None  # type: ignore[assignment]

    def of_file(self, path: str) -> ChangeMark | None:
        """None for a file that is as it was committed."""
        return self._marks.get(path)

    def is_below(self, folder: str) -> bool:
        """True where a file below a folder is changed."""
        start = folder + "/"
        place = bisect_left(self._sorted, start)
        return place < len(self._sorted) and self._sorted[place].startswith(start)


def marks_of(root: Path, states: Mapping[str, str]) -> ChangeMarks:
    """The marks of what can be ticked. Blocks: looks at each path."""
    return ChangeMarks(states, frozenset(path for path in states if _is_file(root / path)))


def mark_of(state: str) -> ChangeMark:
    """The mark of a state in two letters: of what is staged, and of the working tree."""
    staged, working = state[:1], state[1:]
    if "U" in state:
        return _CONFLICT
    if "?" in state:
        return _NEW
    if "A" in state:
        return _ADDED
    if working.strip():
        return _PARTLY if staged.strip() else _CHANGED
    return _STAGED


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False
