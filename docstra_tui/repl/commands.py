"""What can be typed behind a slash in the inline chat: a row each, from which the help is made."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class SlashCommand:
    """One command of the chat. Its handler is the method `do_NAME` of the chat."""

    name: str
    words: str
    """What follows it, as the help writes it."""
    help: str


COMMANDS = (
    SlashCommand("ask", "QUESTION", "ask about the files (as without a command)"),
    SlashCommand("explain", "[PATH…]", "explain files, one answer each; without a path, all of them"),
    SlashCommand("document", "[PATH…]", "write documentation for files, one answer each"),
    SlashCommand("examples", "REQUEST", "write example code"),
    SlashCommand("custom", "REQUEST", "anything else, in your own words"),
    SlashCommand("files", "", "the files the model gets, and their tokens"),
    SlashCommand("drop", "PATH…", "leave files out from now on"),
    SlashCommand("model", "[NAME]", "which model answers, or another one from now on"),
    SlashCommand("restart", "", "start the engine again after it died"),
    SlashCommand("new", "", "begin a new session"),
    SlashCommand("sessions", "", "the saved sessions about this folder"),
    SlashCommand("resume", "[SESSION]", "go on with a saved session"),
    SlashCommand("help", "", "this list"),
    SlashCommand("quit", "", "leave (as Ctrl+D)"),
)

KEYS = (
    ("Enter", "sends"),
    ("Alt+Enter, Ctrl+J", "break the line"),
    ("@path, @path:10-40", "gives the model a file, or lines of it, from now on"),
    ("Ctrl+C", "stops the answer; at the prompt, empties it"),
    ("Ctrl+D", "leaves"),
)


def find(name: str) -> SlashCommand | None:
    """The command of that name."""
    return next((command for command in COMMANDS if command.name == name), None)


def parse(text: str) -> tuple[str, str] | None:
    """`/ask why?` as a name and its words; None for anything that is no command.

    A path (`/etc/hosts is …`) is a question: a command's name is one word of letters.
    """
    if not text.startswith("/"):
        return None
    word, _, rest = text[1:].partition(" ")
    name = word.strip()
    return (name, rest.strip()) if name.isalpha() else None


def unknown(name: str) -> str:
    """What to say about a command that does not exist."""
    near = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=1, cutoff=0.5)
    return f"There is no /{name}. " + (f"Did you mean /{near[0]}?" if near else "/help lists what there is.")


def overview() -> str:
    """The help of the chat."""
    rows = [(f"/{command.name} {command.words}".rstrip(), command.help) for command in COMMANDS]
    width = max(len(left) for left, _ in (*rows, *KEYS)) + 2
    return "\n".join(f"{left:<{width}}{right}" for left, right in (*rows, *KEYS))
