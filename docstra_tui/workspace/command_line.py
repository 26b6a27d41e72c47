"""What is typed with a slash in front: a command and its words, a question, or refused. For both faces."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from docstra_tui.context.mentions import Mention, find_mentions, read_paths
from docstra_tui.errors import UsageError
from docstra_tui.workspace.commands import Command, Face, commands_of, find

AS_IT_IS = "With a space in front it is sent as a question."
ONLY_FILES = "Only names of files stand behind it. For a question: /ask"
"""What to say beside a word that was meant for one and names none."""

_NAME = re.compile(r"/(?P<name>[A-Za-z][\w-]*)?[.,:;!?]*(?:\s+(?P<text>.*))?", re.DOTALL)


@dataclass(frozen=True)
class CommandLine:
    """A command and what was typed behind it."""

    command: Command
    text: str = ""

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The files that it names, in order. Raises `UsageError` for a word that can name none."""
        match self.command.takes:
            case "files":
                try:
                    return tuple(read_paths(self.text))
                except ValueError as error:
                    raise UsageError(str(error), "A name with spaces stands in quotes.") from None
            case "text":
                return tuple(find_mentions(self.text))
            case _:
                return ()


def parse(text: str, face: Face) -> CommandLine | None:
    """`/ask why?` as a command and its words; None for a question.

    What looks like a command is one or is refused, never sent: a slash at the very beginning, then one
    word of letters, digits, `-` and `_`. Anything else is a question: a path (`/etc/hosts`, `/a.py`), a
    comment (`//`, `/*`), a pattern (`/a+/`), and what has a space in front. Raises `UsageError`.
    """
    found = _NAME.fullmatch(text.rstrip())
    if found is None:
        return None
    name, words = found["name"] or "", (found["text"] or "").strip()
    if not name and words:
        return None  # a slash by itself, as in a list
    command = find(name, face)
    if command is None:
        raise UsageError(*_unknown(name, face))
    if command.takes == "nothing" and words:
        raise UsageError(f"Nothing stands behind /{command.name}.", AS_IT_IS)
    return CommandLine(command, words)


def question_of(text: str) -> str:
    """A question without the space that kept it from being a command."""
    return text.lstrip(" ") if text.lstrip(" ").startswith("/") else text


def _unknown(name: str, face: Face) -> tuple[str, str]:
    if not name:
        return "Which command?", "/help lists them."
    near = nearest(name.lower(), (row.name for row in commands_of(face)))
    meant = f"Did you mean /{near}?" if near else "/help lists what there is."
    return f"There is no /{name}.", f"{meant} {AS_IT_IS}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant: one that begins so, else one that is written much alike."""
    names = list(known)
    begun = [each for each in names if name and each.startswith(name)]
    if begun:
        return begun[0]
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.55)
    return found[0] if found else ""
