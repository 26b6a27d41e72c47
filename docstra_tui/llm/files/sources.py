"""What a model's name means, and what is said while its files are looked for.

A name is a hub id, a folder, a `.gguf` file, a GGUF repository with or without `:QUANT`, or `starter`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STARTER = "starter"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*(?::[\w.-]+)?")


@dataclass(frozen=True)
class ModelSpec:
    """Which model, and how to load it."""

    name: str = ""
    """Hub id, folder, `.gguf` file, GGUF repository (`repo:QUANT`) or `starter`; empty means the starter."""
    path: str | None = None
    """A local path that wins over the name."""
    revision: str = ""
    """Branch, tag or commit of a hub model; empty means its main branch."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:1`, `mps`."""
    dtype: str = "auto"
    """`auto` (the checkpoint's own, bf16 where the device has it, or float32 where a CPU was measured to be
    faster with it), `bfloat16`, `float16`, `float32`."""
    quant: str = ""
    """`int8`, `bnb-4bit` or `bnb-8bit` quantises while loading."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model; never on by itself."""


@dataclass(frozen=True)
class LoadProgress:
    """How far loading is."""

    phase: str
    """`find`, `download`, `read`, `wait` (for another process that converts), `convert` or `place`."""
    done: int | None = None
    """Bytes (tensors for `place`); None when unknown."""
    total: int | None = None
    """The same unit as `done`; None when unknown."""


Progress = Callable[[LoadProgress], None]


@dataclass(frozen=True)
class ModelFiles:
    """A model that is on this machine."""

    name: str
    """What to call it: the hub id, `starter`, or the path."""
    folder: Path
    """The folder with `config.json`, or the one the GGUF file lies in."""
    gguf: Path | None = None
    """The GGUF file to read; None when `folder` holds safetensors."""


def ignore(progress: LoadProgress) -> None:
    """A `Progress` for callers that do not care."""


def is_hub_id(name: str) -> bool:
    """Is `name` looked up on the hub? `owner/name` always is, even when a folder here is called so.

    A folder that was checked out with some project must never be taken for the model that its user
    has always used. The folder itself is meant by `./owner/name`.
    """
    return bool(_HUB_ID.fullmatch(name)) and not name.lower().endswith(".gguf")


def absolute(name: str) -> str:
    """The same name for a process that works in another folder: local paths become absolute."""
    if name in ("", STARTER) or is_hub_id(name):
        return name
    return os.path.abspath(os.path.expanduser(name))
