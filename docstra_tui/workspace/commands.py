"""Every command a person can give while a folder is open: a row each, read by both faces.

The slash in the composer and in the inline chat, their completions, the help and the palette are made
from this table. Knows what is typed, not how it is done: a face has a handler for each of its rows.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from docstra_tui.context.mentions import Mention, find_mentions, read_paths
from docstra_tui.errors import UsageError

Face = Literal["screen", "chat"]
Takes = Literal["nothing", "files", "text", "name"]
"""What stands behind a command: names of files and nothing else, a text that may mention files with
`@`, or one name."""

BOTH: frozenset[Face] = frozenset({"screen", "chat"})
SCREEN: frozenset[Face] = frozenset({"screen"})
CHAT: frozenset[Face] = frozenset({"chat"})

AS_IT_IS = "With a space in front it is sent as a question."
ONLY_FILES = "Only names of files stand behind it. For a question: /ask"
"""What to say beside a word that was meant for one and names none."""

_NAME = re.compile(r"/(?P<name>[A-Za-z][\w-]*)?[.,:;!?]*(?:\s+(?P<text>.*))?", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One row."""

    name: str
    """What is typed after the slash; a face's handler is named after it."""
    title: str
    """In the palette."""
    words: str
    """What follows it, as the help writes it."""
    help: str
    takes: Takes = "nothing"
    asks: str = ""
    """What a face asks for where the text is missing."""
    faces: frozenset[Face] = BOTH

    @property
    def usage(self) -> str:
        """`/explain [FILE…]`."""
        return f"/{self.name} {self.words}".rstrip()


COMMANDS = (
    Command("document", "Document", "[FILE…]", "write documentation, one answer for each file", "files"),
    Command("explain", "Explain", "[FILE…]", "explain the code, one answer for each file", "files"),
    Command(
        "ask", "Ask", "QUESTION", "a question about the files, as without a command", "text", "Your question"
    ),
    Command("examples", "Generate examples", "REQUEST", "example code", "text", "Examples of what?"),
    Command(
        "custom", "Custom request", "REQUEST", "anything else, in your own words", "text", "Your request"
    ),
    Command("files", "Files", "", "the files that the model gets"),
    Command(
        "drop", "Untick all files", "[FILE…]", "leave files out from now on: those named, else all", "files"
    ),
    Command("fit", "Fit context", "", "files whole, in outline, in part or not at all", faces=SCREEN),
    Command("budget", "Budget", "", "what the next prompt is made of, in tokens", faces=SCREEN),
    Command("prompt", "Prompt", "", "the next prompt to the letter", faces=SCREEN),
    Command("model", "Switch model", "[NAME]", "which model answers, or another one from now on", "name"),
    Command("restart", "Restart engine", "", "load the model again in a fresh process"),
    Command("sessions", "Open session", "", "the saved sessions about this folder"),
    Command(
        "resume",
        "Resume session",
        "[SESSION]",
        "go on with a saved session: the one named, else the last",
        "name",
    ),
    Command("new", "New session", "", "begin an empty session, with the same files"),
    Command("theme", "Switch theme", "[NAME]", "other colours, kept for the next start", "name"),
    Command("suspend", "Suspend", "", "into the background; fg brings it back", faces=SCREEN),
    Command("help", "Help", "", "every command and every key"),
    Command("quit", "Quit", "", "leave; everything is saved and the model stays loaded"),
)

PER_FILE = frozenset({"document", "explain"})
"""One answer for each file; the other tasks answer once, from all of them."""


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


def commands_of(face: Face) -> tuple[Command, ...]:
    """The rows of one face."""
    return tuple(command for command in COMMANDS if face in command.faces)


def find(name: str, face: Face) -> Command | None:
    """The command of that name, in small or capital letters."""
    return next((row for row in commands_of(face) if row.name == name.lower()), None)


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
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return found[0] if found else ""
