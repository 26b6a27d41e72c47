"""The weights of a loaded model belong to this process, and a change of their files is noticed.

safetensors maps its files: what is overwritten on the disk changes the loaded model without a word, and a
file cut short kills the process at the next touch. So what is still mapped after loading is copied, tensor
by tensor: the first pass would have read it from the disk anyway, and there is never more than one tensor
twice. `disable_mmap` reads every file as a whole instead, and needs all of them twice.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from docstra_tui.llm.log import logger

LARGE = 64 << 20
"""Bytes of a tensor from which several threads copy it: on a busy machine they wait for each other, and
the 272 tensors of the starter took 0.2 to 1.7 s of them, and 0.1 s of one."""

Fingerprint = tuple[int, int, int, int]
"""Device, inode, size in bytes, time of change in nanoseconds."""


def own(model: Any, took: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Copy every tensor that lies in a mapped file; how many bytes that were.

    `took` hears how many tensors are done, and of how many.
    """
    maps = mapped_ranges()
    mapped = [tensor for tensor in _tensors(model) if maps is None or _lies_in(maps, tensor)]
    copies: dict[tuple[Any, ...], torch.Tensor] = {}  # tied weights stay tied
    threads = torch.get_num_threads()
    try:
        for done, tensor in enumerate(mapped):
            took(done, len(mapped))
            key = (tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
            if key not in copies:
                torch.set_num_threads(threads if tensor.nbytes >= LARGE else 1)
                copies[key] = tensor.data.clone()
            tensor.data = copies[key]
    finally:
        torch.set_num_threads(threads)
    if mapped:
        took(len(mapped), len(mapped))
    return sum(copy.nbytes for copy in copies.values())


def mapped_ranges() -> list[tuple[int, int]] | None:
    """First and last address of each file that is mapped, in order; None where the system does not tell."""
    try:
        lines = Path("/proc/self/maps").read_text(errors="replace").splitlines()
    except OSError:
        return None
    rows = [line.split(maxsplit=5) for line in lines]
    ends = [row[0].split("-") for row in rows if len(row) == 6 and row[5].startswith("/")]
    return sorted((int(first, 16), int(last, 16)) for first, last in ends)


class OnDisk:
    """The files that weights were read from, as they were then."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._then = {file: fingerprint(file) for file in files}
        self.note = ""
        """That they are others now, a sentence; empty while they are the same."""
        self._looking = threading.Lock()

    @property
    def identity(self) -> str:
        """The same for the same files as they were then; empty where one could not be asked."""
        if not self._then or None in self._then.values():
            return ""
        states = {str(file): then for file, then in self._then.items()}
        return hashlib.sha256(json.dumps(states, sort_keys=True).encode()).hexdigest()

    def look(self) -> None:
        """Compare in a thread of its own: a network disk that hangs must hold up no answer."""
        if not self.note and self._looking.acquire(blocking=False):
            threading.Thread(target=self._look, name="weights", daemon=True).start()

    def _look(self) -> None:
        try:
            self.compare()
        finally:
            self._looking.release()

    def compare(self) -> None:
        """Look at the files now."""
        others = [file for file, then in self._then.items() if then and fingerprint(file) != then]
        if others:
            logger.warning("changed on the disk since they were loaded: %s", ", ".join(map(str, others)))
            self.note = (
                f"The model's file {others[0].name} changed on the disk after it was loaded. Answers come "
                "from what was loaded; after docstra-tui engine stop the next question loads it anew."
            )


def fingerprint(file: Path) -> Fingerprint | None:
    """What tells one state of a file from another; None where it is gone or cannot be asked."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _tensors(model: Any) -> Iterator[Any]:
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.device.type == "cpu" and tensor.numel():
            yield tensor


def _lies_in(maps: list[tuple[int, int]], tensor: Any) -> bool:
    at = tensor.data_ptr()
    index = bisect.bisect_right(maps, (at, 1 << 64)) - 1
    return index >= 0 and at < maps[index][1]
