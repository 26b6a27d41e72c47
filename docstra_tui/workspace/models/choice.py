"""Which model is meant: what settings ask for, settings that ask for another one, and its name in words."""

from __future__ import annotations

import msgspec

from docstra_tui import address
from docstra_tui.engine.client.identity import STARTER, EngineIdentity
from docstra_tui.errors import UsageError
from docstra_tui.session.turns import ModelChoice
from docstra_tui.settings import DEVICE, Settings


def choice_of(settings: Settings, answering: str = "") -> ModelChoice:
    """The model that these settings ask for; `answering` is its name where the server decides."""
    if settings.remote.base_url:
        server = address.parse(settings.remote.base_url).base
        return ModelChoice(server, settings.model.name or answering)
    identity = EngineIdentity.from_settings(settings)
    return ModelChoice("", identity.model, identity.revision, identity.quant)


def settings_for(settings: Settings, choice: ModelChoice) -> Settings:
    """The settings with that model in them; how it answers and where it is placed stay."""
    model = msgspec.structs.replace(
        settings.model, name=choice.name, revision=choice.revision, quant=choice.quant
    )
    remote = msgspec.structs.replace(settings.remote, base_url=choice.server)
    return msgspec.structs.replace(settings, model=model, remote=remote)


def switched(settings: Settings, name: str, *, is_here: bool = False) -> Settings:
    """The settings with the model called `name` in them.

    The revision and the quantisation were meant for the model before. Where another server answers, a
    name is one of its models, unless it can only be one of this machine, or was taken from a list of those
    (`is_here`).
    """
    server = "" if is_here or _is_of_this_machine(name) else settings.remote.base_url
    return settings_for(settings, ModelChoice(server, name))


def placed(settings: Settings, device: str) -> Settings:
    """The settings with the model on another device. Raises `UsageError`."""
    if settings.remote.base_url:
        raise UsageError("Another server answers, on whichever device it has.")
    if not DEVICE.fullmatch(device):
        raise UsageError(f"There is no device {device[:40]!r}.", "Known are auto, cpu, cuda, cuda:1 and mps.")
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
