"""Named sets of ticked files: kept under a name, and ticked again by it. One small private file a project."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui import figures, paths
from docstra_tui.errors import StoreError, UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.command_line import nearest
from docstra_tui.workspace.files.saved_ticks import LARGEST, SavedTicks, place_of, ticks_of

VERBS = ("save", "load", "list", "delete")
LONGEST = 60
"""Characters of a name."""
MOST = 200
"""Sets of one project."""


class SetIsThere(UsageError):
    """There is a set of that name already, with other files; nothing was changed."""


@dataclass(frozen=True)
class SetWords:
    """What was written behind `/set`."""

    verb: str
    name: str = ""


def parse(words: str) -> SetWords:
    """`save my files` as a verb and a name; nothing is `list`. Raises `UsageError`."""
    verb, _, name = words.strip().partition(" ")
    name = " ".join(name.split())
    verb = verb.lower() or "list"
    if verb not in VERBS:
        near = nearest(verb, VERBS)
        meant = f"Did you mean /set {near}? " if near else ""
        raise UsageError(f"/set {verb} is nothing.", f"{meant}There are /set save, load, list and delete.")
    if verb == "list":
        if name:
            raise UsageError("Nothing stands behind /set list.", "/set load NAME ticks the files of one.")
        return SetWords(verb)
    if not name:
        raise UsageError(f"Which set? Write /set {verb} NAME.", "/set lists those there are.")
    if len(name) > LONGEST or sanitize_line(name) != name:
        raise UsageError("That is no name for a set.", f"Up to {LONGEST} characters that can be shown.")
    return SetWords(verb, name)


def told_of(ticks: SavedTicks) -> str:
    """`3 files`, `2 folders and 1 file`."""
    parts = [
        figures.count(len(what), name)
        for what, name in ((ticks.folders, "folder"), (ticks.picks, "file"))
        if what
    ]
    return " and ".join(parts) or "no files"


class TickSets:
    """Those of one project. All of it blocks, and raises `StoreError` where the disk takes nothing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._aside: Path | None = None
        """Where a damaged file was put, until it is told."""

    def all(self) -> dict[str, SavedTicks]:
        """Every set, by name; those that cannot be read are none."""
        sets: dict[str, SavedTicks] = {}
        found = None
        with suppress(OSError):
            found = self._read()
        for name, told in (found or {}).items():
            with suppress(TypeError, KeyError, ValueError, AttributeError):
                sets[str(name)] = ticks_of(told)
        return {name: sets[name] for name in sorted(sets, key=str.casefold)}

    def load(self, name: str) -> SavedTicks:
        """The files of a set. Raises `UsageError` where there is none of that name."""
        sets = self.all()
        if name not in sets:
            raise _unknown(name, sets)
        return sets[name]

    def save(self, name: str, ticks: SavedTicks, *, replace: bool = False) -> str:
        """Keep these under a name; what to say of it. Raises `SetIsThere` unless told to `replace`, and
        `UsageError` where there are too many."""
        with self._changing() as told:
            is_new = name not in told
            before = None if replace else self.all().get(name)
            if before is not None and before != ticks:
                raise SetIsThere(f"Set {name} is there already, with {told_of(before)}.")
            if is_new and len(told) >= MOST:
                raise UsageError(f"There are {MOST} sets already.", "/set delete NAME makes room.")
            told[name] = ticks.told
        return f"Set {name} {'is' if is_new else 'is now'} {told_of(ticks)}.{self._told_aside()}"

    def delete(self, name: str) -> str:
        """Forget a set, not its files; what to say of it. Raises `UsageError` where there is none."""
        with self._changing() as told:
            if name not in told:
                raise _unknown(name, told)
            del told[name]
        return f"Set {name} is deleted. Its files stay as they are."

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """What is kept, to be changed by one terminal at a time."""
        import json

        place = place_of(self._root, "sets")
        try:
            paths.private_folder(paths.private_folder(paths.state_dir()) / place.parent.name)
            with open(paths.open_private(place.with_suffix(".lock")), "wb") as lock:
                with suppress(OSError):  # a disk that knows no locks
                    fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
                found = self._read()
                told = found or {}
                yield told
                if found is None:
                    self._aside = _set_aside(place)
                paths.write_private(place, json.dumps({"root": str(self._root), "sets": told}))
        except OSError as error:
            raise StoreError(f"The set cannot be kept: {error.strerror}.", "Free the disk.") from error

    def _told_aside(self) -> str:
        aside, self._aside = self._aside, None
        return f" The sets of before could not be read; their file is now {aside}." if aside else ""

    def _read(self) -> dict[str, Any] | None:
        """What is kept; None where that is there but damaged. Raises `OSError` where nobody may look."""
        import json

        try:
            fd = paths.open_private(place_of(self._root, "sets"), os.O_RDONLY)
            with open(fd, encoding="utf-8") as file:
                told = json.loads(file.read(LARGEST))["sets"]
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError):
            return None
        return told if isinstance(told, dict) else None


def _set_aside(place: Path) -> Path:
    """Give a damaged file another name, which no other has: somebody may read more of it than we can."""
    number = 1
    while (aside := place.with_name(f"{place.name}.corrupt-{number}")).exists():
        number += 1
    os.replace(place, aside)
    return aside


def _unknown(name: str, known: dict[str, Any]) -> UsageError:
    near = nearest(name, known)
    hint = f"Did you mean {sanitize_line(near)}?" if near else "/set lists those there are."
    return UsageError(f"There is no set {name}.", hint)
