"""Which engine is meant, and the words that start one. Needs no torch, no starlette."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Literal

import msgspec

from docstra_tui import __version__, paths
from docstra_tui.llm.files import sources
from docstra_tui.settings import Settings

STARTER = sources.STARTER
"""The model that an empty name means."""


class EngineIdentity(msgspec.Struct, frozen=True):
    """What makes two engines the same: a client attaches only where every field is equal."""

    model: str = STARTER
    """Hub id, `starter`, or the absolute path of a folder or file."""
    revision: str = ""
    dtype: str = "auto"
    device: str = "auto"
    cuda_visible_devices: str | None = None
    """The variable of that name; None when it is not set."""
    quant: str = ""
    version: str = __version__
    """This package's version: another version's engine is never attached to."""
    prefix: str = ""
    """Where the Python lives that runs it: another environment has other packages."""
    torch: str = ""
    transformers: str = ""
    """Versions of what reads the model; empty where it is not installed."""
    owner: str = ""
    """A client's own mark where the engine lives and dies with it; else empty."""

    @classmethod
    def from_settings(cls, settings: Settings) -> EngineIdentity:
        """The engine these settings ask for; with `engine.own`, one that only this process can find."""
        model = settings.model
        return cls(
            model=sources.absolute(model.name) or STARTER,
            revision=model.revision,
            dtype=model.dtype,
            device=model.device,
            cuda_visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
            quant=model.quant,
            prefix=os.path.realpath(sys.prefix),
            torch=_installed("torch"),
            transformers=_installed("transformers"),
            owner=f"pid-{os.getpid()}" if settings.engine.own else "",
        )

    @property
    def name(self) -> str:
        """The model for a sentence: the last part of a path."""
        return self.model.rstrip("/").rpartition("/")[2] if self.model.startswith("/") else self.model

    @property
    def key(self) -> str:
        """A short hash, the socket's name."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    @property
    def socket(self) -> Path:
        """Where this engine listens."""
        return paths.runtime_dir().absolute() / f"{self.key}.sock"

    @property
    def log(self) -> Path:
        """What this engine writes; those of single terminals share one, or the logs would pile up."""
        key = msgspec.structs.replace(self, owner="").key
        return paths.log_dir().absolute() / f"engine-{key}.log"


class EngineOptions(msgspec.Struct, frozen=True):
    """Everything an engine is told when it starts; one JSON argument, so it must hold no secret."""

    identity: EngineIdentity
    socket: str
    log: str
    idle_minutes: float = 30.0
    oneshot_minutes: float = 5.0
    oneshot: bool = False
    """Started by a one-shot command: leaves after `oneshot_minutes` until a lasting client attaches."""
    parent: int = 0
    """With an owner: the process whose end ends the engine; 0 is nobody."""
    reserve: int = 512
    park_minutes: float = 0.0
    """Without a request for so long, the model makes room for others; 0 never."""
    cache_gb: float | None = None
    """Memory for prompts that were read already; None is a quarter of what is free after loading."""
    decode: Literal["auto", "plain"] = "auto"

    @classmethod
    def from_settings(
        cls, settings: Settings, identity: EngineIdentity, *, oneshot: bool = False
    ) -> EngineOptions:
        """What these settings tell the engine of that identity."""
        return cls(
            identity=identity,
            socket=str(identity.socket),
            log=str(identity.log),
            idle_minutes=settings.engine.idle_minutes,
            oneshot_minutes=settings.engine.oneshot_minutes,
            oneshot=oneshot,
            parent=os.getpid() if identity.owner else 0,
            reserve=settings.answer.reserve,
            park_minutes=settings.engine.park_minutes,
            cache_gb=settings.engine.cache_gb,
            decode=settings.engine.decode,
        )


class LockNote(msgspec.Struct, frozen=True):
    """What the holder of the lock writes into it, so that others can tell without asking."""

    pid: int
    identity: EngineIdentity
    log: str
    started: str = ""
    """When the process began, as `processes.Mark` has it: its number alone may be another's one day."""


def _installed(package: str) -> str:
    """A package's version from its metadata: importing torch to ask would take seconds."""
    from importlib import metadata  # 30 ms: not before an engine is looked for

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
