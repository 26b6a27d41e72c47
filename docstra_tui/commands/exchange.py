"""A saved conversation out of the store and into it: `sessions export`, `sessions import`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.errors import SettingsError, UsageError
from docstra_tui.llm.answer import Setting
from docstra_tui.session.exchange.document import LARGEST
from docstra_tui.session.exchange.exported import FORMS, document_of, exported
from docstra_tui.session.exchange.whole import whole
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.workspace.saving import IsThere, named, save
from docstra_tui.workspace.sessions import exchange
from docstra_tui.workspace.sessions.exchange import bytes_of, form_of, in_force

ID_LENGTH = 8


def export(invocation: Invocation, console: Console, store: SessionStore) -> int:
    """One session to standard output, or into a new file."""
    options = invocation.options
    output = options["output"]
    place = named(output, Path.cwd()) if output not in ("", "-") else None
    form = options["format"] or (form_of(place) if place is not None else "md")
    if form not in FORMS:
        raise UsageError(f"There is no format {form!r}.", f"There is {' and '.join(FORMS)}.")
    found = whole(store, invocation.words[0] if invocation.words else "last")
    with_thinking = bool(options["thinking"])
    known = _settings(invocation)
    as_json = bool(options["json"])
    if place is None and form == "json":
        console.json(msgspec.to_builtins(document_of(found, with_thinking=with_thinking, settings=known)))
        return 0
    text = exported(found, form, with_thinking=with_thinking, settings=known)
    if place is None:
        if as_json:
            console.json({"session": found.session.id, "format": form, "text": text})
        else:
            console.answer(text)
        return 0
    try:
        save(place, text, replace=bool(options["force"]))
    except IsThere as error:
        raise IsThere(error.message, "--force replaces it.") from None
    if as_json:
        console.json({"session": found.session.id, "format": form, "file": str(place)})
    else:
        turns = len(found.turns if form == "json" else found.session.turns)
        console.note(f"{turns:,} turn{'s' * (turns != 1)} written to {place}.")
    return 0


def take_in(invocation: Invocation, console: Console, store: SessionStore) -> int:
    """A session out of a file, as a new one about the working folder."""
    if not invocation.words:
        raise UsageError("Which file?", f"{PROGRAM} sessions import FILE; - is standard input.")
    name = invocation.words[0]
    data = sys.stdin.buffer.read(LARGEST + 1) if name == "-" else bytes_of(Path(os.path.expanduser(name)))
    session = exchange.take_in(store, data, Path.cwd())
    turns = len(session.nodes)
    if invocation.options["json"]:
        console.json({"imported": session.id, "turns": turns})
        return 0
    console.line(
        f"Imported {session.id[:ID_LENGTH]} ({session.title}), {turns:,} turn{'s' * (turns != 1)}, "
        f"about {session.root}. Its files are names: none was opened."
    )
    return 0


def _settings(invocation: Invocation) -> Mapping[str, Setting]:
    """Those in force; none where the file of settings is broken: what was said can be had all the same."""
    from docstra_tui.settings import load

    try:
        return in_force(load(invocation.flags))
    except SettingsError:
        return {}
