"""llama.cpp's own server in this process, for ever: `python -m tests.servers.llama_server MODEL PORT WINDOW
[TEMPLATE]`. The wheel has no program to start."""

from __future__ import annotations

import sys
import threading
from pathlib import Path


def main(model: str, port: str, window: str, template: str = "") -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(port)
    parameters.n_ctx = int(window)
    parameters.n_parallel = 1
    parameters.n_batch = parameters.n_ubatch = 64  # one step of its progress
    parameters.cpuparams.n_threads = 1  # two wait for one another by spinning, whoever else has work
    parameters.warmup = False
    parameters.use_jinja = True
    if template:
        parameters.chat_template = Path(template).read_text()
    server = xllamacpp.Server(parameters)
    threading.Event().wait()
    del server


if __name__ == "__main__":
    main(*sys.argv[1:])
