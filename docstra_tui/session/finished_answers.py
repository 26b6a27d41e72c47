"""Answers of many questions that are finished, so that what breaks off loses none and asks none again.

Each is a file of its own that is there whole or not at all: two processes may keep theirs side by side.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from docstra_tui import paths
from docstra_tui.errors import DocstraError

DAYS = 30
"""How long an answer waits for its command to be given again, where nobody named a place for it."""


class FinishedAnswers:
    """The answers in one folder: one under each name, with the mark of all that it came of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problem = ""
        """Why they are not kept, ready to show; empty while they are."""
        try:
            paths.private_folder(folder)
        except DocstraError as error:
            self.problem = str(error)

    def find(self, name: str, mark: str) -> dict[str, Any] | None:
        """The answer of this name and mark; None where it is not kept, or cannot be read."""
        try:
            found = json.loads(self._place(name).read_text(encoding="ascii"))
            record = found["record"] if found["mark"] == mark else None
        except (OSError, ValueError, LookupError, TypeError):
            return None
        if not isinstance(record, dict) or not isinstance(record.get("answer"), str):
            return None
        record.setdefault("settings", None)  # an older program kept none
        return record

    def keep(self, name: str, mark: str, record: dict[str, Any]) -> None:
        """It is on the disk when this returns, or `problem` says why not."""
        if self.problem:
            return
        try:
            paths.write_private(self._place(name), json.dumps({"mark": mark, "record": record}))
        except OSError as error:
            self.problem = f"Finished answers cannot be kept in {self._folder}: {error.strerror}."

    def forget(self, names: Collection[str]) -> None:
        """These are not needed any more."""
        for name in names:
            with suppress(OSError):
                self._place(name).unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Those whose command nobody gave again for weeks."""
        oldest = time.time() - DAYS * 86_400
        with suppress(OSError):
            for place in self._folder.glob("*.json*"):
                if place.stat().st_mtime < oldest:
                    place.unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def unnamed() -> FinishedAnswers:
    """Where answers wait that go to standard output."""
    kept = FinishedAnswers(paths.state_dir() / "unfinished")
    kept.forget_old()
    return kept


def mark_of(parts: Sequence[Any]) -> str:
    """The same for the same question to the same model: of everything that an answer comes of."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
