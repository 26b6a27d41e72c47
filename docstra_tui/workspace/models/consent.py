"""Which other machines may be sent questions: each is asked about, and remembered where somebody says so.

The faces ask and show; what a yes opens, and where it is kept, is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Yes
from docstra_tui.workspace.kept_yeses import KeptYeses

if TYPE_CHECKING:
    from docstra_tui.address import Address
    from docstra_tui.session.outgoing import Finding, SecretsFound
    from docstra_tui.workspace.models.backend import Backend

FILE = "allowed-hosts"
"""One `http://gpu:8000` a line, in the state folder."""

TITLE = "This leaves the machine"
"""Of every dialog that asks about it."""

SHOWN = 8
"""Findings that are told by name."""


HOW = "[y/N, a: always for this host]"
"""What can be typed to it."""


class Consent:
    """The yeses of one user: for as long as this object, and for good where somebody says so."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._kept = KeptYeses(FILE)

    def is_given(self, address: Address | None) -> bool:
        """True for our own engine (None), for this machine, and for a host that was said yes to."""
        if address is None or address.is_this_machine or address.origin in self._said:
            return True
        return self.is_kept(address)

    def give(self, address: Address, *, for_good: bool) -> None:
        """A yes to a host; `for_good` it is written down, and holds for every later start."""
        self._said.add(address.origin)
        if for_good and not self.is_kept(address):
            self._kept.add(address.origin)

    def is_kept(self, address: Address) -> bool:
        """True where the yes to it holds for good."""
        return not _forms(address).isdisjoint(self._kept.lines())

    def kept(self) -> list[str]:
        """What was said yes to for good, as it is written down."""
        return list(dict.fromkeys(line for line in self._kept.lines() if line))

    def withdraw(self, address: Address) -> bool:
        """Ask again before anything goes there; False where nothing was kept. Raises `OSError`,
        `UnsafePath`."""
        self._said.discard(address.origin)
        return self._kept.drop(_forms(address))

    def admit(self, backend: Backend) -> Backend:
        """The backend, its gate open if there was a yes before."""
        if backend.gate is not None and self.is_given(backend.gate.address):
            backend.gate.open()
        return backend


def yes_of(typed: str) -> Yes:
    """What somebody typed to the question; anything but a yes is no."""
    word = typed.strip().lower()
    return "for good" if word in ("a", "always") else "now" if word in ("y", "yes") else "no"


def question(address: Address) -> str:
    """What is asked before anything is sent."""
    what = "our questions and files, the answers so far, and what you are still writing"
    begin = "Y" if address.scheme == "https" else "Not encrypted (plain http): y"
    return f"{begin}{what}, will be sent to {address.shown}. Send them?"


def stays_here(names: str) -> str:
    """What is said about files that may hold secrets where nothing leaves this machine."""
    return f"{names} may hold secrets. What is asked about it stays on this machine."


def secrets(found: SecretsFound, host: str) -> list[str]:
    """What may be secret and would be sent, a line each; safe to show."""
    rows = [f"  {_told(finding)}" for finding in found.findings[:SHOWN]]
    more = [f"  and {len(found.findings) - SHOWN} more"] if len(found.findings) > SHOWN else []
    return [f"This would be sent to {host}, and may be secret:", *rows, *more]


def _told(finding: Finding) -> str:
    more = f", and {len(finding.values) - 1:,} more" if len(finding.values) > 1 else ""
    return f"{sanitize_line(finding.where)}: {finding.what}{more}"


def _forms(address: Address) -> set[str]:
    """How a yes to this address may stand in the file.

    Lines of earlier versions have no scheme: one with a port is a yes to what listens there, one without
    is a yes to https alone, for nobody was asked whether the text may be read on its way.
    """
    forms = {address.origin}
    if ":" not in address.host:
        forms.add(f"{address.host}:{address.port}")
        if address.scheme == "https" and address.port == 443:
            forms.add(address.host)
    return forms
