"""The five tasks as commands: one row each, for the palette and for `/name` in the composer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskCommand:
    """A task somebody can start."""

    name: str
    """What is typed after the slash."""
    title: str
    help: str
    asks: str = ""
    """What it wants to know first; empty for a task that only wants files."""
    per_file: bool = False
    """True for one turn a ticked file, False for one turn over all of them."""


TASK_COMMANDS = (
    TaskCommand(
        "document", "Document", "Write documentation: one answer for each ticked file", per_file=True
    ),
    TaskCommand("explain", "Explain", "Explain the code: one answer for each ticked file", per_file=True),
    TaskCommand("ask", "Ask", "Ask a question about the ticked files", asks="Your question"),
    TaskCommand("examples", "Generate examples", "Example code for a request", asks="Examples of what?"),
    TaskCommand("custom", "Custom request", "Anything else, in your own words", asks="Your request"),
)


def find(name: str) -> TaskCommand | None:
    """The task of that name."""
    return next((command for command in TASK_COMMANDS if command.name == name), None)


def parse(text: str) -> tuple[TaskCommand, str] | None:
    """`/explain` or `/ask why?` as a task and its words; None for anything else, paths among them."""
    if not text.startswith("/"):
        return None
    word, _, rest = text[1:].partition(" ")
    command = find(word.strip())
    return (command, rest.strip()) if command is not None else None
