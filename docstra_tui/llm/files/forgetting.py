"""What this program keeps of a model, and its removal. Files that others put there stay, but for the hub's
cache where that was asked for. No link is followed out of the folders it is about."""

from __future__ import annotations

import errno
import functools
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docstra_tui import figures
from docstra_tui.errors import ModelError
from docstra_tui.llm.files import converted, gguf_files, hub, location, profile, starter
from docstra_tui.llm.files.catalog import installed_models
from docstra_tui.llm.files.sources import STARTER, ModelSpec, is_hub_id
from docstra_tui.llm.machine import int8_figures, speeds
from docstra_tui.llm.machine.kept import Kept

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, HFCacheInfo

PROCESSOR_WORDS = 2
"""In front of a name in the key of a row."""


@dataclass(frozen=True)
class Part:
    """Something that can be removed."""

    what: str
    path: Path
    size: int
    """Bytes."""
    remove: Callable[[], object]


def place_of(name: str) -> Path:
    """The folder or file that a model's name means, no links in it: two names of one model have one place, or
    one within the other."""
    if name == STARTER:
        return starter.folder().resolve()
    if is_hub_id(name):
        return hub.storage_of(name.partition(":")[0]).resolve()
    path = Path(name)
    if not path.exists() and ":" in path.name:
        path = path.with_name(path.name.partition(":")[0])
    return path.resolve()


def check_idle(name: str) -> None:
    """Raises `ModelError` while a process fetches or converts it: that would go on and keep it again."""
    is_fetched = starter.is_fetched_now() if name == STARTER else False
    if is_fetched or (is_hub_id(name) and hub.is_fetched_now(name.partition(":")[0])):
        raise ModelError(f"{name} is being fetched now; nothing was removed.", "Wait until it is here.")
    for path in _files_of(name):
        with suppress(OSError):
            if converted.is_locked(converted.lock_of(converted.folder_of(path))):
                raise ModelError(f"{name} is being converted now; nothing was removed.", "Wait for its end.")


def parts_of(name: str, revision: str = "") -> list[Part]:
    """What is kept of the model of this name, an absolute one where it is a path; of a repository without a
    quantisation that of all its files, of a revision no more than what was converted of it. Blocks."""
    if revision:
        snapshot = hub.cached_snapshot(name.partition(":")[0], revision) if is_hub_id(name) else None
        return list(_converted(lambda _, path: snapshot is not None and snapshot in Path(path).parents))
    files = {str(path) for path in _files_of(name)}
    found = list(_converted(lambda called, path: _is_of(called, name) or path in files))
    found += _halves(files)
    if name == STARTER and (own := starter.own_files()) and not starter.folder().is_symlink():
        size = sum(map(_size, own))
        found.append(Part("the starter model, fetched", starter.folder(), size, _drop_starter))
    found += _rows(speeds.KEPT, lambda key: _is_of(_named(key), name), "its rows of the measured speeds")
    found += _rows(int8_figures.KEPT, lambda key: _named(key) in files, "its rows of what int8 brings")
    found += _rows(profile.KEPT, lambda key: key.rsplit(" ", 2)[0] in files, "its rows of what headers say")
    return found


def in_hub(name: str, revision: str = "") -> Part | None:
    """What the hub's cache has of a repository: all, one revision, or the files of one quantisation; None for
    nothing. What other revisions share stays with them. Raises `ModelError` where links lead elsewhere."""
    if not is_hub_id(name):
        return None
    repository, _, quant = name.partition(":")
    storage = hub.storage_of(repository)
    if storage.is_symlink():
        raise ModelError(
            f"{storage} is a link; nothing of it is removed.", "Look where it leads, and remove it yourself."
        )
    if not storage.is_dir():
        return None
    from huggingface_hub import scan_cache_dir

    try:
        cache = scan_cache_dir(hub.cache_folder())
    except (OSError, ValueError) as error:
        raise ModelError(f"The hub's cache {hub.cache_folder()} cannot be read: {error}.") from error
    mine = frozenset(one for one in cache.repos if one.repo_type == "model" and one.repo_id == repository)
    if not mine and (revision or quant):
        raise ModelError(
            f"What the hub's cache has of {repository} is not whole: no part of it can be told from others.",
            f"All of it goes with: docstra-tui models forget {repository} --hub",
        )
    if not mine:
        broken = "the hub's cache, where it is not whole"
        return Part(broken, storage, _size(storage), lambda: shutil.rmtree(storage))
    # A copy of a repository has the same commits: only this one is looked into.
    what, plan = _plan(replace(cache, repos=mine), next(iter(mine)), revision, quant)
    if plan is None:
        return None
    _check_inside(storage, (*plan.blobs, *plan.refs, *plan.snapshots, *plan.files))
    freed = int(plan.expected_freed_size)
    size = max(freed, _size(storage)) if plan.repos else freed
    return Part(f"the hub's cache, {what}", storage, size, lambda: _carry_out(plan))


