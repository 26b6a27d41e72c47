"""The process that reads a repository: `python -P -m docstra_tui.context.git.process`.

Reads JSON lines `{root, ask, …}` and writes a JSON line for each: what was found, or the words of an error.
It exists so that a repository that is made to be slow, or to use memory, takes nothing with it but itself.
Ends by itself when nobody asks for a while.
"""

from __future__ import annotations

import dataclasses
import json
import os
import select
import sys
import time
from pathlib import Path
from typing import Any

from docstra_tui.context.child import bound
from docstra_tui.context.git.repository import Repository
from docstra_tui.errors import UnreadableFile

MEMORY = 3 << 30
"""Bytes of address space; tables of packs count too."""
IDLE_SECONDS = 120.0
KEPT_SECONDS = 300.0
"""A repository is looked for again after that: it may have been made, or moved."""


class Answers:
    """One repository is kept open."""

    def __init__(self) -> None:
        self._repository: Repository | None = None
        self._of: tuple[str, tuple[str, ...]] | None = None
        self._opened = 0.0

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What one line asks for."""
        repository = self._open(str(asked["root"]), tuple(asked.get("ignore", ())))
        room = int(asked.get("room", 0))
        match asked["ask"]:
            case "changes":
                return dataclasses.asdict(repository.changes())
            case "diff":
                return dataclasses.asdict(repository.diff(room))
            case "staged":
                return dataclasses.asdict(repository.staged(room))
            case "commit":
                return dataclasses.asdict(repository.commit(str(asked["name"]), room))
            case "names":
                return {"names": repository.names(int(asked["limit"]))}
        raise UnreadableFile("Nobody knows what that asks for.")

    def forget(self) -> None:
        """After an error: what is kept may be half of it."""
        self._repository = None

    def _open(self, root: str, ignore: tuple[str, ...]) -> Repository:
        is_old = time.monotonic() - self._opened > KEPT_SECONDS
        if self._repository is None or self._of != (root, ignore) or is_old:
            self._repository = Repository(Path(root), ignore)
            self._of, self._opened = (root, ignore), time.monotonic()
        return self._repository


def main() -> None:
    """Answer until the standard input ends."""
    bound(MEMORY)
    answers, waiting = Answers(), b""
    while True:
        line, more, rest = waiting.partition(b"\n")
        if not more:
            ready, _, _ = select.select([0], [], [], IDLE_SECONDS)
            read = os.read(0, 65_536) if ready else b""
            if not read:
                return
            waiting += read
            continue
        waiting = rest
        sys.stdout.write(json.dumps(_said(answers, line)) + "\n")
        sys.stdout.flush()


def _said(answers: Answers, line: bytes) -> dict[str, Any]:
    try:
        return answers.answer(json.loads(line))
    except UnreadableFile as error:
        answers.forget()
        return {"error": error.message, "hint": error.hint, "kind": type(error).__name__}
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        answers.forget()
        return {"error": f"The repository cannot be read: {type(error).__name__}.", "hint": "", "kind": ""}


if __name__ == "__main__":
    main()
