"""The engines of this user, and the other server where the settings name one."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec

from docstra_tui import __version__, address, paths
from docstra_tui.engine.client import contact, place
from docstra_tui.engine.client.identity import EngineIdentity, LockNote
from docstra_tui.engine.client.wire import Health
from docstra_tui.figures import count
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import Check, Status, changed, together

ANSWER_SECONDS = 1.0
"""A busy engine answers in a fraction of it."""
REACH_SECONDS = 0.5
"""For a port of this machine."""
MOST = 8
"""Engines that are asked."""


def engine(case: Case) -> Check:
    """Those that run, and what is left of those that do not."""
    folder = paths.runtime_dir().absolute()
    sockets = sorted(place.sockets_in(folder))
    living = [one for one in sockets if paths.is_locked(place.lock_path(one))]
    mine = EngineIdentity.from_settings(case.settings)
    found = [check for one in living[:MOST] if (check := _asked(one, mine)) is not None]
    dead = len(sockets) - len(living)
    if dead:
        what = f"files of {count(dead, 'engine')} that ended are left in {folder}"
        todo = "docstra-tui engine list takes them away; why it ended: docstra-tui engine logs"
        found.append(Check("engine", "warn", what, todo))
    if not living:
        return together("engine", found, "none is running; the first question starts one")
    names = ", ".join(_name(place.read_note(place.lock_path(one)), one) for one in living[:MOST])
    return together("engine", found, f"{count(len(living), 'engine')}: {names}")


def _asked(path: Path, mine: EngineIdentity) -> Check | None:
    """What is wrong with one; None where nothing is."""
    note = place.read_note(place.lock_path(path))
    name, stop = _name(note, path), f"docstra-tui engine stop {path.stem[:8]}"
    as_bad: Status = "fail" if note is not None and note.identity == mine else "warn"
    try:
        body = contact.ask(path, "/health", timeout=ANSWER_SECONDS)
    except OSError as error:
        return Check("engine", as_bad, f"{name} does not answer: {error}", stop)
    if note is not None and note.identity.version != __version__:
        return Check("engine", "warn", f"{name} is of version {note.identity.version or 'unknown'}", stop)
    try:
        health = msgspec.json.decode(body, type=Health)
    except msgspec.MsgspecError:
        return Check("engine", "warn", f"{name} cannot be understood", stop)
    if health.state == "failed":
        why = health.error.message.rstrip(".") if health.error is not None else "nobody knows why"
        return Check("engine", as_bad, f"{name} failed: {why}", stop)
    return None


def _name(note: LockNote | None, path: Path) -> str:
    return f"{note.identity.name or 'an engine'} ({path.stem[:8]})" if note is not None else path.stem[:8]


def server(case: Case) -> Check:
    """The server that answers in our engine's place. One of this machine is contacted, but sent nothing."""
    name, wanted = "server", case.settings.server
    if wanted is None:
        return Check(name, "ok", "our own engine answers")
    there = address.parse(wanted.base_url)
    called = f"{case.settings.remote.name}: " if case.settings.remote.name else ""
    if not there.is_plainly_here:
        return Check(name, "ok", f"{called}{there.shown}, another machine: it was not asked")
    problem = "it has no address"
    for host in there.loopback:
        try:
            socket.create_connection((host, there.port), REACH_SECONDS).close()
        except OSError as error:
            problem = error.strerror or str(error)
        else:
            return Check(name, "ok", f"{called}{there.shown} on this machine takes connections")
    detail = f"{called}nothing takes connections at {there.shown} on this machine: {problem}"
    if called:
        without = changed("remote.name", "docstra-tui config set remote.name local", case.given)
    else:
        without = changed("remote.base_url", "docstra-tui config unset remote.base_url", case.given)
    return Check(name, "fail", detail, f"start it (or the SSH forward), or: {without}")
