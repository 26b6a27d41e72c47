"""A GGUF file becomes a transformers folder, once: reading a GGUF takes seconds, safetensors a moment.

The folder is written beside its place and renamed into it, so that nobody ever sees half of one.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from docstra_tui import paths
from docstra_tui.error_forms import to_wire
from docstra_tui.errors import DocstraError, ModelError
from docstra_tui.llm.files import gguf_files, location, sources
from docstra_tui.llm.files.converted import SOURCE, folder_of, lock_of, root
from docstra_tui.llm.files.gguf_files import GgufHeader
from docstra_tui.llm.files.load_errors import disk_full, translate, translated
from docstra_tui.llm.files.sources import LoadProgress, ModelFiles, ModelSpec, Progress
from docstra_tui.llm.loading import gguf_reading
from docstra_tui.llm.loading.gguf_reading import Described

LARGEST_BYTES = 4_000_000_000
"""A larger result is not kept without being asked for."""


def converted(path: Path) -> Path | None:
    """The converted form of this file, when there is one."""
    folder = folder_of(path)
    return folder if (folder / SOURCE).is_file() else None


def notes(folder: Path) -> tuple[str, ...]:
    """What of a converted model is not as its file had it."""
    return tuple(json.loads((folder / SOURCE).read_text()).get("notes", ()))


def is_worth_keeping(header: GgufHeader) -> bool:
    """Is the result small enough to be kept without asking: under 4 GB, and a tenth of the free disk?"""
    size = result_size(header)
    paths.make_folder(root())
    return size < LARGEST_BYTES and size < shutil.disk_usage(root()).free / 10


def result_size(header: GgufHeader) -> int:
    """Bytes of the converted weights."""
    return header.parameters * (4 if header.dtype == "float32" else 2)


def convert(spec: ModelSpec, progress: Progress = sources.ignore) -> Path:
    """Convert the GGUF that `spec` names, however large, and return the folder. Raises a `ModelError` or
    another `DocstraError`, nothing raw."""
    return translated(lambda: _convert(spec, progress), lambda error: translate(error, spec.name))


def _convert(spec: ModelSpec, progress: Progress) -> Path:
    files = location.resolve(spec, progress)
    if files.gguf is None:
        raise ModelError(f"{files.name} is not a GGUF; there is nothing to convert.")
    return keep(files, gguf_reading.describe(gguf_files.read_header(files.gguf)), progress)


def keep(files: ModelFiles, described: Described, progress: Progress) -> Path:
    """Convert and keep; the folder appears whole or not at all, and two processes convert it once.

    Raises whatever transformers raises, and `ModelError` when the disk is full.
    """
    header = described.header
    path = header.path
    target = folder_of(path)
    paths.make_folder(target.parent)
    with _alone(lock_of(target), progress):
        if (found := converted(path)) is not None:
            return found
        for left in target.parent.glob(f".{target.name}-*"):  # of a conversion that was killed
            shutil.rmtree(left, ignore_errors=True)
        if shutil.disk_usage(target.parent).free < result_size(header) * 1.1:
            raise disk_full(f"{files.name} was converted")
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            _write(files, described, work, progress)
            os.replace(work, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target


def _alone(path: Path, progress: Progress) -> contextlib.AbstractContextManager[Any]:
    """While nobody else converts this file; where somebody does, that is said and waited for."""
    lock = FileLock(path, mode=0o600)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        progress(LoadProgress("wait"))
        return lock.acquire()


def _write(files: ModelFiles, described: Described, work: Path, progress: Progress) -> None:
    header = described.header
    model = gguf_reading.read_model(described, header.dtype, functools.partial(_report, progress))
    # The weights are plain numbers now; transformers would refuse to save them as a GGUF's.
    model.hf_quantizer = None
    with contextlib.suppress(AttributeError):
        del model.config.quantization_config
    model.save_pretrained(work, max_shard_size="2GB")
    described.tokenizer.save_pretrained(work)
    # Last: a folder without it is not used.
    source = {
        "name": files.name,
        "path": str(header.path),
        "bytes": header.path.stat().st_size,
        "notes": described.notes,
    }
    (work / SOURCE).write_text(json.dumps(source))


def _report(progress: Progress, done: int, total: int) -> None:
    progress(LoadProgress("convert", done, total))


def main(name: str) -> int:
    """`python -m docstra_tui.llm.loading.conversion NAME`: for a command line that stays free of torch.

    One JSON object a line: `{"done", "total"}` while it goes on, then `{"path"}` or an error's wire form.
    """

    def say(line: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def show(progress: LoadProgress) -> None:
        say({"phase": progress.phase, "done": progress.done, "total": progress.total})

    try:
        say({"path": str(convert(ModelSpec(name), show))})
    except DocstraError as error:
        say({"error": to_wire(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
