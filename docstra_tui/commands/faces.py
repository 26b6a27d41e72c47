"""Starting a face that stays: the full screen, or the inline chat."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from docstra_tui import settings
from docstra_tui.commands import terminal
from docstra_tui.commands.arguments import PROGRAM, SCREEN, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.errors import StoreError, UsageError
from docstra_tui.settings import Settings
from docstra_tui.workspace import theme_choice

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.workspace.sessions.resuming import Resumed

MODEL_FLAGS = frozenset({"model.name", "model.revision", "model.quant", "remote.base_url", "remote.name"})
"""Where one of these is given, it says which model answers, whatever a session was with."""


def run(invocation: Invocation) -> int:
    """Start the face and return its exit code."""
    if invocation.options["json"]:
        raise UsageError("--json belongs to the one-shot commands.", f"Try: {PROGRAM} ask … --json")
    root = folder(invocation.words[0] if invocation.words else ".")
    resume = invocation.options["resume"]
    if resume is None:
        return _start(invocation, _settings(invocation, root), root)
    from docstra_tui.session.store.sessions import SessionStore

    store = SessionStore()
    try:
        resumed = _find(store, resume, root, is_named=bool(invocation.words))
        if resumed is None:
            return _start(invocation, _settings(invocation, root), root, store, resume)
        found, words = _with_its_model(invocation, _settings(invocation, resumed.root), resumed)
        notes = tuple(note for note in (resumed.note, words) if note)
        return _start(invocation, found, resumed.root, store, resumed.id, notes)
    finally:
        store.close()


def _settings(invocation: Invocation, root: Path) -> Settings:
    found = settings.load(invocation.flags, project=root)
    if "theme" not in invocation.flags and "DOCSTRA_THEME" not in os.environ:
        found = msgspec.structs.replace(found, theme=theme_choice.theme_for(root))
    return found


def _find(store: SessionStore, which: str, root: Path, *, is_named: bool) -> Resumed | None:
    """The session to go on with; None where there is none: the face says so."""
    from docstra_tui.workspace.sessions import resuming

    try:
        return resuming.find(store, which, root, is_named=is_named)
    except StoreError:
        return None


def _with_its_model(invocation: Invocation, found: Settings, resumed: Resumed) -> tuple[Settings, str]:
    """The settings with the session's model, where that is at hand and no flag names one; what to say."""
    if _names_a_model(invocation):
        return found, ""
    from docstra_tui.workspace.models.consent import Consent
    from docstra_tui.workspace.sessions import resuming

    opening = resuming.opening(found, resumed.choice, Consent())
    return opening.now, opening.words if opening.offered is None else ""


def _start(
    invocation: Invocation,
    found: Settings,
    root: Path,
    store: SessionStore | None = None,
    resume: str | None = None,
    notes: tuple[str, ...] = (),
) -> int:
    if invocation.command == SCREEN:
        plain = terminal.is_plain()
        if not plain:
            # Not through tui.app: the launcher has to set Textual's environment before it is imported.
            from docstra_tui.tui.launch import launch

            return launch(
                found,
                root,
                resume=resume,
                mouse=not invocation.options["no_mouse"],
                store=store,
                notes=notes,
                is_model_named=_names_a_model(invocation),
            )
    terminal.take(f"{PROGRAM} {invocation.command}".strip())
    if invocation.command == SCREEN:
        Console().note(f"No full screen, because {plain}: this is {PROGRAM} chat.")
    from docstra_tui.repl.app import run as run_chat

    named = _names_a_model(invocation)
    return run_chat(found, root, resume=resume, store=store, notes=notes, is_model_named=named)


def _names_a_model(invocation: Invocation) -> bool:
    return not MODEL_FLAGS.isdisjoint(invocation.flags)


def folder(word: str) -> Path:
    """The folder a user named. Raises `UsageError`."""
    path = os.path.abspath(os.path.expanduser(word))
    if os.path.isdir(path):
        return Path(path)
    if os.path.lexists(path):
        raise UsageError(f"{word} is not a folder.", f'For one file: {PROGRAM} ask "…" -f {word}')
    raise UsageError(f"There is no folder {word!r}.", f"See {PROGRAM} --help.")
