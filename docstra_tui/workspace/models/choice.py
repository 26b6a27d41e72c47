"""Which model is meant: what settings ask for, settings that ask for another one, and its name in words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from docstra_tui import address, remotes
from docstra_tui.engine.client.identity import STARTER, EngineIdentity
from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.remotes import Remote
from docstra_tui.session.turns import ModelChoice
from docstra_tui.settings import DEVICE, DEVICES_ARE, Settings, load


def choice_of(settings: Settings, answering: str = "") -> ModelChoice:
    """The model that these settings ask for; `answering` is its name where the server decides."""
    server = settings.server
    if server is not None:
        return ModelChoice(address.parse(server.base_url).base, server.model or answering)
    identity = EngineIdentity.from_settings(settings)
    return ModelChoice("", identity.model, identity.revision, identity.quant)


def settings_for(settings: Settings, choice: ModelChoice) -> Settings:
    """The settings with that model in them; how it answers and where it is placed stay.

    A server is asked with what is said of it, its key above all. The key of servers without a name is that
    of the first of them, and where others have names of nobody whom a session alone names: a named one may
    have been there before.
    """
    replace = msgspec.structs.replace
    own = replace(settings.model, name=choice.name, revision=choice.revision, quant=choice.quant)
    if choice.server and _is_at(settings.remote.base_url, choice.server) and not settings.remote.name:
        return replace(settings, model=own)
    known = _known(settings)
    if not choice.server:
        remote = replace(settings.remote, name="", base_url="")
        return replace(settings, model=own, remote=remote, remotes=known)
    name = _name_of(choice, known, settings.remote.name)
    if not known:
        return replace(settings, model=own, remote=replace(settings.remote, name="", base_url=choice.server))
    before = known.get(name, Remote(choice.server))
    remote = replace(settings.remote, name=name, base_url="")
    return replace(settings, remote=remote, remotes=known | {name: replace(before, model=choice.name)})


def remoted(settings: Settings, name: str) -> Settings:
    """The settings with that remote in them, or with our own engine for `local`. Raises `UsageError`."""
    replace = msgspec.structs.replace
    known = _known(settings)
    if name == remotes.HERE:
        if settings.remote.base_url and settings.model.name:  # which is one of that server
            raise UsageError("Which model of this machine?", "/model NAME takes one.")
        remote = replace(settings.remote, name="", base_url="")
        return replace(settings, remote=remote, remotes=known)
    if name not in known:
        raise remotes.unknown(name, known)
    model = settings.model
    if settings.remote.base_url and not settings.remote.name:
        model = replace(model, name="", revision="", quant="")  # that server's, no other's
    remote = replace(settings.remote, name=name, base_url="")
    return replace(settings, model=model, remote=remote, remotes=known)


def with_new(settings: Settings) -> Settings:
    """The settings with the remotes that config.toml has got since the start; one that is in use stays as it
    is, also where it is gone from there. Reads the file."""
    with suppress(DocstraError):  # of what somebody writes there just now
        return msgspec.structs.replace(settings, remotes=load().remotes | settings.remotes)
    return settings


def server_words(remote: Remote) -> str:
    """`server gpu7:8000, Qwen/Qwen3-32B`: beside its name in a list. Not yet safe to show."""
    words = f"server {address.parse(remote.base_url).shown}"
    return f"{words}, {remote.model}" if remote.model else words


def _known(settings: Settings) -> dict[str, Remote]:
    """The named ones, and the one without a name that answers: it keeps its key when it is left."""
    server = settings.server
    if settings.remote.name or server is None:
        return settings.remotes
    return settings.remotes | {_free(settings.remotes, address.parse(server.base_url)): server}


def _name_of(choice: ModelChoice, known: Mapping[str, Remote], current: str) -> str:
    """The remote that a choice is of: the current one before others, then that with its model; a new name
    where there is none."""
    at_it = [name for name, remote in known.items() if _is_at(remote.base_url, choice.server)]
    at_it.sort(key=lambda name: (name != current, known[name].model != choice.name))
    return at_it[0] if at_it else _free(known, address.parse(choice.server))


def _free(known: Mapping[str, Remote], there: address.Address) -> str:
    """What a server without a name is called; nobody can call one of his so."""
    return there.shown if ":" in there.shown and there.shown not in known else there.base


def _is_at(url: str, server: str) -> bool:
    return bool(url) and address.parse(url).base == address.parse(server).base


def switched(settings: Settings, name: str, *, is_here: bool = False) -> Settings:
    """The settings with the model called `name` in them.

    The revision and the quantisation were meant for the model before. Where another server answers, a
    name is one of its models, unless it is that of a remote, can only be one of this machine, or was taken
    from a list of those (`is_here`).
    """
    if not is_here and name in settings.remotes:
        return remoted(settings, name)
    server = None if is_here or _is_of_this_machine(name) else settings.server
    return settings_for(settings, ModelChoice(server.base_url if server is not None else "", name))


def placed(settings: Settings, device: str) -> Settings:
    """The settings with the model on another device. Raises `UsageError`."""
    if settings.server is not None:
        raise UsageError("Another server answers, on whichever device it has.")
    if not DEVICE.fullmatch(device):
        raise UsageError(f"There is no device {device[:40]!r}.", DEVICES_ARE)
    model = msgspec.structs.replace(settings.model, device=device)
    return msgspec.structs.replace(settings, model=model)


def shown(choice: ModelChoice) -> str:
    """`org/model (bnb-4bit) on gpu7:8000`. Raises `SettingsError` for a server that is none."""
    name = "the starter model" if choice.name == STARTER and not choice.server else choice.name
    details = ", ".join(detail for detail in (choice.revision, choice.quant) if detail)
    where = address.parse(choice.server).shown if choice.server else "this machine"
    return f"{name or 'the model'}{f' ({details})' if details else ''} on {where}"


def _is_of_this_machine(name: str) -> bool:
    """A path, a file, or the starter; servers have names of all kinds, but not these."""
    return name == STARTER or name.startswith(("/", "./", "../", "~")) or name.lower().endswith(".gguf")
