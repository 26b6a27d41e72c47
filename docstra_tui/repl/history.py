"""What was typed before: commands, which a file keeps, and what was asked in any session.

Both together are one line of time, which Up and Ctrl+R go back in. A question stands nowhere but in its
session: who deletes that wants its words gone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from docstra_tui import paths
from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.workspace.command_line import parse

if TYPE_CHECKING:
    from docstra_tui.session.turns import Asked

HISTORY = "chat-history"
MOST = 2_000
"""Lines that Up goes back through: each prompt takes all of them in."""
LONGEST = 100_000
"""Characters of such a line; what is longer takes seconds to be drawn, and nobody finds the way back."""


class KeptHistory(FileHistory):
    """A file of the commands that were typed; a disk that is full or gone never stops the typing."""

    def __init__(
        self,
        filename: str,
        asked: Callable[[], Sequence[Asked]] = tuple,
        whole: Callable[[str], str] = lambda text: text,
    ) -> None:
        """`asked` are the questions of all sessions, the newest first; `whole` is what a line stands for."""
        super().__init__(filename)
        self._asked = asked
        self._whole = whole
        self._read: list[tuple[str, float]] | None = None
        """What the file had at the start, until it is loaded: it may be long, and is parsed once."""

    def load_history_strings(self) -> Iterable[str]:
        read, self._read = self._read, None
        found = dict(self._typed() if read is None else read)
        with contextlib.suppress(DocstraError):
            for one in self._asked():
                found[one.text] = max(one.at, found.get(one.text, 0.0))
        lines = (text for text in found if len(text) <= LONGEST)
        return sorted(lines, key=lambda text: found[text], reverse=True)[:MOST]

    def append_string(self, string: str) -> None:
        super().append_string(self._whole(string))

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            if is_kept(string):
                super().store_string(string)

    def drop_questions(self) -> None:
        """Out of a file that an older program wrote, which kept them too. Raises `OSError`."""
        typed = list(self._typed())
        self._read = kept = [(text, at) for text, at in typed if is_kept(text)]
        if len(kept) == len(typed):
            return
        with open(self.filename, "w", encoding="utf-8", newline="\n") as file:
            for text, at in kept:
                lines = text.replace("\n", "\n+")
                file.write(f"\n# {datetime.fromtimestamp(at)}\n+{lines}\n")

    def _typed(self) -> Iterator[tuple[str, float]]:
        """What the file has, and when each was typed last; oldest first. As prompt_toolkit writes it."""
        at, last, lines = 0.0, 0.0, list[str]()
        try:
            with open(self.filename, encoding="utf-8", errors="replace", newline="\n") as file:
                for line in [*file, "\n"]:
                    if line.startswith("+"):
                        lines.append(line[1:])
                        continue
                    if lines:
                        yield "".join(lines)[:-1], at
                        lines = []
                    if line.startswith("# "):
                        with contextlib.suppress(ValueError, OverflowError, OSError):
                            last = datetime.fromisoformat(line[2:].strip()).timestamp()
                        at = last = max(at + 1e-6, last)  # in their order, whatever the clock said
        except OSError:
            return


def is_kept(line: str) -> bool:
    """True for a command that names files or settings, false for what goes to a model."""
    try:
        command = parse(line, "chat")
    except UsageError:
        return False
    return command is not None and command.command.takes != "text"


def history(
    asked: Callable[[], Sequence[Asked]] = tuple, whole: Callable[[str], str] = lambda text: text
) -> History:
    """What was typed before, in a file that nobody else can read; in memory where none can be made."""
    try:
        path = paths.private_folder(paths.state_dir()) / HISTORY
        os.close(paths.open_private(path))
        kept = KeptHistory(str(path), asked, whole)
        kept.drop_questions()
    except (OSError, DocstraError):
        return InMemoryHistory()
    return kept
