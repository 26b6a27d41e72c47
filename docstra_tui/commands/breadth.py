"""Before a whole home folder is read for a question: whether that was meant, and how it is stopped."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.commands.console import Console
from docstra_tui.errors import UsageError
from docstra_tui.text import shown_name


def check(root: Path, console: Console, *, was_named: bool, instead: str) -> None:
    """Where nobody named the folder, raises `UsageError` with `instead` as its hint; else says what comes."""
    from docstra_tui.context.search.index.listing import MOST
    from docstra_tui.context.search.index.project import is_too_broad

    if not is_too_broad(root):
        return
    name = shown_name(str(root.absolute()))
    if not was_named:
        raise UsageError(f"{name} is a whole home folder, or above one: not all of that is read.", instead)
    console.note(f"All of {name} is read, up to {MOST:,} files. Ctrl+C stops that; what was read is kept.")
