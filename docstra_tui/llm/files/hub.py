"""Models of the Hugging Face hub: find the snapshot, download what is needed and nothing else.

huggingface_hub reads its environment when it is imported; here the environment is read at every
call, so that a test or a long-lived process may change it.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from docstra_tui.errors import GatedModel, HubUnreachable, ModelError, ModelNotFound, UnsafeWeights
from docstra_tui.llm.files import checkpoint, converted, gguf_architectures, gguf_files
from docstra_tui.llm.files.load_errors import translate_hub, translated
from docstra_tui.llm.files.sources import LoadProgress, ModelFiles, ModelSpec, Progress
from docstra_tui.llm.log import logger

PATIENCE_S = 10.0
"""How long to wait for the hub's answer before giving up."""
PATIENCE_CACHED_S = 3.0
"""The same when the model is here already and the question is only whether there is a newer one."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SIDE_FILES = re.compile(
    r"(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template"
    r"|preprocessor_config|processor_config|tekken)\.json|merges\.txt|vocab\.txt|[\w.-]*\.jinja"
    r"|additional_chat_templates/[\w.-]+\.jinja|[\w.-]*\.(model|tiktoken)"
)
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")


def cache_folder() -> Path:
    """Where the hub's library keeps its models (`HF_HUB_CACHE`, `HF_HOME`)."""
    if explicit := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(explicit).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{base}/huggingface").expanduser() / "hub"


def storage_of(repository: str) -> Path:
    """The folder of all that is kept there of `owner/name`."""
    return cache_folder() / f"models--{repository.replace('/', '--')}"


def is_fetched_now(repository: str) -> bool:
    """True while a process downloads something of it."""
    locks = cache_folder() / ".locks" / storage_of(repository).name
    return any(map(converted.is_locked, locks.glob("*.lock")))


def is_offline() -> bool:
    """Did the user forbid the network (`HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`)?"""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}


def cached_snapshot(repository: str, revision: str = "") -> Path | None:
    """The folder of a snapshot that was downloaded before, whole or not; asks nobody."""
    storage = storage_of(repository)
    commit = revision
    if not _COMMIT.fullmatch(revision):
        try:
            commit = (storage / "refs" / (revision or "main")).read_text().strip()
        except OSError:
            return None
    folder = storage / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def resolve(spec: ModelSpec, progress: Progress) -> ModelFiles:
    """The files of the hub model `owner/name[:QUANT]`, downloaded when they are not here.

    Online, the hub is asked whether there is a newer one; when it does not answer, or offline, the
    cached one is used. Raises a `ModelError`.
    """
    repository, _, quant = spec.name.partition(":")
    revision = spec.revision
    cached, problem = in_cache(repository, revision, quant)
    if cached is not None and (is_offline() or _COMMIT.fullmatch(revision)):
        return cached
    if is_offline():
        raise problem or HubUnreachable(
            f"{repository} is not on this machine, and offline mode is on.",
            "Unset HF_HUB_OFFLINE to download it, or name a model that is here: docstra-tui models list.",
        )
    try:
        return _download(spec, progress, PATIENCE_CACHED_S if cached else PATIENCE_S)
    except ModelError as error:
        if cached is not None and isinstance(error, (HubUnreachable, GatedModel)):
            logger.warning("using the cached %s: %s", repository, error)
            return cached
        if problem is not None and isinstance(error, HubUnreachable):
            raise problem from error
        raise


def in_cache(repository: str, revision: str, quant: str) -> tuple[ModelFiles | None, ModelError | None]:
    """The model as it lies in the cache, or what is wrong with it there; neither when it is not there. Asks
    nobody."""
    folder = cached_snapshot(repository, revision)
    if folder is None:
        return None, None
    try:
        return _files(repository, folder, quant), None
    except ModelError as error:
        return None, error


def _files(repository: str, folder: Path, quant: str) -> ModelFiles:
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    if quant or _is_gguf_repository(names):
        path = folder / gguf_files.choose(repository, names, quant)
        name = f"{repository}:{quant}" if quant else repository
        gguf_architectures.read_header(path, name)
        return ModelFiles(name, path.parent, path)
    checkpoint.check(folder, repository)
    return ModelFiles(repository, folder)


