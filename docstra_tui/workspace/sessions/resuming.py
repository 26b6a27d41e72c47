"""Going on with a saved session: which one, in which folder, and with which model.

Its model is opened at once where nothing has to be loaded or asked for that; else it is offered, and
what the settings say goes on. Knows no screen, and opens nothing itself.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import msgspec

from docstra_tui import address
from docstra_tui.engine.client import lifecycle
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.errors import DocstraError, StoreError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice
from docstra_tui.settings import Settings
from docstra_tui.workspace.models.choice import choice_of, settings_for, shown
from docstra_tui.workspace.models.consent import Consent

CONNECT_SECONDS = 0.5
"""A server of this machine answers a connection at once, or is not there."""


@dataclass(frozen=True)
class Resumed:
    """The session to go on with."""

    id: str
    root: Path
    """Its own folder, or the one that was named or is there instead."""
    choice: ModelChoice
    note: str = ""
    """What is other than one may expect; empty or a sentence, not yet safe to show."""


@dataclass(frozen=True)
class Opening:
    """Which model to go on with."""

    now: Settings
    """What to open, or what is open already."""
    offered: Settings | None = None
    """What the session was with, where that is opened only on request."""
    words: str = ""
    """What to say about it; empty or a sentence, not yet safe to show."""


LAST = "last"


def last(store: SessionStore, root: Path | None, but: ChatSession | None = None) -> str:
    """The id of the last session (of a folder), other than the one somebody has just begun, `but`. Raises
    `StoreError`."""
    for one in store.sessions(str(root) if root is not None else None):
        if but is None or but.turns or one.id != but.id:
            return one.id
    place = "" if root is None else f" about {root}"
    raise StoreError(f"There is no saved session{place} yet.", "Ask something first.")


def find(
    store: SessionStore, which: str, root: Path, *, is_named: bool, but: ChatSession | None = None
) -> Resumed:
    """The session `which`: its id, the beginning of it, or `last`: of the folder, else, unless somebody
    named that folder, of all. Raises `StoreError`."""
    is_of_another = False
    if which == LAST:
        try:
            which = last(store, root, but)
        except StoreError:
            if is_named:
                raise
            which, is_of_another = last(store, None, but), True
    found = store.load(which, characters=1)
    note = ""
    if is_of_another:
        note = f"No session about {root} is saved yet: this is the last one, about {found.root}."
    own = Path(found.root)
    if own == root or is_named:
        return Resumed(found.id, root, found.choice)
    if not found.root or not os.path.isdir(own):  # also where it may not be looked at: it raises nothing
        return Resumed(found.id, root, found.choice, f"This session's folder is gone: {found.root}.")
    return Resumed(found.id, own, found.choice, note)


def opening(
    settings: Settings, choice: ModelChoice, consent: Consent, *, answering: str = "", at_once: bool = True
) -> Opening:
    """What to do about the model of a session, where `settings` are in force and `answering` is who
    answers by now, if that is known. Blocks for a moment: it looks for the model."""
    if choice == ModelChoice():
        return Opening(settings)
    try:
        if choice == choice_of(settings, answering):
            return Opening(settings)
        wanted = settings_for(settings, choice)
        was = shown(choice)
        if at_once and _is_at_hand(wanted, consent):
            return Opening(wanted, words=f"{was} goes on with this session.")
    except (DocstraError, ValueError):  # an odd row, or odd settings: whoever opens them says it
        return Opening(settings)
    return Opening(settings, wanted, f"This session was with {was}.")


def _is_at_hand(settings: Settings, consent: Consent) -> bool:
    """True where nothing has to be loaded, and nobody to be asked, before the model answers."""
    if (server := settings.server) is not None:
        there = address.parse(server.base_url)
        return consent.is_given(there) and (not there.is_this_machine or _listens(there))
    identity = EngineIdentity.from_settings(settings)
    engine = lifecycle.Engine(identity, identity.socket, identity.log)
    try:
        return engine.alive and engine.health().state == "ready"
    except (DocstraError, msgspec.MsgspecError):
        return False


def _listens(there: address.Address) -> bool:
    for host in there.loopback:
        try:
            socket.create_connection((host, there.port), CONNECT_SECONDS).close()
        except OSError:
            continue
        return True
    return False
