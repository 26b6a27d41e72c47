"""Where a model's files are: the only step of loading that may use the network. Knows nothing of torch."""

from __future__ import annotations

import os
from pathlib import Path

from docstra_tui.errors import HubUnreachable, ModelNotFound
from docstra_tui.llm.files import checkpoint, gguf_architectures, gguf_files, hub, starter
from docstra_tui.llm.files.sources import (
    STARTER,
    LoadProgress,
    ModelFiles,
    ModelSpec,
    Progress,
    ignore,
    is_hub_id,
)


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
        return starter.resolve(progress)
    if not is_hub_id(name):
        return _local(Path(name).expanduser(), name)
    try:
        return hub.resolve(spec, progress)
    except (ModelNotFound, HubUnreachable) as error:
        if Path(name).exists():
            raise type(error)(error.message, f"For the one in this folder write ./{name}") from error
        raise


def here(spec: ModelSpec) -> ModelFiles | None:
    """The model's files as they lie on this machine; None where they would have to be fetched. Asks nobody.

    Raises the `ModelError` that says what is wrong with them.
    """
    name = spec.name or STARTER
    if name == STARTER:
        return (
            ModelFiles(STARTER, starter.folder(), starter.folder() / starter.FILE)
            if starter.is_here()
            else None
        )
    if not is_hub_id(name):
        return _local(Path(name).expanduser(), name)
    repository, _, quant = name.partition(":")
    found, problem = hub.in_cache(repository, spec.revision, quant)
    if problem is not None:
        raise problem
    return found


def _local(path: Path, name: str) -> ModelFiles:
    path = Path(os.path.abspath(path))
    shown = str(path)
    if path.is_file() and path.suffix.lower() == ".gguf":
        gguf_architectures.read_header(path, shown)
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
            gguf_architectures.read_header(file, shown)
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
