"""Starting a face that stays: the full screen, or the inline chat."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from docstra_tui import settings
from docstra_tui.commands import terminal
from docstra_tui.commands.arguments import PROGRAM, SCREEN, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.errors import UsageError
from docstra_tui.workspace import kept_theme


def run(invocation: Invocation) -> int:
    """Start the face and return its exit code."""
    if invocation.options["json"]:
        raise UsageError("--json belongs to the one-shot commands.", f"Try: {PROGRAM} ask … --json")
    root = folder(invocation.words[0] if invocation.words else ".")
    found = settings.load(invocation.flags, project=root)
    if "theme" not in invocation.flags and "DOCSTRA_THEME" not in os.environ:
        found = msgspec.structs.replace(found, theme=kept_theme.theme_for(root))
    resume = invocation.options["resume"]
    if invocation.command == SCREEN:
        plain = terminal.is_plain()
        if not plain:
            # Not through tui.app: the launcher has to set Textual's environment before it is imported.
            from docstra_tui.tui.launch import launch

            return launch(found, root, resume=resume, mouse=not invocation.options["no_mouse"])
    terminal.take(f"{PROGRAM} {invocation.command}".strip())
    if invocation.command == SCREEN:
        Console().note(f"No full screen, because {plain}: this is {PROGRAM} chat.")
    from docstra_tui.repl.app import run as run_chat

    return run_chat(found, root, resume=resume)


def folder(word: str) -> Path:
    """The folder a user named. Raises `UsageError`."""
    path = os.path.abspath(os.path.expanduser(word))
    if os.path.isdir(path):
        return Path(path)
    if os.path.lexists(path):
        raise UsageError(f"{word} is not a folder.", f'For one file: {PROGRAM} ask "…" -f {word}')
    raise UsageError(f"There is no folder {word!r}.", f"See {PROGRAM} --help.")
