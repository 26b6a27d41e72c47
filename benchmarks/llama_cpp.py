"""llama.cpp as a peer, from the `xllamacpp` wheel: its own server, in a process of its own.

`python -m benchmarks.llama_cpp MODEL PORT WINDOW` is that process; the wheel has no program to start.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.peer import free_port, wait_for_health


def is_there() -> bool:
    """True where the wheel is installed."""
    return importlib.util.find_spec("xllamacpp") is not None


@contextmanager
def llama_server(gguf: str, window: int) -> Iterator[str]:
    """A server that answers, as its base URL. Raises `RuntimeError`, `TimeoutError`."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.llama_cpp", gguf, str(port), str(window)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_health(server, port, "llama.cpp")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def serve(model: str, port: str, window: str) -> None:
    """Answer for ever, with llama.cpp's own sizes of a batch."""
    xllamacpp = importlib.import_module("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(port)
    parameters.n_ctx = int(window)
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = os.cpu_count() or 1
    parameters.use_jinja = True
    server = xllamacpp.Server(parameters)
    threading.Event().wait()
    del server


if __name__ == "__main__":
    serve(*sys.argv[1:4])
