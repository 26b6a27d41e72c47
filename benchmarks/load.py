"""How long until the model answers: a start of the engine, against importing torch and a bare load."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.bare import Bare
from benchmarks.report import Report, median, median_ratio
from benchmarks.running import running_engine, starter_folder

ROUNDS = 3


def import_torch() -> float:
    """`import torch` in a fresh interpreter."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.monotonic() - start


def bare_load() -> float:
    """transformers' own load of the same folder, imports included."""
    bare = Bare(starter_folder())
    bare.close()
    return bare.load_s


def engine_start() -> float:
    """From asking for an engine to one that is ready."""
    start = time.monotonic()
    with running_engine():
        return time.monotonic() - start


def main() -> None:
    """Print the ratios."""
    report = Report(f"load of the starter model, median of {ROUNDS} interleaved rounds")
    starter_folder()
    engine_start()
    figures = [(engine_start(), bare_load(), import_torch()) for _ in range(ROUNDS)]
    report.add("engine_s", median([row[0] for row in figures]), "s, engine start to ready")
    report.add("bare_s", median([row[1] for row in figures]), "s, bare imports and from_pretrained")
    report.add("import_torch_s", median([row[2] for row in figures]), "s, import torch")
    report.add("engine_over_bare", median_ratio([(r[0], r[1]) for r in figures]), "engine over bare load")
    report.add(
        "engine_over_import", median_ratio([(r[0], r[2]) for r in figures]), "engine over import torch"
    )
    report.end()


if __name__ == "__main__":
    main()
