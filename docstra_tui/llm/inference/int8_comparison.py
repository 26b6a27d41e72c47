"""A model as it is loaded and with `--quant int8`: how fast each is here, and how many tokens differ.

Both read the same text, some of this program's own sources, and say after each token which one they would
write next. Then each reads and writes as the engine does, on a CPU in one thread and by that thread's own
time, which others' work does not change. One is in memory at a time.
"""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

import docstra_tui
from docstra_tui.errors import DocstraError
from docstra_tui.llm.files.sources import ModelSpec, Progress
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.loading import int8, loader
from docstra_tui.llm.machine import int8_figures
from docstra_tui.llm.machine.int8_figures import Int8Figures

SOURCES = ("text.py", "address.py", "session/running.py", "settings.py")
PASSAGE = 256
"""Tokens of each."""
WRITTEN = 24
"""Tokens that are timed."""
ROUNDS = 3
"""The shortest counts: others may have had the processors."""
CACHE = 1 << 30
QUANT = "int8"

Clock = Callable[[], float]


@dataclass(frozen=True)
class _Found:
    picks: torch.Tensor
    """The token that follows each, greedily."""
    read: float
    """Seconds a token."""
    write: float


def measure(spec: ModelSpec, progress: Progress) -> Int8Figures:
    """Compare, and keep what was found. Raises as `loader.load`."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        plain, path = _looked_at(replace(spec, quant=""), progress)
        gc.collect()
        smaller, _ = _looked_at(replace(spec, quant=QUANT), progress)
    finally:
        torch.set_num_threads(threads)
    equal = float((plain.picks == smaller.picks).float().mean())
    found = Int8Figures(
        plain.read / smaller.read, plain.write / smaller.write, equal, int(plain.picks.numel())
    )
    int8_figures.keep(path, found)
    return found


def _looked_at(spec: ModelSpec, progress: Progress) -> tuple[_Found, str]:
    loaded = loader.load(spec, progress)
    passages = _passages(loaded.tokenizer, loaded.window)
    generator = Generator(loaded.model, loaded.tokenizer, CACHE)
    with _as_written(loaded.model):
        picks = torch.cat([_picks(loaded.model, ids) for ids in passages])
    clock = time.thread_time if loaded.device == "cpu" else time.perf_counter
    return _Found(picks, *_times(generator, passages[0], clock)), loaded.path


def _passages(tokenizer: Any, window: int) -> list[list[int]]:
    folder, length = Path(docstra_tui.__file__).parent, min(PASSAGE, window - WRITTEN - 1)
    texts = [(folder / name).read_text(encoding="utf-8") for name in SOURCES]
    return [tokenizer.encode(text, add_special_tokens=False)[:length] for text in texts]


def _as_written(model: Any) -> contextlib.AbstractContextManager[None]:
    return int8.as_written(model) if int8.is_in(model) else contextlib.nullcontext()


def _picks(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids], device=model.device), use_cache=False).logits
    return logits[0].argmax(-1).cpu()


def _times(generator: Generator, ids: list[int], clock: Clock) -> tuple[float, float]:
    """Seconds for a token that is read, and for one that is written."""
    read = write = math.inf
    for _ in range(ROUNDS):
        generator.prefixes.clear()
        fresh, _ = _took(generator, clock, Request(ids, 1, 0.0))
        read = min(read, fresh / len(ids))
        one, _ = _took(generator, clock, Request(ids, 1, 0.0))
        several, written = _took(generator, clock, Request(ids, 1 + WRITTEN, 0.0))
        if written > 1:
            write = min(write, max(several - one, 1e-6) / (written - 1))
    return read, write if math.isfinite(write) else read


def _took(generator: Generator, clock: Clock, request: Request) -> tuple[float, int]:
    began = clock()
    ended = generator.answer(request, lambda event: None, lambda: False)
    if isinstance(ended, DocstraError):
        raise ended
    return clock() - began, ended.usage.completion_tokens or 0
