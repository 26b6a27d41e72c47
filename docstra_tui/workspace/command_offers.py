"""What a line that begins with a slash may become, as it is written: for the lists of both faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from docstra_tui.workspace.commands import Face, commands_of, find

More = Callable[[str], Iterable[str]]
"""Lines that begin so and that only a face knows: with the names of what is there now."""


@dataclass(frozen=True)
class OfferedLine:
    """One row of the list."""

    line: str
    """What stands there once it is taken."""
    shown: str
    """As the list has it; not yet safe to show, as names are in it."""
    help: str = ""


def offered(before: str, face: Face, more: More = lambda before: ()) -> tuple[OfferedLine, ...]:
    """What `before`, all that is written up to the cursor, may become. Nothing where it is no command, or
    whole already."""
    if not before.startswith("/") or "\n" in before:
        return ()
    name, space, _ = before[1:].partition(" ")
    if not space:
        rows = [row for row in commands_of(face) if row.name.startswith(name.lower())]
        return tuple(OfferedLine(f"/{row.name} ", row.usage, row.help) for row in rows)
    command = find(name, face)
    if command is None:
        return ()
    lines = [line for line in (*command.lines, *more(before)) if " " in line]
    fitting = [line for line in dict.fromkeys(lines) if line.startswith(before) and line != before]
    return tuple(OfferedLine(line, line.partition(" ")[2]) for line in fitting)