def _download(spec: ModelSpec, progress: Progress, patience: float) -> ModelFiles:
    repository, _, quant = spec.name.partition(":")
    folder = translated(
        lambda: _fetch(spec, progress, patience),
        lambda error: translate_hub(error, repository, spec.revision),
    )
    return _files(repository, folder, quant)


def _fetch(spec: ModelSpec, progress: Progress, patience: float) -> Path:
    """The folder of the snapshot, with what is wanted of it. Raises whatever the hub's library raises."""
    from huggingface_hub import HfApi, logging, snapshot_download

    repository, _, quant = spec.name.partition(":")
    revision = spec.revision or None
    logging.set_verbosity_error()  # its warnings go to stderr
    endpoint = os.environ.get("HF_ENDPOINT") or None
    api = HfApi(endpoint=endpoint)
    info = api.model_info(repository, revision=revision, timeout=patience, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    wanted = _wanted(repository, list(sizes), quant)
    ggufs = [name for name in sizes if name.endswith(".gguf")]
    told = getattr(info, "gguf", None) or {}
    # It tells of one file; where another is no language model, of that one perhaps.
    if wanted[0] in ggufs and "architecture" in told and all(map(gguf_files.is_model_file, ggufs)):
        gguf_architectures.check(str(told["architecture"]), repository)  # before gigabytes are fetched
    if spec.trust_remote_code:
        wanted += [name for name in sizes if name.endswith(".py")]
    snapshot = storage_of(repository) / "snapshots" / str(info.sha)
    for name in wanted:
        _remove_cut(storage_of(repository), snapshot / name, sizes[name])
    missing = sum(sizes[name] for name in wanted if not (snapshot / name).exists())
    progress(LoadProgress("download", 0, missing or None))
    folder = snapshot_download(
        repository,
        revision=revision,
        cache_dir=cache_folder(),
        endpoint=endpoint,
        allow_patterns=[_literal(name) for name in wanted],
        etag_timeout=patience,
        tqdm_class=_progress_class(progress, missing),
    )
    return Path(folder)


def _remove_cut(storage: Path, path: Path, size: int) -> None:
    """A file of another length than the hub's was damaged here; its library takes it for whole for ever."""
    with suppress(OSError):  # not there, or not ours to remove
        if size and path.stat().st_size != size:
            kept = path.resolve()
            path.unlink()
            if kept.is_relative_to(storage.resolve()):
                kept.unlink(missing_ok=True)


def _wanted(repository: str, names: Sequence[str], quant: str) -> list[str]:
    """The files to download of all that a repository has."""
    if quant or _is_gguf_repository(names):
        return [gguf_files.choose(repository, names, quant)]
    weights = [name for name in names if _WEIGHTS.fullmatch(name)]
    if not weights and any(name.endswith(checkpoint.PICKLES) for name in names):
        raise UnsafeWeights(
            f"{repository} has its weights only as pickle files, which can run code when they are read.",
            "Pick a repository with safetensors.",
        )
    side = [name for name in names if _SIDE_FILES.fullmatch(name) or name == checkpoint.INDEX]
    if not weights and "config.json" not in names and "adapter_config.json" not in names:
        raise ModelNotFound(
            f"{repository} holds no model.", "Name a repository with safetensors or GGUF files."
        )
    adapter = [name for name in names if name == "adapter_config.json"]
    return [*side, *weights, *adapter]


def _is_gguf_repository(names: Sequence[str]) -> bool:
    return any(gguf_files.is_model_file(name) for name in names) and not any(
        _WEIGHTS.fullmatch(name) for name in names
    )


def _literal(name: str) -> str:
    """A pattern that matches only this name; the hub's library filters with fnmatch."""
    return re.sub(r"([*?\[])", r"[\1]", name)


def _progress_class(progress: Progress, total: int) -> type[Any]:
    """A tqdm for huggingface_hub that reports instead of drawing."""
    from huggingface_hub.utils import tqdm

    lock = threading.Lock()

    class Reporter(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts = str(kwargs.get("desc", "")).startswith("Reconstructing")
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            with lock:
                self.n += n or 0
            if self._counts and total:
                progress(LoadProgress("download", min(int(self.n), total), total))

    return Reporter
