"""Work for a GPU that is recorded once and then played: its hundreds of launches are one.

What is recorded must not look at a number on the device, and lives with the tensors it was recorded with: the
same addresses, whatever is written there meanwhile.
"""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch

WARM_UP = 2
"""Times that work is done before it is recorded: libraries set themselves up at their first call."""

FAILED = (RuntimeError, TypeError, ValueError, AttributeError, LookupError)
"""What work raises that cannot be recorded; torch's own errors of memory and devices are the first."""


class NotRecordable(RuntimeError):
    """Something of this model cannot be part of a recording; said in a few words."""


class Recorder(Protocol):
    """Records work that has one tensor as its result."""

    def __call__(self, work: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, Callable[[], None]]:
        """The result, and what does the work again and puts its outcome into that same tensor."""
        ...


class CudaRecorder:
    """CUDA graphs of one device, which share what memory they need between their first and last launch."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: Any = None
        self._pool: Any = None

    def __call__(self, work: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, Callable[[], None]]:
        with torch.cuda.device(self._device):
            if self._stream is None:
                self._stream = torch.cuda.Stream()
            self._warm_up(work)
            graph = torch.cuda.CUDAGraph()
            given = {"pool": self._pool, "stream": self._stream}
            # What other threads ask of the device meanwhile is no part of it, and nothing is freed.
            with _kept_garbage(), torch.cuda.graph(graph, **given, capture_error_mode="thread_local"):
                result = work()
            self._pool = graph.pool()
        return result, graph.replay

    def _warm_up(self, work: Callable[[], torch.Tensor]) -> None:
        """Do it as it will be recorded, on a stream of its own; what waits for the device raises here."""
        here = torch.cuda.current_stream()
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UP):
                work()
            before = torch.cuda.get_sync_debug_mode()
            try:
                with warnings.catch_warnings():  # that this mode does not see everything
                    warnings.simplefilter("ignore")
                    torch.cuda.set_sync_debug_mode("error")
                work()
            finally:
                torch.cuda.set_sync_debug_mode(before)
        here.wait_stream(self._stream)


@contextlib.contextmanager
def _kept_garbage() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
