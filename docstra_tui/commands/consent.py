"""What a one-shot command asks, or refuses, before anything goes to another machine."""

from __future__ import annotations

from collections.abc import Iterable

from docstra_tui.commands.asking import answer_to, can_ask, says_yes
from docstra_tui.commands.console import Console
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import NotAllowed, UsageError
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.messages import Prompt
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.workspace.models import consent
from docstra_tui.workspace.models.backend import Backend

SEND_SECRETS = "--send-secrets"


def ask_for_host(backend: Backend, console: Console, *, was_named: bool, remote: str = "") -> None:
    """Say where questions go, and ask about a host that is not allowed for good; a script names the URL.

    Raises `NotAllowed` where nobody can be asked, `UsageError` after a no.
    """
    gate, given = backend.gate, consent.Consent()
    if gate is None or not backend.host:
        return
    console.note(" → ".join([remote, backend.host]).lstrip())
    given.admit(backend)
    if gate.is_open:
        return
    if can_ask(console):
        yes = consent.yes_of(answer_to(f"{consent.question(gate.address)} {consent.HOW} "))
        if yes == "no":
            raise UsageError("Nothing was sent.")
        given.give(gate.address, for_good=yes == "for good")
        given.admit(backend)
    elif was_named:
        gate.open()
    else:
        raise NotAllowed(
            f"Nobody has said yes to {backend.host} yet: nothing was sent there.",
            "Ask at a terminal and answer a, for always, or name the server's URL with --base-url.",
        )


def ask_for_secrets(backend: Backend, prompts: Iterable[Prompt], console: Console, *, anyway: bool) -> None:
    """Look over everything before any of it is sent; what may be secret is asked about.

    Raises `SecretsFound` where nobody can be asked, `UsageError` after a no.
    """
    for prompt in prompts:
        while True:
            try:
                backend.llm.admitted(prompt)
                break
            except SecretsFound as found:
                if not anyway:
                    _decide(found, backend.host, console)
                found.agree()


def say_what_stays(console: Console, items: Iterable[ContextItem]) -> None:
    """A word about files that may hold secrets where nothing leaves this machine."""
    for path in dict.fromkeys(item.path for item in items if item.path and may_hold_secrets(item.path)):
        console.note(consent.stays_here(path))


def _decide(found: SecretsFound, host: str, console: Console) -> None:
    is_asked = can_ask(console)
    if is_asked or len(found.findings) > 1:  # one is named by the error
        for line in consent.secrets(found, host):
            console.note(line)
    if not is_asked:
        raise SecretsFound(
            found.message, f"Leave it out, or send it as it is with {SEND_SECRETS}.", found.findings
        )
    if not says_yes("Send it as it is? [y/N] "):
        raise UsageError("Nothing was sent.", "To leave it out, ask without it.")