def _plan(cache: HFCacheInfo, repo: CachedRepoInfo, revision: str, quant: str) -> tuple[str, Any]:
    """What goes, in words, and how; None for nothing."""
    meant = [one for one in repo.revisions if revision in ("", one.commit_hash) or revision in one.refs]
    if quant:
        wanted: list[Any] = []
        others: list[Any] = []
        for one in meant:
            for file in one.files:
                if not gguf_files.is_model_file(file.file_name):
                    continue
                inner = file.file_path.relative_to(one.snapshot_path).as_posix()
                is_its = quant in (inner, file.file_name) or (
                    gguf_files.quant_of(file.file_name) == quant.upper()
                )
                (wanted if is_its else others).append(file)
        if not wanted:
            return "", None
        if others:
            return f"files of {quant}", cache.delete_files(*wanted)
    if not meant:
        return "", None
    plan = cache.delete_revisions(*(one.commit_hash for one in meant))
    return figures.count(len(meant), "revision"), plan


def _check_inside(storage: Path, found: Iterable[Path]) -> None:
    """Raises `ModelError` where a link leads to what is another model's, or no model's."""
    inside = storage.resolve()
    for path in found:
        if not Path(os.path.abspath(path.parent)).resolve().is_relative_to(inside):
            raise ModelError(
                f"{storage} has links that lead out of it; nothing of it is removed.",
                "Look at it, and remove it yourself.",
            )


def _carry_out(plan: Any) -> None:
    """The hub's library says in its log, and to nobody else, what it could not remove."""
    from huggingface_hub import logging

    logging.set_verbosity(logging.CRITICAL)
    plan.execute()
    if any(os.path.lexists(path) for path in (*plan.repos, *plan.snapshots, *plan.files, *plan.blobs)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _files_of(name: str) -> list[Path]:
    """The files and folders that the name means on this machine."""
    found = [model.path for model in installed_models() if _is_of(model.name, name)]
    if name.startswith("/"):
        found.append(Path(name))
    if name != STARTER:
        with suppress(ModelError, OSError):
            here = location.here(ModelSpec(name))
            if here is not None and here.gguf is not None:
                found.append(here.gguf)
    return list(dict.fromkeys(found))


def _is_of(called: object, name: str) -> bool:
    """Whether a model that is called so is meant by the name, which may be a repository's."""
    if not isinstance(called, str):
        return False
    return called == name or (is_hub_id(name) and called.partition(":")[0] == name)


def _named(key: str) -> str:
    """The name or path in a row's key."""
    return key.split(" ", PROCESSOR_WORDS)[-1]


def _converted(is_its: Callable[[object, str], bool]) -> Iterator[Part]:
    """Every form that a GGUF file was converted to, of earlier states of it too, by its name and path."""
    for note in sorted(converted.root().glob(f"*/{converted.SOURCE}")):
        folder = note.parent
        try:
            told = json.loads(note.read_bytes())
            fits = is_its(told.get("name"), str(told.get("path")))
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        if fits and not folder.is_symlink():
            yield Part("converted weights", folder, _size(folder), lambda folder=folder: _drop(folder))  # type: ignore[misc]


def _halves(files: Iterable[str]) -> Iterator[Part]:
    """What conversions left that were killed; see `check_idle`."""
    for file in files:
        with suppress(OSError):
            for half in converted.root().glob(f".{converted.folder_of(Path(file)).name}-*"):
                if not (half / converted.SOURCE).exists():  # else it is whole, and found as that
                    drop = functools.partial(shutil.rmtree, half)
                    yield Part("a conversion that was not finished", half, _size(half), drop)


def _drop(folder: Path) -> None:
    """Out of sight first: nobody loads half of it."""
    aside = folder.with_name(f".{folder.name}-forgotten")
    os.replace(folder, aside)
    shutil.rmtree(aside)
    if not converted.is_locked(lock := converted.lock_of(folder)):
        lock.unlink(missing_ok=True)


def _drop_starter() -> None:
    for path in starter.own_files():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with suppress(OSError):  # something else is there
        if not any(one.name != starter.LOCK for one in starter.folder().iterdir()):
            (starter.folder() / starter.LOCK).unlink(missing_ok=True)
            starter.folder().rmdir()


def _rows(kept: Kept, fits: Callable[[str], bool], what: str) -> Iterator[Part]:
    size = kept.size_of(fits)
    if size:
        yield Part(what, kept.place, size, lambda: kept.drop(fits))


def _size(path: Path) -> int:
    """Bytes of a file, or of the files below, links not followed."""
    found = [path]
    for place, _, names in os.walk(path):
        found += [Path(place, name) for name in names]
    total = 0
    for one in found if len(found) == 1 else found[1:]:
        with suppress(OSError):
            total += os.lstat(one).st_size
    return total
