"""Which files of a project are ticked, kept between runs: one small private file a project."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui import paths
from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError
from docstra_tui.workspace.jobs import JobQueue

LARGEST = 8_000_000
"""Bytes; a larger file is not one of ours."""


@dataclass(frozen=True)
class SavedTicks:
    """What was ticked when the project was last looked at."""

    folders: tuple[str, ...] = ()
    """Ticked as a whole: what lies in them now is ticked, also what is new."""
    picks: tuple[Pick, ...] = ()
    """Files and lines that no such folder holds."""
    show_hidden: bool = False
    show_ignored: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """What is ticked, as it is kept."""
        picks = [[pick.path, pick.start_line, pick.end_line] for pick in self.picks]
        return {"folders": list(self.folders), "picks": picks}


def load(root: Path) -> SavedTicks:
    """What is known about `root`; nothing where there is nothing, or nothing that can be read."""
    import json  # not for the first frame

    try:
        fd = paths.open_private(place_of(root, "ticks"), os.O_RDONLY)
        with open(fd, encoding="utf-8") as file:
            told = json.loads(file.read(LARGEST))
        return ticks_of(told)
    except (OSError, ValueError, TypeError, KeyError):
        return SavedTicks()


def save(root: Path, ticks: SavedTicks) -> None:
    """Remember it. Where nothing can be written, nothing is remembered."""
    import json

    place = place_of(root, "ticks")
    told = {
        "root": str(root),
        **ticks.told,
        "show_hidden": ticks.show_hidden,
        "show_ignored": ticks.show_ignored,
    }
    with suppress(OSError, DocstraError):
        paths.private_folder(paths.state_dir())
        paths.private_folder(place.parent)
        paths.write_private(place, json.dumps(told))


def place_of(root: Path, kind: str) -> Path:
    """Where something of that kind is kept about a project."""
    import hashlib

    name = hashlib.sha256(os.fsencode(os.path.abspath(root))).hexdigest()[:32]
    return paths.state_dir() / kind / f"{name}.json"


def ticks_of(told: Any) -> SavedTicks:
    """What was kept. Raises `TypeError`, `KeyError`, `ValueError` for what is none of ours."""
    return SavedTicks(
        folders=_strings(told["folders"]),
        picks=tuple(
            Pick(str(path), _line(start), _line(end)) for path, start, end in _rows(told["picks"]) if path
        ),
        show_hidden=told.get("show_hidden") is True,
        show_ignored=told.get("show_ignored") is True,
    )


def _strings(told: Any) -> tuple[str, ...]:
    return tuple(row for row in _rows(told) if isinstance(row, str))


def _rows(told: Any) -> Sequence[Any]:
    if not isinstance(told, list):
        raise TypeError("not a list")
    return told


def _line(told: Any) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None


class TickKeeper:
    """Brings back what was ticked, and keeps what is, in the background."""

    def __init__(self, root: Path, jobs: JobQueue) -> None:
        self._root = root
        self._jobs = jobs
        self._unsaved: SavedTicks | None = None

    def restore(self, then: Callable[[SavedTicks], None]) -> None:
        """What was ticked when the project was last left, given to `then`."""
        self._jobs.do(lambda: load(self._root), then, lambda error: None, key="restore")

    def keep(self, ticks: SavedTicks) -> None:
        """Write these down soon."""
        self._unsaved = ticks
        self._jobs.do(self.flush, lambda _: None, lambda error: None, key="save ticks")

    def flush(self) -> None:
        """Write down what is not yet; any thread."""
        unsaved, self._unsaved = self._unsaved, None
        if unsaved is not None:
            save(self._root, unsaved)
