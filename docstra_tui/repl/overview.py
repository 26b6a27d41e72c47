"""The help of the inline chat: its commands, from the table, and its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docstra_tui.key_names import shown_key
from docstra_tui.repl.keys import KEYS, keys_now
from docstra_tui.workspace.commands import commands_of

TYPED = (
    ("@path, @path:10-40", "gives the model a file, or lines of it, from now on"),
    ("Tab", "behind a long paste shows all of it"),
    ("Ctrl+C", "stops the answer; at the prompt, empties it"),
)


def overview(own: Mapping[str, str]) -> str:
    """Two columns of lines; `own` are the user's keys."""
    rows = [(command.usage, command.help) for command in commands_of("chat")]
    rows += [*_keys(own), *TYPED]
    width = max(len(left) for left, _ in rows) + 2
    return "\n".join(f"{left:<{width}}{right}" for left, right in rows)


def _keys(own: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for row in KEYS:
        keys = [shown_key(key) for key in keys_now(row.id, own)]
        yield ", ".join(keys) or "no key", row.words
