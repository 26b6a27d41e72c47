"""Every command a person can give while a folder is open: a row each, read by both faces.

The slash in the composer and in the inline chat, their completions, the help, the palette and the tasks
of the command line are made from this table. Knows what is typed, not how it is done: a face has a handler
for each of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Face = Literal["screen", "chat", "shell"]
"""Where a command is given: on the screen, in the inline chat, as a command of the program itself."""
Takes = Literal["nothing", "files", "text", "name"]
"""What stands behind a command: names of files and nothing else, a text that may mention files with
`@`, or one name."""

EVERYWHERE: frozenset[Face] = frozenset({"screen", "chat", "shell"})
BOTH: frozenset[Face] = frozenset({"screen", "chat"})
CHAT: frozenset[Face] = frozenset({"chat"})
SCREEN: frozenset[Face] = frozenset({"screen"})


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
    choices: tuple[str, ...] = ()
    """What may stand behind it, as far as there are words for it; for completions."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What completes: the command, and with each choice."""
        return (f"/{self.name}", *(f"/{self.name} {choice}" for choice in self.choices))

    @property
    def usage(self) -> str:
        """`/explain [FILE…]`."""
        return f"/{self.name} {self.words}".rstrip()


COMMANDS = (
    Command("document", "Document", "[FILE…]", "document files, one answer each", "files", faces=EVERYWHERE),
    Command("explain", "Explain", "[FILE…]", "explain files, one answer each", "files", faces=EVERYWHERE),
    Command(
        "ask", "Ask", "QUESTION", "answer one question from files", "text", "Your question", faces=EVERYWHERE
    ),
    Command(
        "each",
        "Ask each part",
        "QUESTION",
        "ask more files than fit, part by part",
        "text",
        "Your question to each part of the files",
    ),
    Command(
        "examples",
        "Generate examples",
        "REQUEST",
        "write example code",
        "text",
        "Examples of what?",
        faces=EVERYWHERE,
    ),
    Command(
        "custom", "Custom request", "REQUEST", "anything else, in your own words", "text", "Your request"
    ),
    Command(
        "run",
        "Ask with a template",
        "TEMPLATE [KEY=VALUE…]",
        "fill a template and answer it",
        "text",
        "Which template?",
        faces=EVERYWHERE,
    ),
    Command(
        "retry",
        "Answer again",
        "[N]",
        "another answer to question N, else the last",
        "name",
    ),
    Command(
        "edit",
        "Edit question",
        "[N] [WORDS]",
        "ask question N, else the last, in other words",
        "text",
    ),
    Command(
        "other",
        "Other branch",
        "[N]",
        "what stands beside question N, else the last",
        "name",
    ),
    Command("turn", "Turn in detail", "[N]", "what question N, else the last, was sent with", "name"),
    Command("delete", "Delete turn", "[N]", "delete question N, else the last", "name"),
    Command("undo", "Undo delete", "", "bring back what was deleted last"),
    Command("continue", "Continue", "", "go on with an answer that was cut short"),
    Command("files", "Files", "", "the files that the model gets"),
    Command(
        "suggest",
        "Files for the question",
        "[QUESTION]",
        "files a question is likely about: tick some",
        "text",
    ),
    Command(
        "words",
        "Files by the model's words",
        "[QUESTION]",
        "the same, by what the model would call it too",
        "text",
    ),
    Command("changed", "Changed files", "", "tick all files changed since the last commit"),
    Command("drop", "Untick all files", "[FILE…]", "leave out the files named, else all", "files"),
    Command(
        "set",
        "Sets of files",
        "[save|load|delete NAME]",
        "named sets of files: keep, use, list them",
        "name",
        choices=("save", "load", "list", "delete"),
    ),
    Command(
        "find",
        "Find in files",
        "[-e] [-c] WORDS",
        "lines of the files in which something stands",
        "name",
    ),
    Command("fit", "Fit context", "", "files whole, in outline, in part or not at all", faces=SCREEN),
    Command("budget", "Budget", "", "what the next prompt is made of, in tokens", faces=SCREEN),
    Command("prompt", "Prompt", "", "the next prompt to the letter", faces=SCREEN),
    Command("model", "Switch model", "[NAME]", "which model answers, or another one from now on", "name"),
    Command(
        "remote",
        "Switch server",
        "[NAME]",
        "another server by name; local is this machine",
        "name",
    ),
    Command(
        "think",
        "Thinking",
        "[off|on|N|auto]",
        "whether, or how many tokens, it thinks first",
        "name",
        choices=("off", "on", "auto", "low", "medium", "high"),
    ),
    Command(
        "cache",
        "What is read",
        "[full|int8]",
        "what is read is kept in full, or in 8 bits",
        "name",
        choices=("full", "int8"),
    ),
    Command(
        "device",
        "Switch device",
        "[DEVICE]",
        "where the model is from now on",
        "name",
        choices=("auto", "cpu", "cuda", "mps"),
    ),
    Command(
        "check",
        "Check an answer",
        "[N]",
        "look up what answer N, else the last, says",
        "name",
        faces=CHAT,
    ),
    Command("thought", "Show thinking", "", "what was thought before an answer"),
    Command("restart", "Restart engine", "", "load the model again in a fresh process"),
    Command("queue", "Waiting questions", "", "what waits: change, move or take it back", faces=SCREEN),
    Command("earlier", "Earlier questions", "", "what was asked in any session", faces=SCREEN),
    Command("editor", "Write in your editor", "", "the question in $VISUAL or $EDITOR", faces=SCREEN),
    Command("sessions", "Open session", "[WORDS]", "the saved sessions, or those with these words", "name"),
    Command(
        "resume",
        "Resume session",
        "[SESSION]",
        "go on with a saved session, else the last",
        "name",
    ),
    Command("new", "New session", "", "begin an empty session, with the same files"),
    Command(
        "save",
        "Save answer",
        "[code [N]] FILE",
        "the answer, or code of it, into a file",
        "name",
    ),
    Command(
        "export",
        "Export session",
        "[FILE]",
        "the session as Markdown; all of it as .json",
        "name",
    ),
    Command("theme", "Switch theme", "[NAME]", "other colours, kept for the next start", "name"),
    Command(
        "settings",
        "Settings",
        "[KEY [VALUE]]",
        "settings and keys; VALUE goes to config.toml",
        "name",
    ),
    Command("doctor", "Look for what is wrong", "", "what is wrong here, and what to do"),
    Command("redraw", "Redraw the screen", "", "draw it again, where others wrote over it", faces=SCREEN),
    Command("suspend", "Suspend", "", "into the background; fg brings it back", faces=SCREEN),
    Command("help", "Help", "", "every command and every key"),
    Command("quit", "Quit", "", "leave; all is saved, the model stays loaded"),
)

TASKS = frozenset({"document", "explain", "ask", "each", "examples", "custom", "run"})
"""The commands that become turns: of those that take files one for each, of the others one over all."""


def commands_of(face: Face) -> tuple[Command, ...]:
    """The rows of one face."""
    return tuple(command for command in COMMANDS if face in command.faces)


def find(name: str, face: Face) -> Command | None:
    """The command of that name, in small or capital letters."""
    return next((row for row in commands_of(face) if row.name == name.lower()), None)
