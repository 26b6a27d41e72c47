"""What this program keeps of a model, and its removal. Files that others put there stay, but for the hub's
cache where that was asked for. No link is followed out of the folders it is about."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from docstra_tui import paths
from docstra_tui.errors import ModelError
from docstra_tui.llm.files import hub, int8_figures, profile, speeds, starter
from docstra_tui.llm.files.catalog import installed_models
from docstra_tui.llm.files.kept import Kept
from docstra_tui.llm.files.sources import STARTER, is_hub_id


@dataclass(frozen=True)
class Part:
    """Something that can be removed."""

    what: str
    path: Path
    size: int
    """Bytes."""
    remove: Callable[[], object]


def parts_of(name: str) -> list[Part]:
    """What is kept of the model of this name, an absolute one where it is a path. Blocks."""
    model = next((one for one in installed_models() if one.name == name), None)
    path = model.path if model is not None else Path(name) if name.startswith("/") else None
    found = list(_converted(path, name))
    folder = starter.folder()
    if name == STARTER and folder.is_dir() and not folder.is_symlink():
        found.append(Part("the starter model, fetched", folder, _size(folder), lambda: shutil.rmtree(folder)))
    found += _rows(speeds.KEPT, lambda key: key.endswith(f" {name}"), "measured speeds")
    if path is not None:
        shown = str(path)
        found += _rows(int8_figures.KEPT, lambda key: key.endswith(f" {shown}"), "the comparison with int8")
        found += _rows(profile.KEPT, lambda key: key.startswith(f"{shown} "), "what its header says")
    return found


def in_hub(name: str, revision: str = "") -> Part | None:
    """All that the hub's cache has of a repository, or one revision of it; None for nothing. What other
    revisions share stays with them. Raises `ModelError` where links lead out of the cache."""
    if not is_hub_id(name):
        return None
    repository = name.partition(":")[0]
    storage = hub.cache_folder() / f"models--{repository.replace('/', '--')}"
    if not storage.is_dir():
        return None
    from huggingface_hub import scan_cache_dir

    cache = scan_cache_dir(hub.cache_folder())
    mine = frozenset(one for one in cache.repos if one.repo_type == "model" and one.repo_id == repository)
    hashes = [
        found.commit_hash
        for repo in mine
        for found in repo.revisions
        if not revision or revision == found.commit_hash or revision in found.refs
    ]
    if not hashes:
        return None
    # A copy of a repository has the same commits: only this one is looked into.
    plan = replace(cache, repos=mine).delete_revisions(*hashes)
    root = hub.cache_folder().resolve()
    for path in (*plan.blobs, *plan.refs, *plan.repos, *plan.snapshots):
        if not Path(os.path.abspath(path.parent)).resolve().is_relative_to(root) or path == root:
            raise ModelError(
                f"{storage} has links that lead out of the hub's cache; nothing of it is removed.",
                "Look at it, and remove it yourself.",
            )
    what = f"the hub's cache, {len(hashes)} revision{'' if len(hashes) == 1 else 's'}"
    return Part(what, storage, int(plan.expected_freed_size), plan.execute)


def _converted(source: Path | None, name: str) -> Iterator[Part]:
    """Every form that its GGUF file was converted to, of earlier states of the file too."""
    root = paths.cache_dir() / "converted"
    for note in sorted(root.glob("*/source.json")):
        folder = note.parent
        try:
            told = json.loads(note.read_bytes())
            is_its = told.get("name") == name or (source is not None and told.get("path") == str(source))
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        if is_its and not folder.is_symlink():
            yield Part("converted weights", folder, _size(folder), lambda folder=folder: _drop(folder))  # type: ignore[misc]


def _drop(folder: Path) -> None:
    """Out of sight first: nobody loads half of it."""
    aside = folder.with_name(f".{folder.name}-forgotten")
    os.replace(folder, aside)
    shutil.rmtree(aside)
    folder.with_suffix(".lock").unlink(missing_ok=True)


def _rows(kept: Kept, fits: Callable[[str], bool], what: str) -> Iterator[Part]:
    size = kept.size_of(fits)
    if size:
        yield Part(what, kept.place, size, lambda: kept.drop(fits))


def _size(folder: Path) -> int:
    """Bytes of the files below, links not followed."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return total
