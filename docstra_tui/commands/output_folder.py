"""Where `-o FOLDER` writes: a file for each answer, beside what is known of those that are finished.

The folder is the user's, for whomever the umask lets in; what is known is ours and closed to others.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from docstra_tui.errors import UsageError
from docstra_tui.session.finished_answers import FinishedAnswers
from docstra_tui.session.turn_request import TurnRequest

KNOWN = ".docstra-tui"
"""The folder, in the other, of what is finished."""


class OutputFolder:
    """Writes answers as `FOLDER/path/of/file.py.md`."""

    def __init__(self, named: str) -> None:
        """Raises `UsageError` for a folder that cannot be made or written to."""
        self.folder = Path(os.path.expanduser(named))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"The folder {named} cannot be made: {error.strerror}.") from error
        self.finished = FinishedAnswers(self.folder / KNOWN)
        if self.finished.problem:
            raise UsageError(self.finished.problem, "-o takes a folder to write to.")
        with suppress(OSError):
            (self.folder / KNOWN / ".gitignore").write_text("*\n")

    def places(self, requests: Sequence[TurnRequest]) -> list[Path]:
        """The file of each. Raises `UsageError` where two would be the same."""
        found = [self.folder / _file_of(request) for request in requests]
        if len(set(found)) < len(found):
            raise UsageError("A file is named twice: its answers would be written to one place.")
        return found

    def write(self, place: Path, text: str) -> None:
        """The file says this when this returns, whole; what it said before is gone.

        Raises `OSError`, also where a link would lead out of the folder.
        """
        if not place.parent.resolve().is_relative_to(self.folder.resolve()):
            raise OSError(errno.ELOOP, "A link leads out of the folder", str(place.parent))
        place.parent.mkdir(parents=True, exist_ok=True)
        made = place.with_name(f".{place.name[:200]}.{os.getpid()}")
        try:
            with made.open("x", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(text)
            os.replace(made, place)
        finally:
            with suppress(OSError):
                made.unlink()


def _file_of(request: TurnRequest) -> str:
    """Its path below the folder, whatever was named: never outside."""
    item = request.focus[0] if request.focus else None
    if item is None or item.path is None:
        return "standard input.md"
    lines = "" if item.start_line is None else f".{item.start_line}-{item.end_line}"
    return os.path.normpath("/" + item.path).lstrip("/") + f"{lines}.md"
