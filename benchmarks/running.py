"""A real engine for a benchmark: its own runtime folder, the user's own cache of models."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from docstra_tui import settings
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.workspace.models.backend import Backend
from docstra_tui.workspace.models.opening import open_backend


def starter_folder() -> str:
    """The starter model as a folder of safetensors; fetched and converted when it is not there yet."""
    from docstra_tui.llm.files.sources import ModelSpec
    from docstra_tui.llm.loading.conversion import convert

    return str(convert(ModelSpec(name="starter")))


@contextmanager
def running_engine(model: str = "starter", *, prelude: str = "", **flags: Any) -> Iterator[Backend]:
    """An engine of its own, ready to answer, stopped at the end.

    `flags` are settings, `engine_decode` for `engine.decode`; `prelude` is code that its process runs first.
    Raises `SettingsError` for a setting that is not there.
    """
    wished = {name.replace("_", ".", 1): value for name, value in flags.items()}
    chosen = settings.load({"model.name": model, "engine.own": True, **wished})
    runtime = tempfile.mkdtemp(prefix="dt-bench-")
    before = os.environ.get("DOCSTRA_RUNTIME_DIR")
    os.environ["DOCSTRA_RUNTIME_DIR"] = f"{runtime}/run"
    with _begun_with(prelude):
        backend = open_backend(chosen)
    try:
        wait_until_ready(backend)
        yield backend
    finally:
        backend.close()
        if before is None:
            del os.environ["DOCSTRA_RUNTIME_DIR"]
        else:
            os.environ["DOCSTRA_RUNTIME_DIR"] = before
        shutil.rmtree(runtime, ignore_errors=True)


@contextmanager
def _begun_with(prelude: str) -> Iterator[None]:
    """Within this block a new engine's process runs this first."""
    usual: Any = subprocess.Popen
    code = f"{prelude}\nimport sys\nfrom docstra_tui.engine import __main__\ndel sys.argv[1]\n__main__.run()"

    def begin(command: list[str], **how: Any) -> Any:
        return usual([*command[:2], "-c", code, *command[3:]], **how)  # the name is how it is found

    with mock.patch.object(subprocess, "Popen", begin if prelude else usual):
        yield


@contextmanager
def starter_engine() -> Iterator[RemoteLLM]:
    """The client of an engine with the starter model."""
    with running_engine() as backend:
        yield backend.llm


def wait_until_ready(backend: Backend, seconds: float = 600.0) -> None:
    """Poll until the model is loaded. Raises what it failed with."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = backend.status()
        if status.state == "ready":
            return
        if status.error is not None:
            raise status.error
        time.sleep(0.02)
    raise TimeoutError("the engine did not become ready")
