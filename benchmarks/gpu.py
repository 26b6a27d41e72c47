"""What a GPU makes of this engine: writing, a second question, memory told beforehand, parked and back.

`python -m benchmarks.gpu [--json] [--tiny]`. Models of random weights in the shapes of an 8B and a 1B llama,
made on the spot: nothing is downloaded. It needs the machine's own torch, transformers and tokenizers, psutil
and this folder; it is over in less than eight minutes. Where torch sees no GPU it says so and stops; `--tiny`
goes through all of it on a CPU, with shapes that measure nothing.

A share of the bandwidth is the bytes that writing a token has to read, over what the device moves in that
time when it copies, in the same run: twice the bytes that are copied.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

SECONDS = 420.0
"""After these, what was not begun is left out."""
SHORT, LONG = 512, 3600
"""Tokens that are read before writing is timed."""
WRITTEN = 64
RUNS = 3
TINY = {"short": 24, "long": 60, "written": 3}

SHAPES: dict[str, dict[str, Any]] = {
    "8b": {
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": 128256,
        "tie_word_embeddings": False,
    },
    "1b": {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "vocab_size": 128256,
        "tie_word_embeddings": True,
    },
}
TINY_SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 600,
}
WINDOW = 8192


class Figures:
    """What was measured, by name, and what could not be."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._began = time.monotonic()
        self.values: dict[str, Any] = {}
        self.failed: dict[str, str] = {}

    def add(self, name: str, value: float | str | None, meaning: str) -> None:
        self.values[name] = round(value, 5) if isinstance(value, float) else value
        self._say(f"{self.values[name]!s:>12}  {name}{meaning and ': '}{meaning}")

    def part(self, name: str, work: Callable[[], object]) -> None:
        """One part of it: what goes wrong there ends that part alone."""
        try:
            if self.seconds > SECONDS:
                raise TimeoutError("there was no time left")
            work()
        except Exception as error:  # of a machine that nobody has seen: all else is still worth knowing
            self.failed[name] = f"{type(error).__name__}: {str(error)[:300]}"
            self._say(f"{'-':>12}  {name}: {self.failed[name]}")

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def stop(self, why: str) -> None:
        """Nothing can be measured, a sentence."""
        print(json.dumps({"note": why}) if self._as_json else why)

    def end(self) -> None:
        """The last line."""
        self.add("seconds", self.seconds, "s in all")
        if self._as_json:
            print(json.dumps({**self.values, "failed": self.failed}))

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr if self._as_json else sys.stdout, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Measure what there is."""
    asked = sys.argv[1:] if arguments is None else arguments
    is_tiny = "--tiny" in asked
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise SystemExit(f"This measures with the machine's own {package}, and there is none.")
    import torch

    figures = Figures(as_json="--json" in asked)
    if not (torch.cuda.is_available() or is_tiny):
        figures.stop("There is no GPU that torch can use here, so nothing was measured.")
        return
    from benchmarks.gpu_parts import Subject, bandwidth, measure

    device = torch.device("cpu" if is_tiny else "cuda:0")
    describe(figures, device)
    copied = 1.0

    def copying() -> None:
        nonlocal copied
        copied = bandwidth(device, (1 << 20) if is_tiny else (1 << 30))
        figures.add("copy_gb_s", copied / 1e9, "GB/s that a copy on the device moves")

    figures.part("bandwidth", copying)
    sizes = TINY if is_tiny else {"short": SHORT, "long": LONG, "written": WRITTEN}
    for name, shape in {"tiny": TINY_SHAPE}.items() if is_tiny else SHAPES.items():

        def whole(name: str = name, shape: dict[str, Any] = shape) -> None:
            with Subject(shape, WINDOW, device, 1 if is_tiny else RUNS) as subject:
                measure(subject, name, figures, copied, **sizes)

        figures.part(name, whole)
    figures.end()


def describe(figures: Figures, device: Any) -> None:
    """The machine and its versions."""
    import torch
    import transformers

    name = platform.processor() or platform.machine()
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        name = f"{properties.name}, {properties.total_memory / 1e9:.0f} GB"
    figures.add("device", name, "")
    figures.add("torch", f"{torch.__version__}, CUDA {torch.version.cuda}", "")
    figures.add("transformers", transformers.__version__, "")


if __name__ == "__main__":
    main()
