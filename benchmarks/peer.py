"""`transformers serve` on loopback, as a peer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def transformers_serve(seconds: float = 120.0) -> Iterator[str]:
    """A server that answers, as its base URL; ended at the end. Raises `RuntimeError`, `TimeoutError`."""
    port = free_port()
    program = str(Path(sys.executable).parent / "transformers")
    server = subprocess.Popen(
        [program, "serve", "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_health(server, port, "transformers serve", seconds)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_health(server: subprocess.Popen[bytes], port: int, name: str, seconds: float = 120.0) -> None:
    """Until it answers. Raises `RuntimeError` where it ends, `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not _answers(port):
        if server.poll() is not None:
            raise RuntimeError(f"{name} ended with {server.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} does not answer")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
            return True
    except OSError:
        return False
