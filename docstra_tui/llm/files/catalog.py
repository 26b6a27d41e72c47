"""The models that are on this machine already: the hub's cache, GGUF files of other programs, the starter.

Looks at names and sizes only, so that a dialog can list them at once; imports nothing heavy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docstra_tui import paths
from docstra_tui.errors import ModelError
from docstra_tui.llm.files import checkpoint, gguf_files, hub, starter
from docstra_tui.llm.files.sources import STARTER


@dataclass(frozen=True)
class InstalledModel:
    """One row of the list."""

    name: str
    """What to give as the model's name."""
    kind: Literal["hub", "gguf", "starter"]
    size: int | None
    """Bytes of the weights on disk; None for a starter that was not fetched yet."""
    path: Path
    """The folder or file."""
    problem: str = ""
    """Why it cannot be loaded, a sentence; its size is then unknown."""


def installed_models() -> list[InstalledModel]:
    """The starter first, then the others by name. Of one that is not whole it is said why."""
    found = {model.name: model for model in [*_of_the_hub(), *_of_other_programs()]}
    return [_starter(), *sorted(found.values(), key=lambda model: model.name.lower())]


def _starter() -> InstalledModel:
    path = starter.folder() / starter.FILE
    return InstalledModel(STARTER, "starter", _size(path) if path.is_file() else None, path)


def _of_the_hub() -> Iterator[InstalledModel]:
    for storage in _entries(hub.cache_folder()):
        kind, _, rest = storage.name.partition("--")
        if kind != "models":
            continue
        repository = rest.replace("--", "/")
        snapshot = hub.cached_snapshot(repository)
        if snapshot is None:
            continue
        files = [path for path in _entries(snapshot) if gguf_files.is_model_file(path.name)]
        for path in files:
            quant = gguf_files.quant_of(path.name)
            if path.is_file():
                yield InstalledModel(f"{repository}:{quant or path.name}", "gguf", _size(path), path)
        if not files and (found := _whole(snapshot, repository)) is not None:
            yield found


def _whole(folder: Path, name: str) -> InstalledModel | None:
    """A model that can write text, with the bytes of its weights or why it cannot be loaded; None for another
    one, and for what is no model."""
    try:
        if not checkpoint.writes_text(checkpoint.read_config(folder)):
            return None
    except (ModelError, OSError, ValueError, AttributeError):
        return None
    try:
        weights = checkpoint.weight_files(folder, name)
        for path in weights:
            checkpoint.read_tensors(path)
        return InstalledModel(name, "hub", sum(map(_size, weights)), folder)
    except ModelError as error:
        return InstalledModel(name, "hub", None, folder, error.message)
    except (OSError, ValueError, AttributeError):
        return None


def _of_other_programs() -> Iterator[InstalledModel]:
    """GGUF files that llama.cpp and LM Studio downloaded, and those that were converted here before."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    paths: list[Path] = [*(cache / "llama.cpp").glob("*.gguf")]
    for models in (Path.home() / ".lmstudio" / "models", cache / "lm-studio" / "models"):
        paths.extend(models.glob("*/*/*.gguf"))
    paths.extend(_converted())
    for path in paths:
        if gguf_files.is_model_file(path.name) and path.is_file() and path.name != starter.FILE:
            yield InstalledModel(str(path), "gguf", _size(path), path)


def _converted() -> Iterator[Path]:
    hub_cache = str(hub.cache_folder().resolve())
    for note in (paths.cache_dir() / "converted").glob("*/source.json"):
        try:
            source = json.loads(note.read_text())["path"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if isinstance(source, str) and not source.startswith(hub_cache):
            yield Path(source)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
