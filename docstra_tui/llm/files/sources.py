"""What a model's name means, and where its files are: the only step of loading that may use the network.

A name is a hub id, a folder, a `.gguf` file, a GGUF repository with or without `:QUANT`, or `starter`.
Knows nothing of torch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.errors import HubUnreachable, ModelNotFound

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
    """`auto` (the checkpoint's own, bf16 where the device has it), `bfloat16`, `float16`, `float32`."""
    quant: str = ""
    """`bnb-4bit` or `bnb-8bit` quantises while loading."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model; never on by itself."""


@dataclass(frozen=True)
class LoadProgress:
    """How far loading is."""

    phase: str
    """`find`, `download`, `read`, `convert` or `place`."""
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


def resolve(spec: ModelSpec, progress: Progress = ignore) -> ModelFiles:
    """Find the model's files, and download what is missing.

    Raises a `ModelError`: not found, hub unreachable, gated, incomplete, pickle only, split GGUF.
    """
    # Read by huggingface_hub and transformers when they are imported, which is after this.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    progress(LoadProgress("find"))
    if spec.path:
        return _local(Path(spec.path).expanduser(), spec.path)
    name = spec.name or STARTER
    if name == STARTER:
        from docstra_tui.llm.files import starter

        return starter.resolve(progress)
    if not is_hub_id(name):
        return _local(Path(name).expanduser(), name)
    from docstra_tui.llm.files import hub

    try:
        return hub.resolve(spec, progress)
    except (ModelNotFound, HubUnreachable) as error:
        if Path(name).exists():
            raise type(error)(error.message, f"For the one in this folder write ./{name}") from error
        raise


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


def _local(path: Path, name: str) -> ModelFiles:
    from docstra_tui.llm.files import checkpoint, gguf_files

    path = Path(os.path.abspath(path))
    shown = str(path)
    if path.is_file() and path.suffix.lower() == ".gguf":
        gguf_files.read_header(path)
        return ModelFiles(shown, path.parent, path)
    base, quant = path, ""
    if not path.exists() and ":" in path.name:  # folder:QUANT, as for a repository
        base, quant = path.with_name(path.name.partition(":")[0]), path.name.partition(":")[2]
    if base.is_dir():
        if not quant and (base / "config.json").is_file() and not _only_gguf(base):
            checkpoint.check(base, shown)
            return ModelFiles(shown, base)
        names = [entry.name for entry in base.iterdir() if gguf_files.is_model_file(entry.name)]
        if names:
            file = base / gguf_files.choose(shown, names, quant)
            gguf_files.read_header(file)
            return ModelFiles(shown, base, file)
        checkpoint.check(base, shown)
        raise ModelNotFound(
            f"{shown} has no config.json and no GGUF file.", "Name a folder that holds a model."
        )
    if path.exists():
        raise ModelNotFound(f"{shown} is neither a model folder nor a .gguf file.", "Name one of these.")
    hint = (
        "Give a hub id (owner/name), a folder, a .gguf file, or starter; docstra-tui models list shows some."
    )
    raise ModelNotFound(f"There is no model {name}.", hint)


def _only_gguf(folder: Path) -> bool:
    names = [entry.name for entry in folder.iterdir()]
    return any(name.endswith(".gguf") for name in names) and not any(
        name.endswith((".safetensors", ".safetensors.index.json")) for name in names
    )
