"""The help of the inline chat: its commands, from the table, and its keys."""

from __future__ import annotations

from docstra_tui.workspace.commands import commands_of

KEYS = (
    ("Enter", "sends"),
    ("Alt+Enter, Ctrl+J", "break the line"),
    ("@path, @path:10-40", "gives the model a file, or lines of it, from now on"),
    ("Ctrl+R", "looks for an earlier question, of any session; what you began is kept"),
    ("Ctrl+G", "writes in $VISUAL or $EDITOR"),
    ("Tab", "behind a long paste shows all of it"),
    ("Ctrl+C", "stops the answer; at the prompt, empties it"),
    ("F12, Ctrl+T", "switches thinking: as the model likes, off, on"),
    ("Ctrl+D", "leaves"),
)


def overview() -> str:
    """Two columns of lines."""
    rows = [(command.usage, command.help) for command in commands_of("chat")]
    width = max(len(left) for left, _ in (*rows, *KEYS)) + 2
    return "\n".join(f"{left:<{width}}{right}" for left, right in (*rows, *KEYS))
