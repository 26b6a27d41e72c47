"""The servers that config.toml names, and the machines that somebody said yes to for good. Asks no server."""

from __future__ import annotations

import re
from typing import Any

from docstra_tui import address, remotes, settings
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.errors import DocstraError, SettingsError, UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import marked
from docstra_tui.workspace.models.consent import Consent

HERE = "this machine"
ASKS = "asks before anything is sent"
KEPT = "always allowed"

PORT = re.compile(r":\d+\Z")
"""At the end of a host, and of no IPv6 address in its brackets."""


def run(invocation: Invocation) -> int:
    """`remotes list | forget`."""
    console, as_json = Console(), bool(invocation.options["json"])
    found = settings.load(invocation.flags)
    if invocation.action == "forget":
        if not invocation.words:
            raise UsageError(
                "forget takes a remote, a URL or a host.", f"{PROGRAM} remotes lists what is allowed."
            )
        return _forget(console, found, invocation.words[0], as_json)
    if invocation.words:
        raise UsageError(f"{invocation.words[0]!r} is one word too many.", f"See {PROGRAM} remotes --help.")
    return _list(console, found, as_json)


def _list(console: Console, found: settings.Settings, as_json: bool) -> int:
    consent = Consent()
    rows = [_row(name, remote, consent, found) for name, remote in found.remotes.items()]
    named = {address.parse(remote.base_url).origin for remote in found.remotes.values()}
    others = [line for line in consent.kept() if line not in named]
    if as_json:
        console.json({"remotes": rows, "allowed": consent.kept()})
        return 0
    for row in rows:
        facts = [row["base_url"], row["model"], row["key"] and f"key: {row['key']}", row["allowed"]]
        label = marked(row["name"], row["answers"])
        console.line(sanitize_line(f"{label}  " + " · ".join(fact for fact in facts if fact)))
    for line in others:
        console.line(sanitize_line(f"  {line}  {KEPT}"))
    if not rows:
        console.note("There is no remote: config.toml has them as [remote.NAME], with a base_url.")
    return 0


def _row(name: str, remote: remotes.Remote, consent: Consent, found: settings.Settings) -> dict[str, Any]:
    there = address.parse(remote.base_url)
    is_here = there.is_plainly_here
    return {
        "name": name,
        "base_url": remote.base_url,
        "model": remote.model,
        "key": f"${remote.key_env}" if remote.key_env else remote.key_file,
        "allowed": HERE if is_here else KEPT if consent.is_kept(there) else ASKS,
        "answers": found.remote.name == name,
    }


def _forget(console: Console, found: settings.Settings, word: str, as_json: bool) -> int:
    """Withdraw a yes. Raises `UsageError`, `UnsafePath`, `SettingsError`."""
    consent = Consent()
    kept = consent.kept()
    allowed = f"Allowed are {', '.join(kept)}." if kept else "Nothing is always allowed."
    url = found.remotes[word].base_url if word in found.remotes else word
    there = _address(url)
    if there is None:
        raise UsageError(f"{word[:100]!r} is neither a remote nor a host.", allowed)
    meant = [there]
    if "://" not in url:  # with each scheme, and without a port with each port
        meant += [one for one in map(_address, kept) if one is not None and one.host == there.host]
        meant = [one for one in meant if one.port == there.port] if PORT.search(url) else meant
    try:
        gone = [one for one in meant if consent.withdraw(one)]
    except OSError as error:
        raise DocstraError(f"It could not be withdrawn: {error.strerror}.") from None
    if as_json:
        console.json({"host": (gone or [there])[0].origin, "was_allowed": bool(gone)})
        return 0
    for one in gone:
        console.line(f"{one.origin} is asked about again before anything is sent there.")
    if gone:
        console.note("What runs now keeps its yes until it ends.")
    else:
        console.note(sanitize_line(f"{there.shown} was not always allowed. {allowed}"))
    return 0


def _address(line: str) -> address.Address | None:
    """Of a URL, or of a host as people and earlier versions write it, who had https alone without a port."""
    if "://" not in line:
        line = f"{'http' if ':' in line else 'https'}://{line}"
    try:
        return address.parse(line)
    except SettingsError:
        return None
